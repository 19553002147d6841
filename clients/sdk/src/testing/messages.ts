import type { Content, MessageSent, Reaction } from '@chaguan/protocol'

export function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

export function filled(content: Content): Content {
  return 'media_id' in content ? { ...content, url: `/v1/media/${content.media_id}?exp=1&sig=x` } : content
}

export function hasReaction(message: MessageSent, emoji: string, userId: string): boolean {
  return (message.reactions ?? []).some(([held, users]) => held === emoji && users.indexOf(userId) >= 0)
}

export function reacted(reactions: Reaction[], emoji: string, userId: string, on: boolean): Reaction[] {
  const next = reactions.map(([held, users]): Reaction => [
    held,
    held === emoji ? users.filter((user) => user !== userId) : users,
  ])
  const mine = next.find(([held]) => held === emoji)
  if (on && mine) mine[1].push(userId)
  else if (on) next.push([emoji, [userId]])
  return next.filter(([, users]) => users.length > 0)
}
