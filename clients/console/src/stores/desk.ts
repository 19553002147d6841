/** The desk: who waits, who is with me, who is with others. The cases come from the watch; order is by waiting. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { meApi, type ServedShop } from '@/api/me'
import type { Case, ConversationView } from '@/im'
import { unreadCount, useChat } from './chat'
import { problemOf } from './problems'
import { useSession } from './session'
import { useSettings } from './settings'

export type Queue = 'waiting' | 'mine' | 'all'

export interface DeskRow {
  case: Case
  view: ConversationView | undefined
}

export const useDesk = defineStore('desk', () => {
  const chat = useChat()
  const session = useSession()
  const settings = useSettings()
  const shops = shallowRef<ServedShop[]>([])
  const allCases = shallowRef<Case[]>([])
  /** The shop whose desk is shown; remembered on this device. */
  const shopId = computed({
    get: () => (shops.value.some(({ id }) => id === settings.shop) ? settings.shop : (shops.value[0]?.id ?? '')),
    set: (id) => (settings.shop = id),
  })
  const cases = computed(() => allCases.value.filter((one) => one.shop_id === shopId.value))
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const problem = ref('')
  const queue = ref<Queue>('waiting')

  const rows = computed<DeskRow[]>(() => {
    void chat.rows // the unread counts live there
    return cases.value.map((one) => ({ case: one, view: chat.im?.deskView(one.conversation_id) }))
  })
  const waiting = computed(() => rows.value.filter((row) => row.case.status === 'waiting').sort(byWaiting))
  const mine = computed(() => rows.value.filter((row) => isMine(row.case)).sort(byLast))
  const all = computed(() => rows.value.filter((row) => row.case.status === 'open').sort(byLast))
  const lists = computed<Record<Queue, DeskRow[]>>(() => ({
    waiting: waiting.value,
    mine: mine.value,
    all: all.value,
  }))
  const unreadMine = computed(() => mine.value.filter((row) => row.view && unreadCount(row.view) > 0).length)

  function isMine(one: Case): boolean {
    return one.status === 'open' && one.agent_id === session.user?.id
  }

  /** Mine, and I belong to the conversation: just after taking a case there is a moment in between. */
  function isServing(one: Case): boolean {
    const inbox = chat.im?.deskView(one.conversation_id)?.inbox
    void chat.rows // the inbox row comes there
    return isMine(one) && inbox !== undefined && inbox.version > 0 && !inbox.until_seq
  }

  function refresh(): void {
    allCases.value = shops.value.flatMap(({ id }) => chat.client().cases(id))
  }

  function waitingIn(id: string): number {
    return allCases.value.filter((one) => one.shop_id === id && one.status === 'waiting').length
  }

  async function watchDesk(): Promise<void> {
    if (state.value === 'ready' || state.value === 'loading') return
    state.value = 'loading'
    const im = chat.client()
    // Whoever signed out meanwhile has no desk, and whoever came after them watches their own.
    const isGone = () => chat.im !== im
    try {
      const served = await meApi(session.call).shops()
      await Promise.all(served.map(({ id }) => im.watchDesk(id)))
      if (isGone()) return
      shops.value = served
      im.on('desk', refresh)
      refresh()
      state.value = 'ready'
    } catch (error) {
      if (isGone()) return
      state.value = 'failed'
      problem.value = problemOf(error)
    }
  }

  function reset(): void {
    allCases.value = []
    shops.value = []
    state.value = 'idle'
  }

  function caseOf(conversationId: string): Case | undefined {
    return allCases.value.find((one) => one.conversation_id === conversationId)
  }

  async function take(one: Case, force: boolean): Promise<void> {
    await chat.client().takeCase(one.id, force)
    refresh()
  }

  async function resolve(one: Case): Promise<void> {
    await chat.client().resolveCase(one.id)
    refresh()
  }

  return {
    state,
    problem,
    shops,
    shopId,
    waitingIn,
    queue,
    lists,
    waiting,
    mine,
    all,
    unreadMine,
    isMine,
    isServing,
    watchDesk,
    reset,
    caseOf,
    take,
    resolve,
  }
})

function byWaiting(a: DeskRow, b: DeskRow): number {
  return (a.case.opened_at ?? 0) - (b.case.opened_at ?? 0)
}

function byLast(a: DeskRow, b: DeskRow): number {
  return lastAt(b) - lastAt(a)
}

function lastAt(row: DeskRow): number {
  return row.view?.conversation.last_at ?? row.case.taken_at ?? 0
}
