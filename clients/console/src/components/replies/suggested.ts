/** Answers of the shop's list for an agent: to what is being typed, else to what the customer said last. */
import { onBeforeUnmount, ref, shallowRef, watch } from 'vue'
import type { Im, SuggestedAnswer } from '@/im'

/** The server looks at no more of a text. */
const MOST = 300

/** What fits, for the field that does not know the conversation. */
export interface AnswerSource {
  found: readonly SuggestedAnswer[]
  /** What stands in the field now. */
  typed(text: string): void
}

interface Place {
  im: Im
  conversationId: string
  /** What the customer said last, if nobody has answered it. */
  asked: () => string
  /** Whether one may answer here. */
  on: () => boolean
}

export function useSuggested({ im, conversationId, asked, on }: Place) {
  const found = shallowRef<readonly SuggestedAnswer[]>([])
  const writing = ref('')
  let suggester: ReturnType<Im['suggest']> | null = null

  watch(
    [writing, asked, on],
    ([text, said, isOn]) => {
      if (isOn) suggester ??= im.suggest(conversationId, (answers) => (found.value = answers))
      suggester?.typed(!isOn ? '' : text.trim().length > 1 ? text : said.slice(0, MOST))
    },
    { immediate: true },
  )
  onBeforeUnmount(() => suggester?.stop())

  return { found, typed: (text: string) => void (writing.value = text) }
}
