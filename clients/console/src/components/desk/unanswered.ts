/**
 * Since when a customer's words are without an answer. The server tells the last message of a conversation; the first of
 * those without an answer is remembered from when it came, or looked up in the log where that is held.
 */
import type { Case, ConversationView, MessageSent } from '@/im'

interface Noted {
  seq: number
  since: number
}

export class Unanswered {
  private readonly noted = new Map<string, Noted>()
  private readonly said = new Map<string, MessageSent>()

  /** `held`: what is known of the conversation's log, in order; it may be empty. */
  constructor(private readonly held: (conversationId: string) => readonly MessageSent[]) {}

  since(one: Case, view: ConversationView | undefined): number {
    if (one.status === 'waiting') return one.bot_id ? 0 : one.queued_at || one.opened_at || 0
    const last = view?.last
    if (!last) return 0
    const before = this.noted.get(one.conversation_id)
    if (before?.seq === last.seq) return before.since
    const since = this.read(one, last, before)
    this.noted.set(one.conversation_id, { seq: last.seq, since })
    return since
  }

  /** The last words of anybody: that a colleague took the case says nothing about what it is about. */
  words(one: Case, view: ConversationView | undefined): MessageSent | undefined {
    const last = view?.last ?? undefined
    if (last?.content?.type !== 'system') {
      if (last) this.said.set(one.conversation_id, last)
      return last
    }
    const spoken = (message: MessageSent) => message.content?.type !== 'system'
    return [...this.held(one.conversation_id)].reverse().find(spoken) ?? this.said.get(one.conversation_id) ?? last
  }

  /** Of conversations that have no case any more nothing is kept. */
  keep(conversationIds: ReadonlySet<string>): void {
    for (const map of [this.noted, this.said]) {
      for (const id of map.keys()) if (!conversationIds.has(id)) map.delete(id)
    }
  }

  private read(one: Case, last: MessageSent, before: Noted | undefined): number {
    const isNotice = last.content?.type === 'system'
    // That somebody took the case is no answer.
    if (isNotice && before) return before.since
    if (!isNotice && last.sender_id !== one.customer_id) return 0
    if (!isNotice && before?.since) return before.since
    return this.first(one) ?? last.created_at
  }

  /** The first of the customer's words at the end of the log; 0: the end is an answer. Undefined: it is not held. */
  private first(one: Case): number | undefined {
    let found: number | undefined
    for (const message of [...this.held(one.conversation_id)].reverse()) {
      if (message.content?.type === 'system') continue
      if (message.sender_id !== one.customer_id) return found ?? 0
      found = message.created_at
    }
    return found
  }
}
