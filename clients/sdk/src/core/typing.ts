import type { Engine } from './engine'

const SEND_EVERY_MS = 3_000
const SHOWN_MS = 6_000

/** Who is writing. Told at most once per 3 s, shown for 6 s. */
export class TypingNotes {
  private readonly toldAt = new Map<string, number>()
  private readonly shown = new Map<string, Map<string, () => void>>()

  constructor(private readonly engine: Engine) {}

  tell(conversationId: string): void {
    const now = this.engine.now()
    if (!this.engine.connection.isOnline || now - (this.toldAt.get(conversationId) ?? -SEND_EVERY_MS) < SEND_EVERY_MS)
      return
    this.toldAt.set(conversationId, now)
    const sent = this.engine.command<'set_typing'>({ type: 'set_typing', conversation_id: conversationId })
    // A note that is lost is not worth a word to anyone.
    sent.catch((error: unknown) => this.engine.config.logger?.debug(`typing: ${String(error)}`))
  }

  heard(conversationId: string, userId: string): void {
    if (userId === this.engine.store.me?.id) return
    const users = this.shown.get(conversationId) ?? new Map<string, () => void>()
    this.shown.set(conversationId, users)
    users.get(userId)?.()
    users.set(
      userId,
      this.engine.config.adapter.timer(() => this.stopped(conversationId, userId), SHOWN_MS),
    )
    this.emit(conversationId)
  }

  stopped(conversationId: string, userId: string): void {
    const users = this.shown.get(conversationId)
    const cancel = users?.get(userId)
    if (!users || !cancel) return
    cancel()
    users.delete(userId)
    this.emit(conversationId)
  }

  users(conversationId: string): string[] {
    return Array.from(this.shown.get(conversationId)?.keys() || [])
  }

  clear(): void {
    this.shown.forEach((users) => users.forEach((cancel) => cancel()))
    this.shown.clear()
    this.toldAt.clear()
  }

  private emit(conversationId: string): void {
    this.engine.events.emit('typing', { conversation_id: conversationId, user_ids: this.users(conversationId) })
  }
}
