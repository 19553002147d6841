/** The log of the conversation on screen, as the message list needs it: loaded, kept fresh, read to the end. */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError } from '@/api/http'
import type { ConversationView, Log } from '@/im'
import { useChat } from './chat'
import { problemOf } from './problems'

const EMPTY: Log = { messages: [], notices: [], hasOlder: false, hasNewer: false, loading: false }

export function useLog(conversationId: Ref<string>) {
  const chat = useChat()
  const im = chat.client()
  const log = shallowRef<Log>(EMPTY)
  const view = shallowRef<ConversationView | null>(null)
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const problem = ref('')
  const loadingOlder = ref(false)
  const olderFailed = ref(false)
  /** Where the reader stood when the conversation was opened; the unread line stays there. */
  const unreadAfter = ref(0)

  function refresh(): void {
    const id = conversationId.value
    log.value = im.log(id)
    view.value = im.find(id) ?? im.deskView(id) ?? view.value
  }

  async function load(aroundSeq = 0): Promise<void> {
    const id = conversationId.value
    if (!id) return
    if (log.value.messages.length === 0) state.value = 'loading'
    try {
      view.value = await im.open(id)
      markUnread()
      await (aroundSeq ? im.loadAround(id, aroundSeq) : im.loadLatest(id))
      if (id !== conversationId.value) return
      refresh()
      state.value = 'ready'
    } catch (error) {
      if (id !== conversationId.value) return
      state.value = log.value.messages.length > 0 ? 'ready' : 'failed'
      problem.value = problemOf(error)
    }
  }

  function markUnread(): void {
    const { conversation, inbox } = view.value!
    const unread = (conversation.head_ordinal ?? 0) - (inbox.read_ordinal ?? 0)
    unreadAfter.value = unread > 0 ? (inbox.read_seq ?? 0) || -1 : 0
  }

  async function loadOlder(): Promise<void> {
    if (loadingOlder.value || log.value.loading || !log.value.hasOlder) return
    loadingOlder.value = true
    olderFailed.value = false
    const held = log.value.messages.length
    try {
      await im.loadOlder(conversationId.value)
      // Nothing came although there is more: ask again only when the reader says so.
      olderFailed.value = log.value.messages.length === held && log.value.hasOlder
    } catch (error) {
      if (!(error instanceof ApiError)) problem.value = problemOf(error)
      olderFailed.value = true
    } finally {
      loadingOlder.value = false
    }
  }

  async function loadNewer(): Promise<void> {
    if (!log.value.hasNewer || log.value.loading) return
    await im.loadNewer(conversationId.value).catch((error: unknown) => (problem.value = problemOf(error)))
  }

  let unobserve = () => {}
  watch(
    conversationId,
    (id) => {
      unobserve()
      log.value = EMPTY
      view.value = null
      unreadAfter.value = 0
      unobserve = id ? im.observeLog(id, refresh) : () => {}
    },
    { immediate: true },
  )
  const offs = [im.on('conversations', refresh), im.on('desk', refresh)]
  onScopeDispose(() => [unobserve, ...offs].forEach((off) => off()))

  const lastSeq = computed(() => log.value.messages.findLast((message) => message.status === 'sent')?.seq ?? 0)
  return { log, view, state, problem, loadingOlder, olderFailed, unreadAfter, lastSeq, load, loadOlder, loadNewer }
}
