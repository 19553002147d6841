/** The desk's stores over a messenger that is made up: what is shown of which shop, places in line, kept filters. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { Agent, Case, ConversationView, Im, Queue } from '@/im'
import { useChat } from '@/stores/chat'
import { ALL_SHOPS, useDesk } from '@/stores/desk'
import { useDeskList } from '@/stores/deskList'
import { useSession } from '@/stores/session'
import { useSettings } from '@/stores/settings'

vi.mock('@/im-sdk', () => ({ createIm: () => undefined }))

const SHOPS = [
  { id: 's1', name: 'Hill', apps: [{ id: 'mini', name: 'Mini program', kind: 'wechat' }] },
  { id: 's2', name: 'Lake' },
]
let cases: Case[] = []
let agents: Agent[] = []
let tell: () => void = () => undefined

function waiting(id: string, queued_at: number, more: Partial<Case> = {}): Case {
  return {
    id,
    conversation_id: `c-${id}`,
    shop_id: 's1',
    customer_id: `u-${id}`,
    status: 'waiting',
    queue_id: 'q1',
    queued_at,
    ...more,
  }
}

function im(): Im {
  const views = new Map<string, ConversationView>()
  const view = (id: string) => {
    if (!views.has(id)) views.set(id, { conversation: { id, kind: 'service' }, inbox: { version: 0 } } as never)
    return views.get(id)
  }
  return {
    watchDesk: async () => undefined,
    on: (event: string, fn: () => void) => {
      if (event === 'desk') tell = fn
      return () => undefined
    },
    cases: (shop: string) => cases.filter(({ shop_id }) => shop_id === shop),
    queues: (shop: string): Queue[] => (shop === 's1' ? [{ id: 'q1', shop_id: 's1', name: 'Tea' }] : []),
    agents: () => agents,
    deskView: view,
    find: () => undefined,
    takeCase: async (id: string) => {
      cases = cases.map((one) => (one.id === id ? { ...one, status: 'open', agent_id: 'mei' } : one))
    },
  } as unknown as Im
}

async function open() {
  const session = useSession()
  session.begin({
    access_token: 't',
    expires_at: Date.now() + 3_600_000,
    refresh_token: 'r',
    device_id: 'd',
    user: { id: 'mei', kind: 'staff', name: 'Mei' },
    role: 'agent',
  } as never)
  useChat().im = im()
  const desk = useDesk()
  await desk.watchDesk()
  return { desk, list: useDeskList() }
}

const ids = (rows: readonly { case: Case }[]) => rows.map((row) => row.case.id)

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }))
  const body = JSON.stringify({ shops: SHOPS })
  vi.stubGlobal('fetch', async () => new Response(body, { headers: { 'Content-Type': 'application/json' } }))
  agents = [{ user_id: 'mei', state: 'online', capacity: 3 }]
  cases = [waiting('b', 20), waiting('a', 10), waiting('x', 5, { shop_id: 's2', queue_id: '' })]
})
afterEach(() => vi.unstubAllGlobals())

it('of several shops the chosen one is shown, or all of them as one', async () => {
  const { desk } = await open()
  expect(desk.state).toBe('ready')
  expect(ids(desk.waiting)).toEqual(['a', 'b'])
  desk.shopId = ALL_SHOPS
  expect(ids(desk.waiting)).toEqual(['x', 'a', 'b'])
  expect(desk.waitingIn('s2')).toBe(1)
  expect(desk.appName('mini')).toBe('Mini program')
  expect(desk.appName('unheard')).toBe('')
})

it('who waits has a place in their queue, bots and cases without a queue leave none', async () => {
  cases.push(waiting('bot', 1, { bot_id: 'faq' }), waiting('same', 20))
  const { desk } = await open()
  expect([...desk.places]).toEqual([
    ['a', 1],
    ['b', 2],
    ['same', 3],
  ])
})

it('a row that did not change stays the same object, so that it is not drawn anew', async () => {
  const { desk } = await open()
  const before = new Map(desk.rows.map((row) => [row.case.id, row]))
  cases = cases.map((one) => (one.id === 'b' ? { ...one, version: 2 } : one))
  tell()
  expect(desk.rows.find((row) => row.case.id === 'a')).toBe(before.get('a'))
  expect(desk.rows.find((row) => row.case.id === 'b')).not.toBe(before.get('b'))
})

it('what an agent takes is theirs at once, and counted there', async () => {
  const { desk, list } = await open()
  await desk.take(desk.caseOf('c-a')!, false)
  expect(list.counts).toEqual({ mine: 1, waiting: 1, all: 2 })
  list.tab = 'mine'
  expect(ids(list.rows)).toEqual(['a'])
  expect(desk.caseOf('c-a')?.agent_id).toBe('mei')
})

it('of several topics on a thread an agent means their own, then what waits', async () => {
  cases = [
    waiting('theirs', 1, { conversation_id: 'c', status: 'open', agent_id: 'lin' }),
    waiting('new', 2, { conversation_id: 'c' }),
  ]
  const { desk } = await open()
  expect(desk.caseOf('c')?.id).toBe('new')
  cases.push(waiting('mine', 3, { conversation_id: 'c', status: 'open', agent_id: 'mei' }))
  tell()
  expect(desk.caseOf('c')?.id).toBe('mine')
  expect(desk.casesIn('c')).toHaveLength(3)
})

it('filters are kept for the agent who kept them, and survive a reload', async () => {
  const { list } = await open()
  list.filter.queues = ['q1']
  list.tab = 'all'
  list.save('Tea only')
  list.clear()
  expect(list.filtered).toBe(false)
  await nextTick()

  setActivePinia(createPinia())
  const { list: again } = await open()
  expect(again.saved.map(({ name }) => name)).toEqual(['Tea only'])
  again.apply(again.saved[0]!)
  expect([again.tab, again.filter.queues]).toEqual(['all', ['q1']])
  // What is applied is a copy: changing it changes nothing that was kept.
  again.filter.queues.push('q2')
  expect(again.saved[0]?.filter.queues).toEqual(['q1'])
  expect(useSettings().deskFilters['lin']).toBeUndefined()
  again.forget('Tea only')
  expect(again.saved).toEqual([])
})

it('a filter by time lets a case in when it has waited so long', async () => {
  cases = [waiting('a', Date.now() - 59_000), waiting('b', Date.now() - 120_000)]
  const { list } = await open()
  list.filter.over = 60
  expect(ids(list.rows)).toEqual(['b'])
})
