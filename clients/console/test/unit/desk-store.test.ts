/** The desk's stores over a messenger that is made up: what is shown of which shop, places in line, kept filters. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { Case } from '@/im'
import { ALL_SHOPS } from '@/stores/desk'
import { useSettings } from '@/stores/settings'
import { begin, open, server, waiting } from './desk-stage'

vi.mock('@/im-sdk', () => ({ createIm: () => undefined }))

const ids = (rows: readonly { case: Case }[]) => rows.map((row) => row.case.id)

beforeEach(begin)
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
  server.cases.push(waiting('bot', 1, { bot_id: 'faq' }), waiting('same', 20))
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
  server.cases = server.cases.map((one) => (one.id === 'b' ? { ...one, version: 2 } : one))
  server.tell()
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
  server.cases = [
    waiting('theirs', 1, { conversation_id: 'c', status: 'open', agent_id: 'lin' }),
    waiting('new', 2, { conversation_id: 'c' }),
  ]
  const { desk } = await open()
  expect(desk.caseOf('c')?.id).toBe('new')
  server.cases.push(waiting('mine', 3, { conversation_id: 'c', status: 'open', agent_id: 'mei' }))
  server.tell()
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
  server.cases = [waiting('a', Date.now() - 59_000), waiting('b', Date.now() - 120_000)]
  const { list } = await open()
  list.filter.over = 60
  expect(ids(list.rows)).toEqual(['b'])
})

it('who is without an answer longest comes first, as the server tells it, also after a reload', async () => {
  const mine = { status: 'open', agent_id: 'mei' } as const
  server.cases = [waiting('late', 1, mine), waiting('early', 2, mine), waiting('done', 3, mine)]
  server.unanswered = {
    late: { case_id: 'late', seq: 9, at: 5_000, ordinal: 4 },
    early: { case_id: 'early', seq: 7, at: 2_000, ordinal: 2 },
    done: { case_id: 'done', seq: 8 },
  }
  const { desk, list } = await open()
  list.tab = 'mine'
  expect(list.rows.map((row) => [row.case.id, row.since])).toEqual([
    ['early', 2_000],
    ['late', 5_000],
    ['done', 0],
  ])
  server.unanswered['early'] = { case_id: 'early', seq: 10 }
  server.tell()
  expect(desk.mine[0]?.case.id).toBe('late')
})
