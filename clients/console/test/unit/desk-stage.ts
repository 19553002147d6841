/** The desk over a messenger that is made up. */
import { createPinia, setActivePinia } from 'pinia'
import { vi } from 'vitest'
import type { Agent, Case, ConversationView, Im, Queue, Unanswered } from '@/im'
import { useChat } from '@/stores/chat'
import { useDesk } from '@/stores/desk'
import { useDeskList } from '@/stores/deskList'
import { useSession } from '@/stores/session'

const SHOPS = [
  { id: 's1', name: 'Hill', apps: [{ id: 'mini', name: 'Mini program', kind: 'wechat' }] },
  { id: 's2', name: 'Lake' },
]
/** What the server holds; change it, then `tell`. */
export const server: {
  cases: Case[]
  agents: Agent[]
  tell: () => void
  did: unknown[]
  unanswered: Record<string, Unanswered>
} = {
  cases: [],
  agents: [],
  tell: () => undefined,
  did: [],
  unanswered: {},
}

export function waiting(id: string, queued_at: number, more: Partial<Case> = {}): Case {
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
      if (event === 'desk') server.tell = fn
      return () => undefined
    },
    cases: (shop: string) => server.cases.filter(({ shop_id }) => shop_id === shop),
    queues: (shop: string): Queue[] => (shop === 's1' ? [{ id: 'q1', shop_id: 's1', name: 'Tea' }] : []),
    agents: () => server.agents,
    deskView: view,
    find: () => undefined,
    user: (id: string) => ({ id, kind: 'customer', name: `Name of ${id}` }),
    line: () => ({ queue_id: 'q1', waiting: 2 }),
    unanswered: (id: string) => server.unanswered[id],
    setAgentState: async (state: string) => void server.did.push(state),
    takeCase: async (id: string) => {
      server.cases = server.cases.map((one) => (one.id === id ? { ...one, status: 'open', agent_id: 'mei' } : one))
    },
  } as unknown as Im
}

export async function open() {
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

/** A fresh start for each test. */
export function begin(): void {
  localStorage.clear()
  setActivePinia(createPinia())
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }))
  const body = JSON.stringify({ shops: SHOPS })
  vi.stubGlobal('fetch', async () => new Response(body, { headers: { 'Content-Type': 'application/json' } }))
  server.did = []
  server.unanswered = {}
  server.agents = [{ user_id: 'mei', state: 'online', capacity: 3 }]
  server.cases = [waiting('b', 20), waiting('a', 10), waiting('x', 5, { shop_id: 's2', queue_id: '' })]
}
