import type { Message } from '@chaguan/sdk'
import { heard } from './heard'
import { kit } from './kit'
import type { Track } from './player'

export function trackOf(message: Message, me: string): Track | null {
  const { content, client_msg_id: key, created_at: at } = message
  if (content?.type !== 'voice') return null
  const src = kit.link(content.url)
  const fresh = message.sender_id !== me && heard.isFresh(key, at)
  return src ? { key, src, at, duration_ms: content.duration_ms ?? 0, fresh } : null
}

/** The first unheard voice note of someone else after the one with that key. */
export function unheardAfter(messages: readonly Message[], key: string, me: string): Track | null {
  const at = messages.findIndex((message) => message.client_msg_id === key)
  if (at < 0) return null
  for (const message of messages.slice(at + 1)) {
    const track = trackOf(message, me)
    if (track?.fresh) return track
  }
  return null
}
