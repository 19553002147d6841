import { kit } from './kit'
import type { Writing } from './mentions'

const EMPTY: Writing = { text: '', mentions: [] }
const kept = new Map<string, Writing>()

/** By user too: who signs in next on this phone must not find what another was writing. */
const keyOf = (conversationId: string) => `${kit.client?.me?.id ?? ''} ${conversationId}`

/** What was being written in a conversation, for as long as the app runs. */
export function draftOf(conversationId: string): Writing {
  return kept.get(keyOf(conversationId)) ?? EMPTY
}

export function keepDraft(conversationId: string, draft: Writing): void {
  if (draft.text.trim()) kept.set(keyOf(conversationId), draft)
  else kept.delete(keyOf(conversationId))
}

kit.onForget(() => kept.clear())
