import type { Engine } from './engine'

const SEND_EVERY_MS = 3_000
const SHOWN_MS = 6_000

export type TypingNotes = ReturnType<typeof createTyping>

/** Who is writing. Told at most once per 3 s, shown for 6 s. */
export function createTyping(engine: Pick<Engine, 'config' | 'store' | 'events' | 'connection' | 'now' | 'command'>) {
  const toldAt = new Map<string, number>()
  const shown = new Map<string, Map<string, () => void>>()

  const tell = (conversationId: string): void => {
    const now = engine.now()
    if (!engine.connection.isOnline || now - (toldAt.get(conversationId) ?? -SEND_EVERY_MS) < SEND_EVERY_MS) return
    toldAt.set(conversationId, now)
    const sent = engine.command<'set_typing'>({ type: 'set_typing', conversation_id: conversationId })
    // A note that is lost is not worth a word to anyone.
    sent.catch((error: unknown) => engine.config.logger?.debug(`typing: ${String(error)}`))
  }

  const heard = (conversationId: string, userId: string): void => {
    if (userId === engine.store.me?.id) return
    const users = shown.get(conversationId) ?? new Map<string, () => void>()
    shown.set(conversationId, users)
    users.get(userId)?.()
    users.set(
      userId,
      engine.config.adapter.timer(() => stopped(conversationId, userId), SHOWN_MS),
    )
    emit(conversationId)
  }

  const stopped = (conversationId: string, userId: string): void => {
    const users = shown.get(conversationId)
    const cancel = users?.get(userId)
    if (!users || !cancel) return
    cancel()
    users.delete(userId)
    emit(conversationId)
  }

  const users = (conversationId: string): string[] => {
    return Array.from(shown.get(conversationId)?.keys() || [])
  }

  const clear = (): void => {
    shown.forEach((users) => users.forEach((cancel) => cancel()))
    shown.clear()
    toldAt.clear()
  }

  const emit = (conversationId: string): void => {
    engine.events.emit('typing', { conversation_id: conversationId, user_ids: users(conversationId) })
  }

  return { tell, heard, stopped, users, clear }
}
