import type { Presence } from '@chaguan/protocol'
import type { Client } from '../core/client'

/** Who is online. Nothing is told unless it is watched. */
export interface PresenceModule {
  /** Watches these users (at most 100) instead of those before; the list is kept over reconnects. */
  watch(userIds: string[]): Promise<Presence[]>
  /** What was last heard of a watched user. */
  find(userId: string): Presence | undefined
  /** Calls `fn` whenever a watched user came or went. Answers with how to stop it. */
  observe(fn: (presence: Presence) => void): () => void
}

/** Make one per client. */
export function createPresence(client: Client): PresenceModule {
  let watched: string[] = []
  const held = new Map<string, Presence>()
  const observers = new Set<(presence: Presence) => void>()

  const heard = ({ user_id, online, seen_at = 0 }: Presence) => {
    const presence = { user_id, online, seen_at }
    held.set(user_id, presence)
    observers.forEach((fn) => fn(presence))
  }

  const ask = async () => {
    const answer = await client.command<'watch_presence'>({ type: 'watch_presence', user_ids: watched })
    answer.presences.forEach(heard)
  }

  client.on('connection', ({ state }) => {
    if (state === 'online' && watched.length) ask().catch(client.report)
  })
  client.on('push', (push) => push.type === 'presence_changed' && heard(push))

  return {
    watch: async (userIds) => {
      watched = userIds.slice()
      await ask()
      return userIds.map((id) => held.get(id)).filter((presence) => presence !== undefined)
    },
    find: (userId) => held.get(userId),
    observe: (fn) => {
      observers.add(fn)
      return () => void observers.delete(fn)
    },
  }
}
