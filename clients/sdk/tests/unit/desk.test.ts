/** The desk of staff: what the server tells of agents, queues and lines is held beside the cases. */
import type { Agent, Case, Command, Desk, Push } from '@chaguan/protocol'
import { expect, test } from 'vitest'
import type { Client } from '../../src/core/client'
import { createDesk } from '../../src/modules/desk'

const waiting = (id: string, version: number): Case => ({
  id,
  conversation_id: `c_${id}`,
  shop_id: 's_tea',
  customer_id: 'wang',
  status: 'waiting',
  version,
})
const agent = (user_id: string, load: number): Agent => ({ user_id, state: 'online', capacity: 3, load })

/** A client whose server answers what it is told to. */
function far(answers: Partial<Record<Command['type'], unknown>>) {
  const heard: Command[] = []
  let push: (push: Push) => void = () => undefined
  const client = {
    state: 'online',
    hold: () => undefined,
    newKey: () => 'key',
    conversations: { find: () => undefined },
    on: (event: string, fn: (payload: never) => void) => {
      if (event === 'push') push = fn as (push: Push) => void
      return () => undefined
    },
    command: (command: Command) => {
      heard.push(command)
      return Promise.resolve(answers[command.type])
    },
    report: (error: unknown) => {
      throw error
    },
  }
  return { heard, push: (one: Push) => push(one), client: client as unknown as Client }
}

const desk: Desk = {
  shop_id: 's_tea',
  version: 3,
  cases: [waiting('k1', 3)],
  agents: [agent('mei', 0)],
  queues: [{ id: 'q1', shop_id: 's_tea', name: 'Tea' }],
  lines: [{ queue_id: 'q1', waiting: 1 }],
}

test('agents, queues and lines come with the desk and are kept up to date by what is pushed', async () => {
  const world = far({ watch_desk: desk })
  const module = createDesk(world.client)
  await module.watch()
  expect(module.queues('s_tea').map(({ name }) => name)).toEqual(['Tea'])
  expect(module.line('q1')?.waiting).toBe(1)
  const told: string[] = []
  module.observe(({ shop_id }) => told.push(shop_id))
  world.push({ type: 'agents_changed', agents: [agent('mei', 2), agent('lin', 0)] })
  world.push({ type: 'lines_moved', shop_id: 's_tea', lines: [{ queue_id: 'q1', waiting: 4 }] })
  expect(module.agents().map(({ user_id, load }) => [user_id, load])).toEqual([
    ['mei', 2],
    ['lin', 0],
  ])
  expect(module.line('q1')?.waiting).toBe(4)
  expect(told).toEqual(['s_tea', 's_tea'])
})

test('a change of cases takes neither the queues nor the agents away', async () => {
  const world = far({ watch_desk: desk })
  const module = createDesk(world.client)
  await module.watch()
  const kept = module.cases('s_tea')[0]
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 3, version: 4, cases: [waiting('k2', 4)] })
  expect(module.cases('s_tea').map(({ id }) => id)).toEqual(['k1', 'k2'])
  expect(module.cases('s_tea')[0]).toBe(kept)
  expect(module.queues('s_tea')).toHaveLength(1)
  expect(module.agents()).toHaveLength(1)
})

test('what an agent does with a case goes out as said and shows at once', async () => {
  const world = far({
    watch_desk: desk,
    transfer_case: { case: { ...waiting('k1', 5), queue_id: 'q1' } },
    resolve_case: { case: { ...waiting('k1', 6), status: 'resolved' } },
    reopen_case: { case: { ...waiting('k1', 7), status: 'open', agent_id: 'mei' } },
  })
  const module = createDesk(world.client)
  await module.watch()
  await module.transfer('k1', { queueId: 'q1' }, 'gift box')
  expect(module.cases()[0]?.queue_id).toBe('q1')
  await module.resolve('k1', { outcome: 'abandoned', note: 'gone' })
  expect(module.cases()).toEqual([])
  await module.reopen('k1')
  expect(module.cases()[0]?.agent_id).toBe('mei')
  expect(world.heard.slice(1)).toEqual([
    { type: 'transfer_case', case_id: 'k1', queue_id: 'q1', note: 'gift box' },
    { type: 'resolve_case', case_id: 'k1', outcome: 'abandoned', note: 'gone' },
    { type: 'reopen_case', case_id: 'k1', force: false },
  ])
})

test('since when a customer is without an answer the server tells, and of two tellings the later one is true', async () => {
  const world = far({ watch_desk: { ...desk, unanswered: [{ case_id: 'k1', seq: 4, at: 1_000, ordinal: 2 }] } })
  const module = createDesk(world.client)
  await module.watch()
  expect(module.unanswered('k1')?.at).toBe(1_000)
  expect(module.unanswered('k2')).toBeUndefined()
  const told: string[] = []
  module.observe(({ shop_id }) => told.push(shop_id))
  const tell = (seq: number, at?: number) =>
    world.push({ type: 'unanswered_changed', shop_id: 's_tea', unanswered: [{ case_id: 'k1', seq, at }] } as Push)
  tell(6)
  expect(module.unanswered('k1')?.at).toBeUndefined()
  tell(5, 3_000)
  expect(module.unanswered('k1')?.seq).toBe(6)
  expect(told).toEqual(['s_tea', 's_tea'])
})

test('of a case that has ended nothing is remembered', async () => {
  const world = far({ watch_desk: { ...desk, unanswered: [{ case_id: 'k1', seq: 4, at: 1_000 }] } })
  const module = createDesk(world.client)
  await module.watch()
  const ended: Case = { ...waiting('k1', 4), status: 'resolved' }
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 3, version: 4, cases: [ended] })
  expect(module.unanswered('k1')).toBeUndefined()
})

test('a queue that an administrator changes is there at once, and a change that was missed is asked for', async () => {
  const world = far({ watch_desk: desk })
  const module = createDesk(world.client)
  await module.watch()
  const before = module.queues('s_tea')
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 3, version: 4, cases: [waiting('k2', 4)] })
  expect(module.queues('s_tea')).toBe(before)
  const queues = [{ id: 'q2', shop_id: 's_tea', name: 'Gifts' }, ...(desk.queues ?? [])]
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 4, version: 5, queues })
  expect(module.queues('s_tea').map(({ name }) => name)).toEqual(['Gifts', 'Tea'])
  expect(module.cases('s_tea')).toHaveLength(2)
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 5, version: 6, queues: [] })
  expect(module.queues('s_tea')).toEqual([])
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 7, version: 8, cases: [] })
  expect(world.heard).toHaveLength(2)
})

test('a change that was told of before the answer that lacks it is asked for once more', async () => {
  const answers = { watch_desk: desk }
  const world = far(answers)
  const module = createDesk(world.client)
  const watching = module.watch()
  const late: Desk = { ...desk, version: 4, cases: [waiting('k1', 3), waiting('k2', 4)] }
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 3, version: 4, cases: [waiting('k2', 4)] })
  answers.watch_desk = late
  await watching
  await expect.poll(() => module.cases('s_tea').map(({ id }) => id)).toEqual(['k1', 'k2'])
  expect(world.heard).toHaveLength(2)
})

test('what changes while the desk is asked for anew is not lost with the older answer', async () => {
  const answers = { watch_desk: desk }
  const world = far(answers)
  const module = createDesk(world.client)
  await module.watch()
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 7, version: 8, cases: [] })
  answers.watch_desk = { ...desk, version: 9, cases: [waiting('k9', 9)] }
  world.push({ type: 'desk_changed', shop_id: 's_tea', previous: 8, version: 9, cases: [waiting('k9', 9)] })
  await expect.poll(() => module.cases('s_tea').map(({ id }) => id)).toEqual(['k9'])
})
