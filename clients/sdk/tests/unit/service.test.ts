// The customer's side above the messages: what crosses on its way, what is kept, what is asked again.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Case, Push, Service, Waiting } from '@chaguan/protocol'
import type { Client } from '../../src/core/client'
import { ChaguanError } from '../../src/core/errors'
import { serviceOf, type Standing } from '../../src/modules/service'

type Listener = (payload: never) => void

const waiting = (at: number, position: number, case_id = 'k'): Waiting => ({
  conversation_id: 'c',
  case_id,
  position,
  expected_ms: position * 60_000,
  at,
})
const waits: Case = { id: 'k', conversation_id: 'c', shop_id: 's', customer_id: 'me', status: 'waiting' }
const service = (at: number, position: number, more: Partial<Service> = {}): Service => ({
  conversation_id: 'c',
  waiting: waiting(at, position),
  case: waits,
  ...more,
})

/** A client that answers when a test says so. */
function made() {
  const listeners = new Map<string, Listener[]>()
  const asked: { type: string; answer: (value: unknown) => void; fail: (error: Error) => void }[] = []
  const row = { case: waits as Case | undefined }
  const reported: unknown[] = []
  const client = {
    state: 'online',
    on: (name: string, fn: Listener) => void listeners.set(name, [...(listeners.get(name) ?? []), fn]),
    command: (request: { type: string }) =>
      new Promise((answer, fail) => asked.push({ ...request, answer, fail } as never)),
    conversations: { find: () => row },
    hold: () => undefined,
    report: (error: unknown) => reported.push(error),
  }
  const emit = (name: string, payload: unknown) => listeners.get(name)?.forEach((fn) => fn(payload as never))
  const push = (told: object) => emit('push', told as Push)
  const become = (state: string) => emit('connection', { state: (client.state = state) })
  return { client: client as unknown as Client, asked, emit, push, become, row, reported }
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

function watched() {
  const stage = made()
  const seen: Standing[] = []
  const off = serviceOf(stage.client).observe('c', (standing) => seen.push(standing))
  const place = () => seen[seen.length - 1]?.service?.waiting.position
  return { ...stage, seen, off, place }
}

describe('the place in the line', () => {
  test('moves with each push, and an answer that a push has overtaken does not set it back', async () => {
    const { asked, push, place } = watched()
    asked[0]!.answer(service(10, 5))
    await soon()
    push({ type: 'waiting_moved', waiting: waiting(20, 4) })
    expect(place()).toBe(4)
    push({ type: 'waiting_moved', waiting: waiting(15, 5) })
    expect(place()).toBe(4)
    push({ type: 'case_changed', conversation_id: 'c' })
    push({ type: 'waiting_moved', waiting: waiting(40, 2) })
    asked[1]!.answer(service(30, 3))
    await soon()
    expect(place()).toBe(2)
  })

  test('is that of the latest moment heard of, however answers and pushes cross', async () => {
    const moment = fc.record({ pushed: fc.boolean(), at: fc.integer({ min: 1, max: 1000 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 12 }), async (moments) => {
        const { asked, push, place } = watched()
        asked[0]!.answer(service(0, 1000))
        await soon()
        for (const { pushed, at } of moments) {
          if (pushed) push({ type: 'waiting_moved', waiting: waiting(at, 1000 - at) })
          else {
            push({ type: 'case_changed', conversation_id: 'c' })
            asked[asked.length - 1]!.answer(service(at, 1000 - at))
            await soon()
          }
        }
        expect(place()).toBe(1000 - Math.max(...moments.map(({ at }) => at)))
      }),
      { numRuns: 50 },
    )
  })

  test('of another case counts nothing', async () => {
    const { asked, push, place } = watched()
    asked[0]!.answer(service(10, 5))
    await soon()
    push({ type: 'waiting_moved', waiting: waiting(20, 1, 'other') })
    expect(place()).toBe(5)
  })

  test('keeps the opening of a closed desk, which pushes do not tell', async () => {
    const { asked, push, seen } = watched()
    asked[0]!.answer(service(10, 5, { waiting: { ...waiting(10, 5), opens_at: 99 } }))
    await soon()
    push({ type: 'waiting_moved', waiting: waiting(20, 4) })
    expect(seen[seen.length - 1]?.service?.waiting.opens_at).toBe(99)
  })
})

describe('asking', () => {
  test('many changes at once are asked about twice, not once each', async () => {
    const { asked, push } = watched()
    for (let n = 0; n < 20; n++) push({ type: 'case_changed', conversation_id: 'c' })
    expect(asked).toHaveLength(1)
    asked[0]!.answer(service(1, 1))
    await soon()
    expect(asked).toHaveLength(2)
    asked[1]!.answer(service(2, 1))
    await soon()
    expect(asked).toHaveLength(2)
  })

  test('what changed while the connection was gone is heard of by the row, once', async () => {
    const { asked, emit, row } = watched()
    asked[0]!.answer(service(1, 1))
    await soon()
    emit('conversation', { conversation_ids: ['c'] })
    expect(asked).toHaveLength(1)
    row.case = { ...waits, status: 'open', agent_id: 'mei' }
    emit('conversation', { conversation_ids: ['c'] })
    emit('conversation', { conversation_ids: ['d'] })
    expect(asked).toHaveLength(2)
    asked[1]!.answer(service(2, 0, { case: row.case }))
    await soon()
    emit('conversation', { conversation_ids: ['c'] })
    expect(asked).toHaveLength(2)
  })

  test('a question that fails is reported, and what is shown stays', async () => {
    const { asked, push, place, reported } = watched()
    asked[0]!.answer(service(1, 3))
    await soon()
    push({ type: 'case_changed', conversation_id: 'c' })
    asked[1]!.fail(new ChaguanError('timeout'))
    await soon()
    expect([place(), reported.length]).toEqual([3, 1])
  })

  test('nothing is asked for whom nobody looks at', async () => {
    const { asked, push, become, off } = watched()
    asked[0]!.answer(service(1, 3))
    await soon()
    off()
    push({ type: 'case_changed', conversation_id: 'c' })
    become('online')
    expect(asked).toHaveLength(1)
  })

  test('who looks again sees at once what was known, and asks', async () => {
    const { client, asked, off } = watched()
    asked[0]!.answer(service(1, 3))
    await soon()
    off()
    const seen: (number | undefined)[] = []
    serviceOf(client).observe('c', (standing) => seen.push(standing.service?.waiting.position))
    expect([seen, asked.length]).toEqual([[3], 2])
  })

  test('one client has one of it', () => {
    const { client } = made()
    expect(serviceOf(client)).toBe(serviceOf(client))
  })
})

test('a message that is left names its key, and what follows is asked about', async () => {
  const { client, asked } = watched()
  asked[0]!.answer(service(1, 2))
  await soon()
  const left = serviceOf(client).leaveMessage('c', { text: 'call me', contact: '138', consent: true }, 'key')
  expect(asked[1]).toMatchObject({
    type: 'leave_message',
    conversation_id: 'c',
    client_msg_id: 'key',
    text: 'call me',
    contact: '138',
    consent: true,
  })
  asked[1]!.answer({ case_id: 'k' })
  expect(await left).toEqual({ case_id: 'k' })
  expect(asked[2]).toMatchObject({ type: 'get_service' })
})

describe('a rating', () => {
  const ended: Partial<Service> = {
    case: { ...waits, status: 'resolved' },
    invitation: { case_id: 'k', until: 9, asks: true },
  }

  test('given without a connection is kept, shown as such, and sent when there is one', async () => {
    const { client, asked, become, seen } = watched()
    asked[0]!.answer(service(1, 0, ended))
    await soon()
    become('waiting')
    expect(await serviceOf(client).rate('k', { stars: 4 })).toBe(null)
    expect(seen[seen.length - 1]?.kept).toEqual({ stars: 4 })
    become('online')
    const rating = asked.find(({ type }) => type === 'rate_case')!
    rating.answer({ case_id: 'k', stars: 4 })
    await soon()
    const last = seen[seen.length - 1]
    expect([last?.kept, last?.service?.rating?.stars, last?.service?.invitation?.asks]).toEqual([null, 4, false])
  })

  test('that the server is too busy for is sent again; one that it refuses is not', async () => {
    const { client, asked, become, seen } = watched()
    asked[0]!.answer(service(1, 0, ended))
    await soon()
    const first = serviceOf(client).rate('k', { stars: 5 })
    asked[1]!.fail(new ChaguanError('unavailable'))
    expect(await first).toBe(null)
    become('online')
    await soon()
    const again = asked.filter(({ type }) => type === 'rate_case')
    expect(again).toHaveLength(2)
    again[1]!.fail(new ChaguanError('conflict', '', { reason: 'too_late' }))
    await soon()
    expect(seen[seen.length - 1]?.kept).toBe(null)
    become('online')
    expect(asked.filter(({ type }) => type === 'rate_case')).toHaveLength(2)
  })

  test('of one user is not sent as the next one’s', async () => {
    const { client, asked, become, emit, seen } = watched()
    asked[0]!.answer(service(1, 0, ended))
    await soon()
    become('waiting')
    await serviceOf(client).rate('k', { stars: 1 })
    emit('signed-out', { reason: 'signed_out' })
    expect(seen[seen.length - 1]).toEqual({ service: null, kept: null })
    become('online')
    expect(asked.filter(({ type }) => type === 'rate_case')).toEqual([])
  })

  test('that was changed before it left goes out as it was said last', async () => {
    const { client, asked, become } = watched()
    asked[0]!.answer(service(1, 0, ended))
    await soon()
    become('waiting')
    await serviceOf(client).rate('k', { stars: 1 })
    await serviceOf(client).rate('k', { stars: 5 })
    become('online')
    expect(asked.filter(({ type }) => type === 'rate_case')).toMatchObject([{ stars: 5 }])
  })
})
