/** The notes of the conversation on screen; and the notes of all in which a colleague named me. */
import type { Mention } from '@chaguan/protocol'
import { defineStore } from 'pinia'
import { ref, type Ref, shallowRef, watch } from 'vue'
import type { NotesState } from '@/im'
import { useAlerts } from './alerts'
import { useChat } from './chat'
import { problemOf } from './problems'

const NOTHING: NotesState = { notes: [], hasOlder: false, typing: [] }

/** Follows the notes of a conversation while `on`. `firstSeq`: where the messages begin that are held. */
export function useNotes(conversationId: Ref<string>, on: Ref<boolean>, firstSeq: Ref<number>) {
  const im = useChat().client()
  const state = shallowRef<NotesState>(NOTHING)
  let loadingOlder = false

  watch(
    [conversationId, on],
    ([id, isOn], _before, onCleanup) => {
      state.value = NOTHING
      if (id && isOn) onCleanup(im.notes.watch(id, (now) => (state.value = now)))
    },
    { immediate: true },
  )
  // Older notes come with older messages: a page without its notes would look as if there were none.
  watch([firstSeq, state], async ([first, { hasOlder, notes }]) => {
    if (loadingOlder || !hasOlder || !first || (notes[0]?.seq ?? 0) <= first) return
    loadingOlder = true
    try {
      await im.notes.older(conversationId.value)
    } catch (error) {
      console.warn(problemOf(error)) // the next page asks again
    } finally {
      loadingOlder = false
    }
  })
  return { state }
}

export const useMentions = defineStore('mentions', () => {
  const chat = useChat()
  const alerts = useAlerts()
  const list = shallowRef<readonly Mention[]>([])
  const unread = ref(0)
  const state = ref<'loading' | 'ready' | 'failed'>('loading')

  async function load(): Promise<void> {
    try {
      const page = await chat.client().notes.mentions()
      list.value = page.mentions
      unread.value = page.unread ?? 0
      state.value = 'ready'
    } catch {
      state.value = 'failed' // the menu says so, and asks again when it is opened
    }
  }

  async function read(conversationId = ''): Promise<void> {
    if (unread.value === 0) return
    const page = await chat.client().notes.readMentions(conversationId)
    list.value = page.mentions
    unread.value = page.unread ?? 0
  }

  /** Tells of mentions and whispers from now on, whatever is on screen; answers with how to stop. `isOpen`: whether one
   * looks at a conversation. */
  function follow(isOpen: (conversationId: string) => boolean): () => void {
    const begin = async (): Promise<void> => {
      await load()
      const seen = list.value.find(({ note, read_at }) => !read_at && isOpen(note.conversation_id))
      if (seen) await read(seen.note.conversation_id).catch(() => undefined) // then it stays unread, which harms nobody
    }
    const offs = [
      chat.client().on('connection', (now) => now === 'online' && void begin()),
      chat.client().notes.onMention((mention, count) => {
        list.value = [mention, ...list.value]
        unread.value = count
        if (isOpen(mention.note.conversation_id)) void read(mention.note.conversation_id)
        else alerts.colleague('mentioned', mention.note)
      }),
      chat.client().notes.onWhisper((note) => {
        if (!isOpen(note.conversation_id)) alerts.colleague('whispered', note)
      }),
    ]
    if (chat.connection === 'online') void begin()
    return () => {
      offs.forEach((off) => off())
      list.value = []
      unread.value = 0
      state.value = 'loading'
    }
  }

  return { list, unread, state, load, read, follow }
})
