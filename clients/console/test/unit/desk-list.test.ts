/** The desk's list: what it shows, in which order, how long somebody is without an answer, and that it keeps still. */
import { expect, it } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import {
  compare,
  type DeskRow,
  held,
  isFiltered,
  isIn,
  matches,
  noFilter,
  NO_QUEUE,
  tagsOf,
} from '@/components/desk/listing'
import { useStill } from '@/components/desk/still'
import { digits, thresholdsOf, warmthOf } from '@/components/desk/timer'
import { LastWords, since, wordsUnanswered } from '@/components/desk/unanswered'
import type { Case, ConversationView, MessageSent } from '@/im'

const NOW = 1_000_000_000

function one(id: string, more: Partial<Case> = {}): Case {
  return {
    id,
    conversation_id: `c-${id}`,
    shop_id: 's',
    customer_id: 'wang',
    status: 'open',
    agent_id: 'mei',
    ...more,
  }
}

function row(id: string, since = 0, more: Partial<Case> = {}, last_at = 0): DeskRow {
  const view = { conversation: { id: `c-${id}`, kind: 'service', last_at } } as ConversationView
  return { case: one(id, more), view, since }
}

const ids = (rows: readonly DeskRow[]) => rows.map(({ case: { id } }) => id)

it('mine, what waits and all are told apart, and nothing resolved is in any', () => {
  const cases = [one('mine'), one('theirs', { agent_id: 'lin' }), one('new', { status: 'waiting', agent_id: '' })]
  const of = (tab: 'mine' | 'waiting' | 'all') => cases.filter((each) => isIn(tab, each, 'mei')).map(({ id }) => id)
  expect(of('mine')).toEqual(['mine'])
  expect(of('waiting')).toEqual(['new'])
  expect(of('all')).toEqual(['mine', 'theirs', 'new'])
  expect(isIn('all', one('done', { status: 'resolved' }), 'mei')).toBe(false)
})

it('who has waited longest comes first, then the answered ones, the latest of them first', () => {
  const rows = [row('old', 0, {}, 5), row('late', 20), row('new', 0, {}, 9), row('later', 10)]
  expect(ids(rows.toSorted(compare('wait')))).toEqual(['later', 'late', 'new', 'old'])
  expect(ids([row('a', 0, {}, 5), row('b', 3, {}, 7)].toSorted(compare('recent')))).toEqual(['b', 'a'])
})

it('a filter lets through what fits each of its lists', () => {
  const tea = row('a', NOW - 200_000, { queue_id: 'q1', context: { app_id: 'mini' }, status: 'waiting' })
  const none = row('b', 0, { context: { app_id: 'web' } })
  const fits = (change: object) => ids([tea, none].filter((each) => matches(each, { ...noFilter(), ...change }, NOW)))
  expect(fits({})).toEqual(['a', 'b'])
  expect(fits({ queues: ['q1'] })).toEqual(['a'])
  expect(fits({ queues: [NO_QUEUE] })).toEqual(['b'])
  expect(fits({ apps: ['web', 'mini'], places: ['open'] })).toEqual(['b'])
  expect(fits({ over: 180 })).toEqual(['a'])
  expect(fits({ over: 300 })).toEqual([])
  expect(fits({ tags: ['refund'] })).toEqual([])
  expect(isFiltered(noFilter())).toBe(false)
  expect(isFiltered({ ...noFilter(), over: 60 })).toBe(true)
})

it('a case is found by any of its tags', () => {
  const tagged = one('a', { tags: ['refund'] })
  expect(tagsOf(tagged)).toEqual(['refund'])
  expect(tagsOf(one('b'))).toEqual([])
  expect(matches({ case: tagged, view: undefined, since: 0 }, { ...noFilter(), tags: ['refund'] }, NOW)).toBe(true)
})

it('under a pointer rows stay where they are: new ones wait outside, gone ones keep their place', () => {
  const before = [row('a', 1), row('b', 2), row('c', 3)]
  const open = [row('a', 1), row('b', 2, { agent_id: 'lin' }), row('z', 9)]
  const { rows, news } = held(before, [row('z', 9), row('a', 1)], open)
  expect(ids(rows)).toEqual(['a', 'b', 'c'])
  expect(rows.map(({ gone }) => gone ?? false)).toEqual([false, true, true])
  expect(rows[1]?.case.agent_id).toBe('lin')
  expect(news).toBe(1)
})

it('a list that is left, or asked for something else, shows what is new at once', async () => {
  const wanted = ref([row('a', 1)])
  const asked = ref('mine')
  const scope = effectScope()
  const still = scope.run(() =>
    useStill({ wanted: () => wanted.value, open: () => wanted.value, asked: () => asked.value }),
  )!
  const point = (type: 'pointerenter' | 'pointerleave') =>
    still.listeners[type]({ pointerType: 'mouse' } as PointerEvent)
  point('pointerenter')
  await nextTick()
  wanted.value = [row('b', 0), row('a', 1)]
  await nextTick()
  expect([ids(still.rows.value), still.news.value]).toEqual([['a'], 1])
  point('pointerleave')
  await nextTick()
  expect([ids(still.rows.value), still.news.value]).toEqual([['b', 'a'], 0])

  point('pointerenter')
  await nextTick()
  wanted.value = [row('c', 1)]
  asked.value = 'waiting'
  await nextTick()
  expect([ids(still.rows.value), still.news.value]).toEqual([['c'], 0])

  wanted.value = [row('d', 1), row('c', 1)]
  await nextTick()
  expect(still.news.value).toBe(1)
  still.show()
  expect([ids(still.rows.value), still.news.value]).toEqual([['d', 'c'], 0])
  scope.stop()
})

it('the timer is as wide in every second, and warm by what the queue promised', () => {
  expect([0, 7_400, 760_000, 3_599_000, 11_100_000].map(digits)).toEqual(['0:00', '0:07', '12:40', '59:59', '3:05:00'])
  expect(digits(-5)).toBe('0:00')
  const usual = thresholdsOf(0)
  expect([119_999, 120_000, 300_000].map((ms) => warmthOf(ms, usual))).toEqual(['calm', 'warn', 'late'])
  expect(thresholdsOf(60, 0).warnMs).toBe(60_000)
  const promised = thresholdsOf(60)
  expect([47_999, 48_000, 60_000].map((ms) => warmthOf(ms, promised))).toEqual(['calm', 'warn', 'late'])
})

function said(sender_id: string, seq: number, created_at: number, type = 'text'): MessageSent {
  return { type: 'message_sent', conversation_id: 'c-a', seq, created_at, sender_id, content: { type } } as MessageSent
}

function last(message: MessageSent): ConversationView {
  return { conversation: { id: 'c-a', kind: 'service' }, last: message } as ConversationView
}

it('the last words are what somebody said, not that a colleague took the case', () => {
  const lastWords = new LastWords(() => [])
  const asked = said('wang', 1, 100)
  expect(lastWords.of(one('a'), last(asked))).toBe(asked)
  expect(lastWords.of(one('a'), last(said('mei', 2, 200, 'system')))).toBe(asked)
  const log = [asked, said('mei', 2, 200, 'system')]
  expect(new LastWords(() => log).of(one('a'), last(log[1]!))).toBe(asked)
  expect(lastWords.of(one('b'), undefined)).toBeUndefined()
})

it('who waits does so since they came, and nobody waits while a bot answers', () => {
  expect(since(one('a', { status: 'waiting', queued_at: 5, opened_at: 3 }), undefined)).toBe(5)
  expect(since(one('a', { status: 'waiting', opened_at: 3 }), { case_id: 'a', seq: 4, at: 9 })).toBe(3)
  expect(since(one('a', { status: 'waiting', opened_at: 3, bot_id: 'b' }), undefined)).toBe(0)
})

it('whose case an agent has is without an answer since the server says so', () => {
  expect(since(one('a'), { case_id: 'a', seq: 4, at: 9 })).toBe(9)
  expect(since(one('a'), { case_id: 'a', seq: 6 })).toBe(0)
  expect(since(one('a'), undefined)).toBe(0)
})

it('how many messages wait for an answer is counted from the first of them to the last', () => {
  const view = { conversation: { id: 'c-a', kind: 'service', head_ordinal: 7 } } as ConversationView
  expect(wordsUnanswered({ case_id: 'a', seq: 9, at: 1, ordinal: 5 }, view)).toBe(3)
  // The first of them came before the view of it did.
  expect(wordsUnanswered({ case_id: 'a', seq: 9, at: 1, ordinal: 8 }, view)).toBe(1)
  expect(wordsUnanswered({ case_id: 'a', seq: 9, at: 1 }, view)).toBe(0)
  expect(wordsUnanswered({ case_id: 'a', seq: 9 }, view)).toBe(0)
  expect(wordsUnanswered(undefined, view)).toBe(0)
})
