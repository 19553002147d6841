/** The desk: who waits, who is with me, who is with others. The cases come from the watch; order is by waiting. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Case, ConversationView } from '@/im'
import { unreadCount, useChat } from './chat'
import { problemOf } from './problems'
import { useSession } from './session'

export type Queue = 'waiting' | 'mine' | 'all'

export interface DeskRow {
  case: Case
  view: ConversationView | undefined
}

export const useDesk = defineStore('desk', () => {
  const chat = useChat()
  const session = useSession()
  const cases = shallowRef<Case[]>([])
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

  function refresh(): void {
    cases.value = chat.client().cases()
  }

  async function watchDesk(): Promise<void> {
    if (state.value === 'ready' || state.value === 'loading') return
    state.value = 'loading'
    try {
      await chat.client().watchDesk()
      chat.client().on('desk', refresh)
      refresh()
      state.value = 'ready'
    } catch (error) {
      state.value = 'failed'
      problem.value = problemOf(error)
    }
  }

  function reset(): void {
    cases.value = []
    state.value = 'idle'
  }

  function caseOf(conversationId: string): Case | undefined {
    return cases.value.find((one) => one.conversation_id === conversationId)
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
    queue,
    lists,
    waiting,
    mine,
    all,
    unreadMine,
    isMine,
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
