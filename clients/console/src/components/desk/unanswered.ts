/** What a row of the list tells of a customer's words: since when they are without an answer, how many, and the last. */
import type { Case, ConversationView, MessageSent, Unanswered } from '@/im'

/** Since when; who waits does so as the queue counts it. 0: nothing waits for an answer. */
export function since(one: Case, told: Unanswered | undefined): number {
  if (one.status === 'waiting') return one.bot_id ? 0 : one.queued_at || one.opened_at || 0
  return told?.at ?? 0
}

/** How many messages they are about; 0: none, or nobody knows. */
export function wordsUnanswered(told: Unanswered | undefined, view: ConversationView | undefined): number {
  if (!told?.at || !told.ordinal || !view) return 0
  return Math.max(1, (view.conversation.head_ordinal ?? 0) - told.ordinal + 1)
}

/** The last words of anybody: that a colleague took the case says nothing about what it is about. */
export class LastWords {
  private readonly said = new Map<string, MessageSent>()

  /** `held`: what is known of the conversation's log, in order; it may be empty. */
  constructor(private readonly held: (conversationId: string) => readonly MessageSent[]) {}

  of(one: Case, view: ConversationView | undefined): MessageSent | undefined {
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
    for (const id of this.said.keys()) if (!conversationIds.has(id)) this.said.delete(id)
  }
}
