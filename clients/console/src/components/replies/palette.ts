/** `/` in a field: what is offered, and a reply made ready and put in. */
import type { Card } from '@chaguan/protocol'
import { ElMessage } from 'element-plus'
import { computed, nextTick, ref, type Ref, shallowReactive } from 'vue'
import type { CannedReply } from '@/api/replies'
import { i18n } from '@/i18n'
import type { Ready } from '@/stores/replies'
import { slashQuery } from './find'
import type ReplyPalette from './ReplyPalette.vue'
import { firstUnfilled, variableKey, variablesIn } from './variables'

/** What a conversation's replies are, for the field that does not know it. */
export interface ReplySource {
  state: 'idle' | 'loading' | 'ready' | 'failed'
  find(query: string): CannedReply[]
  /** Called when somebody begins to look for one. */
  refresh(): void
  textOf(reply: CannedReply): string
  ready(reply: CannedReply): Promise<Ready>
}

interface Field {
  text: Ref<string>
  area: Ref<HTMLTextAreaElement | null>
  add: (files: File[]) => void
  source: () => ReplySource | null
}

export function usePalette({ text, area, add, source }: Field) {
  const query = ref<string | null>(null)
  const cards = shallowReactive<Card[]>([])
  const filling = ref(false)
  const palette = ref<InstanceType<typeof ReplyPalette> | null>(null)
  let picks = 0

  const found = computed(() => (query.value === null ? [] : (source()?.find(query.value) ?? [])))
  const missing = computed(() => variablesIn(text.value).map((name) => i18n.global.t(variableKey(name))))

  function typed(element: HTMLTextAreaElement): void {
    const before = query.value
    query.value = source() ? slashQuery(element.value, element.selectionStart) : null
    if (before === null && query.value !== null) source()?.refresh()
  }

  /** By a button, for who does not know the key. */
  function begin(): void {
    text.value = '/'
    query.value = ''
    source()?.refresh()
    void nextTick(() => {
      area.value?.focus()
      area.value?.setSelectionRange(1, 1)
    })
  }

  function close(): void {
    query.value = null
  }

  async function pick(reply: CannedReply): Promise<void> {
    const from = source()
    if (!from) return
    const turn = (picks += 1)
    close()
    text.value = ''
    filling.value = true
    try {
      const { text: words, cards: more, pictures, lost } = await from.ready(reply)
      if (turn !== picks) return
      text.value = words
      cards.push(...more)
      add(pictures)
      if (lost) ElMessage.warning(i18n.global.t('replies.pictureFailed'))
      await nextTick()
      select(words)
    } finally {
      if (turn === picks) filling.value = false
    }
  }

  /** What is still to be filled in is selected: the next key replaces it. */
  function select(words: string = text.value): void {
    const hole = firstUnfilled(words)
    area.value?.focus()
    area.value?.setSelectionRange(hole?.from ?? words.length, hole?.to ?? words.length)
  }

  return { query, cards, filling, palette, found, missing, typed, begin, close, pick, select }
}
