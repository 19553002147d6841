// Somebody at the desk without a server: the seat that the components share, with a client that answers as a test says.
import { beforeAll, beforeEach } from 'vitest'
import type { Agent, Case, ConversationView, Queue, User } from '@chaguan/sdk'
import { module, simulate } from './stage'

export const ME: User = { id: 'mei', kind: 'staff', name: '小梅' }
export const LIN: User = { id: 'lin', kind: 'staff', name: '老林' }
export const WANG: User = { id: 'wang', kind: 'customer', name: '王女士' }
export const SHOP = 's_tea'
const MINUTE = 60_000

export interface Office {
  toasts: string[]
  stored: Map<string, unknown>
  /** What the next action sheet is answered with. */
  choice: number
  /** What was offered last. */
  offered: string[]
}

/** The host, for a file of tests. */
export function office(): Office {
  const made: Office = { toasts: [], stored: new Map(), choice: -1, offered: [] }
  beforeAll(() => {
    void simulate
    const wx = (globalThis as unknown as { wx: Record<string, unknown> }).wx
    Object.assign(wx, {
      getAppBaseInfo: () => ({ language: 'zh_CN' }),
      getStorageSync: (key: string) => made.stored.get(key) ?? '',
      setStorageSync: (key: string, value: unknown) => made.stored.set(key, value),
      removeStorageSync: (key: string) => made.stored.delete(key),
      removeStorage: ({ key }: { key: string }) => made.stored.delete(key),
      showToast: ({ title }: { title: string }) => made.toasts.push(title),
      showActionSheet: ({ itemList }: { itemList: string[] }) => {
        made.offered = itemList
        return made.choice < 0 ? Promise.reject(new Error('cancel')) : Promise.resolve({ tapIndex: made.choice })
      },
      nextTick: (fn: () => void) => void Promise.resolve().then(fn),
    })
  })
  beforeEach(() => {
    made.toasts.length = 0
    made.choice = -1
    module<{ kit: { setLanguage(language: string): void } }>('kit/kit.js').kit.setLanguage('zh-CN')
  })
  return made
}

interface Asked {
  verb: string
  with: unknown[]
}

export interface Sat {
  cases: Case[]
  agents: Agent[]
  queues: Queue[]
  views: Map<string, ConversationView>
  asked: Asked[]
  /** What a verb of the desk answers; throws where it is refused. */
  answer: (verb: string) => unknown
  tell(): void
}

export const waiting = (id: string, minutes: number, more: Partial<Case> = {}): Case => ({
  id,
  conversation_id: `c_${id}`,
  shop_id: SHOP,
  customer_id: WANG.id,
  status: 'waiting',
  queued_at: Date.now() - minutes * MINUTE,
  opened_at: Date.now() - minutes * MINUTE,
  version: 1,
  ...more,
})

export const open = (id: string, agent: string, more: Partial<Case> = {}): Case =>
  waiting(id, 0, { status: 'open', agent_id: agent, taken_at: Date.now(), ...more })

/** Seats `ME` at the desk of one shop. */
export function sit(more: Partial<Sat> = {}, role = 'agent'): Sat {
  const people = new Map([ME, LIN, WANG].map((user) => [user.id, user]))
  const sat: Sat = {
    cases: [],
    agents: [{ user_id: ME.id, state: 'online', chosen: 'online', load: 1, capacity: 5 }],
    queues: [],
    views: new Map(),
    asked: [],
    answer: () => undefined,
    tell: () => undefined,
    ...more,
  }
  const verb =
    (name: string) =>
    async (...args: unknown[]) => {
      sat.asked.push({ verb: name, with: args })
      return sat.answer(name)
    }
  const desk = {
    cases: (shop: string) => sat.cases.filter((one) => one.shop_id === shop),
    queues: () => sat.queues,
    agents: () => sat.agents,
    line: () => ({ queue_id: 'q', waiting: 2, expected_ms: 180_000 }),
    view: (id: string) => sat.views.get(id),
    watch: verb('watch'),
    setState: verb('setState'),
    transfer: verb('transfer'),
  }
  const client = {
    state: 'online',
    me: ME,
    on: () => () => undefined,
    users: { find: (id: string) => people.get(id), get: () => Promise.resolve([]) },
    messages: { list: () => ({ messages: [], notices: [], hasOlder: false, hasNewer: false, loading: false }) },
    conversations: { find: () => undefined, list: () => [] },
  }
  const { seat } = module<{ seat: Record<string, unknown> & { tell(): void } }>('desk/seat.js')
  const staff = { session: { user: ME, role }, forget: () => undefined }
  Object.assign(seat, {
    state: 'ready',
    problem: '',
    shops: [{ id: SHOP, name: '龙井茶铺' }],
    sitting: { client, face: client, desk, staff, notes: {}, lines: { put: () => undefined } },
  })
  sat.tell = () => seat.tell()
  return sat
}

export function refusal(code: string, data: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(code), { code, data })
}
