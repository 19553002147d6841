import type { Case, ConversationView, Message, MessageSent } from '@chaguan/sdk'

interface Noted {
  seq: number
  since: number
}

const isNotice = (message: MessageSent) => message.content?.type === 'system'

/**
 * Since when a customer's words are without an answer. The server tells the last message of a conversation; the first of
 * those without an answer is remembered from when it came, or read from the log where that is held.
 */
export class Unanswered {
  private readonly noted = new Map<string, Noted>()
  private readonly said = new Map<string, MessageSent>()

  /** `logOf`: what is held of a conversation's log, in order; it may be empty. */
  constructor(private readonly logOf: (conversationId: string) => readonly Message[]) {}

  /** 0: nothing waits for an answer. */
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
    const id = one.conversation_id
    const last = view?.last ?? undefined
    if (last && !isNotice(last)) {
      this.said.set(id, last)
      return last
    }
    const spoken = this.logOf(id).filter((message) => message.seq > 0 && !isNotice(message))
    return spoken[spoken.length - 1] ?? this.said.get(id) ?? last
  }

  private read(one: Case, last: MessageSent, before: Noted | undefined): number {
    // That somebody took the case is no answer.
    if (isNotice(last) && before) return before.since
    if (!isNotice(last) && last.sender_id !== one.customer_id) return 0
    if (!isNotice(last) && before?.since) return before.since
    return this.first(one) ?? last.created_at
  }

  /** The first of the customer's words at the end of the log; 0: the end is an answer. Undefined: it is not held. */
  private first(one: Case): number | undefined {
    const log = this.logOf(one.conversation_id)
    let found: number | undefined
    for (let i = log.length - 1; i >= 0; i--) {
      const message = log[i] as Message
      if (isNotice(message)) continue
      if (message.sender_id !== one.customer_id) return found ?? 0
      found = message.created_at
    }
    return found
  }
}
