/** The desk: who waits, who is with me, who is with others; the queues, and the agents with what they can take. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { meApi, type ServedShop } from '@/api/me'
import { compare, type DeskRow, isIn } from '@/components/desk/listing'
import { LastWords, since, wordsUnanswered } from '@/components/desk/unanswered'
import type { Agent, AgentState, Case, Outcome, Queue } from '@/im'
import { unreadCount, useChat } from './chat'
import { problemOf } from './problems'
import { useSession } from './session'
import { useSettings } from './settings'

export type { DeskRow }

/** The desks of all shops, as one. */
export const ALL_SHOPS = '*'

export const useDesk = defineStore('desk', () => {
  const chat = useChat()
  const session = useSession()
  const settings = useSettings()
  const shops = shallowRef<ServedShop[]>([])
  const allCases = shallowRef<Case[]>([])
  const queues = shallowRef<Queue[]>([])
  const agents = shallowRef<Agent[]>([])
  /** The shop whose desk is shown; remembered on this device. */
  const shopId = computed({
    get: () => (isKnown(settings.shop) ? settings.shop : (shops.value[0]?.id ?? '')),
    set: (id) => (settings.shop = id),
  })
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  const problem = ref('')
  const lastWords = new LastWords((id) => (chat.im?.find(id) ? (chat.im.log(id).messages ?? []) : []))

  const cases = computed(() => allCases.value.filter((one) => isShown(one.shop_id)))
  const rows = shared(() => {
    void chat.rows // the last words and the unread counts live there
    return cases.value.map(rowOf)
  })
  const longest = computed(() => [...rows.value].sort(compare('wait')))
  const waiting = computed(() => longest.value.filter((row) => isIn('waiting', row.case, me())))
  const mine = computed(() => longest.value.filter((row) => isIn('mine', row.case, me())))
  /** Where the cases that wait stand in their queues: 1 is next. As the server orders them: by `queued_at`, then id. */
  const places = computed(() => {
    const ahead = new Map<string, number>()
    const found = new Map<string, number>()
    const inLine = allCases.value.filter((one) => one.status === 'waiting' && one.queue_id && !one.bot_id)
    for (const one of inLine.sort(byPlace)) {
      const n = (ahead.get(one.queue_id!) ?? 0) + 1
      ahead.set(one.queue_id!, n)
      found.set(one.id, n)
    }
    return found
  })
  /** Of any agent. */
  const all = computed(() => longest.value.filter((row) => row.case.status === 'open'))
  const unreadMine = computed(() => mine.value.filter((row) => row.view && unreadCount(row.view) > 0).length)
  const myself = computed(() => agents.value.find(({ user_id }) => user_id === me()))

  function me(): string {
    return session.user?.id ?? ''
  }

  function isKnown(id: string): boolean {
    return shops.value.some((shop) => shop.id === id) || (id === ALL_SHOPS && shops.value.length > 1)
  }

  function isShown(id: string): boolean {
    return shopId.value === ALL_SHOPS || id === shopId.value
  }

  function rowOf(one: Case): DeskRow {
    const view = chat.im?.deskView(one.conversation_id)
    const told = chat.im?.unanswered(one.id)
    const count = wordsUnanswered(told, view)
    return { case: one, view, since: since(one, told), count, words: lastWords.of(one, view) }
  }

  function isMine(one: Case): boolean {
    return one.status === 'open' && one.agent_id === me()
  }

  /** Mine, and I belong to the conversation: just after taking a case there is a moment in between. */
  function isServing(one: Case): boolean {
    const inbox = chat.im?.deskView(one.conversation_id)?.inbox
    void chat.rows // the inbox row comes there
    return isMine(one) && inbox !== undefined && inbox.version > 0 && !inbox.until_seq
  }

  function refresh(): void {
    const im = chat.client()
    allCases.value = shops.value.flatMap(({ id }) => im.cases(id))
    const known = shops.value.flatMap(({ id }) => im.queues(id))
    // The same array while they are the same: whoever follows the queues is not told of every case.
    if (known.length !== queues.value.length || known.some((one, n) => one !== queues.value[n])) queues.value = known
    // What is as usual the server leaves out.
    agents.value = im.agents().map((agent) => ({ state: 'offline', chosen: 'offline', ...agent }))
    lastWords.keep(new Set(allCases.value.map((one) => one.conversation_id)))
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
    queues.value = []
    agents.value = []
    shops.value = []
    state.value = 'idle'
  }

  /** What is open in a conversation, the oldest first. */
  function casesIn(conversationId: string): Case[] {
    return allCases.value.filter((one) => one.conversation_id === conversationId)
  }

  /** The case that an agent means by a conversation: one of theirs, else one that waits, else any. */
  function caseOf(conversationId: string): Case | undefined {
    const found = casesIn(conversationId)
    return found.find(isMine) ?? found.find((one) => one.status === 'waiting') ?? found[0]
  }

  function queueOf(id: string | undefined): Queue | undefined {
    return id ? queues.value.find((queue) => queue.id === id) : undefined
  }

  function appName(id: string): string {
    return shops.value.flatMap((shop) => shop.apps ?? []).find((app) => app.id === id)?.name ?? ''
  }

  /** Does something with a case and shows what became of it at once. */
  async function did<T>(work: Promise<T>): Promise<T> {
    const done = await work
    refresh()
    return done
  }

  return {
    state,
    problem,
    shops,
    shopId,
    queues,
    agents,
    myself,
    waitingIn,
    rows,
    places,
    waiting,
    mine,
    all,
    unreadMine,
    isMine,
    isServing,
    watchDesk,
    reset,
    casesIn,
    caseOf,
    queueOf,
    appName,
    take: (one: Case, force: boolean) => did(chat.client().takeCase(one.id, force)),
    resolve: (one: Case, outcome: Outcome = 'resolved', note = '') =>
      did(chat.client().resolveCase(one.id, outcome, note)),
    reopen: (one: Case, force: boolean) => did(chat.client().reopenCase(one.id, force)),
    transfer: (one: Case, to: { agentId: string } | { queueId: string }, note: string) =>
      did(chat.client().transferCase(one.id, to, note)),
    openCase: (conversationId: string, subject: string) => did(chat.client().openCase(conversationId, subject)),
    tag: (one: Case, change: { add?: string[]; remove?: string[] }) => did(chat.client().tagCase(one.id, change)),
    setState: (next: AgentState) => did(chat.client().setAgentState(next)),
  }
})

function byPlace(a: Case, b: Case): number {
  return (a.queued_at ?? 0) - (b.queued_at ?? 0) || (a.id < b.id ? -1 : 1)
}

/** Rows that are as they were stay the same objects, so that only what changed is drawn again. */
function shared(read: () => DeskRow[]) {
  let before = new Map<string, DeskRow>()
  return computed(() => {
    const rows = read().map((row) => {
      const known = before.get(row.case.id)
      return known && isSame(known, row) ? known : row
    })
    before = new Map(rows.map((row) => [row.case.id, row]))
    return rows
  })
}

function isSame(a: DeskRow, b: DeskRow): boolean {
  return (
    a.case === b.case &&
    a.since === b.since &&
    a.count === b.count &&
    a.words === b.words &&
    a.view?.last === b.view?.last &&
    a.view?.inbox === b.view?.inbox &&
    a.view?.conversation === b.view?.conversation
  )
}
