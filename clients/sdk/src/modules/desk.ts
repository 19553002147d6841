import type {
  Agent,
  AgentState,
  Case,
  CaseHistory,
  CaseReply,
  ConversationView,
  CustomerContext,
  Desk,
  DeskChanged,
  Line,
  Outcome,
  Queue,
  Unanswered,
  Waiting,
} from '@chaguan/protocol'
import type { Client } from '../core/client'

/** What `observe` tells: the cases of a shop, the oldest first. Those that are as they were are the same objects. */
export interface DeskChange {
  shop_id: string
  cases: readonly Case[]
}

/** Staff: the cases that wait or are open. */
export interface DeskModule {
  /** Watches the desk of a shop (empty: the only one), over reconnects too. Errors: `forbidden`. */
  watch(shopId?: string): Promise<readonly Case[]>
  /** Cases that are held: waiting and open ones, the oldest first. */
  cases(shopId?: string): readonly Case[]
  /** The queues of a watched shop in the order in which their rules are asked. The same array until one changed. */
  queues(shopId?: string): readonly Queue[]
  /** How it stands with a queue of a watched shop. */
  line(queueId: string): Line | undefined
  /** Since when the customer of a case of a watched shop is without an answer; undefined: nothing was ever said of it. */
  unanswered(caseId: string): Unanswered | undefined
  /** Everybody who was ever at a desk, with state and load. */
  agents(): readonly Agent[]
  /** Calls `fn` whenever cases, agents or lines of a watched shop changed. Answers with how to stop it. */
  observe(fn: (change: DeskChange) => void): () => void
  /** The conversation of a case, also one that nobody has taken yet. */
  view(conversationId: string): ConversationView | undefined
  /** Becomes the agent of a case. Errors: `conflict` (`data.agent_id` was faster; `force` takes it over). */
  take(caseId: string, options?: { force?: boolean }): Promise<Case>
  /** The consultation is done, or its customer gone. Only its agent or an administrator. `note` is for colleagues. */
  resolve(caseId: string, options?: { outcome?: Outcome; note?: string }): Promise<Case>
  /** Goes on with a resolved consultation. Errors: `conflict` (`data.case_id`, `data.agent_id`, `data.reason`). */
  reopen(caseId: string, options?: { force?: boolean }): Promise<Case>
  /** Passes it on to a colleague or a queue. Errors: `conflict` with `data.reason` `agent_gone` or `no_place`. */
  transfer(caseId: string, to: { agentId: string } | { queueId: string }, note?: string): Promise<Case>
  /** One more consultation on the same thread, with a subject of its own. Errors: `conflict` (too many are open). */
  openCase(conversationId: string, subject: string): Promise<Case>
  /** Calls a case something, or no longer. Errors: `bad_request`, `conflict` (too many). */
  tag(caseId: string, change: { add?: string[]; remove?: string[] }): Promise<Case>
  /** What happened to a case, in order. */
  history(caseId: string): Promise<CaseHistory>
  /** The consultations of a conversation, the latest first, what is resolved too. */
  casesOf(conversationId: string): Promise<Case[]>
  /** Where the customer stands. */
  waiting(conversationId: string): Promise<Waiting>
  /** Whether I am given cases. */
  setState(state: AgentState): Promise<Agent>
  /**
   * Looks into a conversation that one need not belong to: what is said there comes live, over reconnects and a
   * colleague's taking it over too. Answers with how to stop.
   */
  look(conversationId: string): () => void
  /** What the business's own server knows of the customer. Fails softly with `unavailable` or `timeout`. */
  context(conversationId: string, language?: string, refresh?: boolean): Promise<CustomerContext>
}

interface Watched {
  asked: string
  version: number
  cases: Map<string, Case>
  views: Map<string, ConversationView>
  queues: readonly Queue[]
  asking: boolean
}

/** The desk of the staff who are signed in with `client`. Make one per client. */
export function createDesk(client: Client): DeskModule {
  const shops = new Map<string, Watched>()
  const observers = new Set<(change: DeskChange) => void>()
  const looks = new Set<string>()
  const agents = new Map<string, Agent>()
  const lines = new Map<string, Line>()
  const unanswered = new Map<string, Unanswered>()
  /** Of each shop the newest version that was told of: an answer that was read before it lacks something. */
  const newest = new Map<string, number>()
  const told = (shopId: string) => newest.get(shopId) ?? 0

  const cases = (shopId = ''): readonly Case[] => {
    const shop = shops.get(shopId) ?? Array.from(shops.values())[0]
    const held = Array.from(shop?.cases.values() ?? [])
    return held.sort((a, b) => (a.opened_at ?? 0) - (b.opened_at ?? 0) || (a.id < b.id ? -1 : 1))
  }

  const tell = (shop_id: string) => observers.forEach((fn) => fn({ shop_id, cases: cases(shop_id) }))

  const meet = (news: readonly Agent[] = []) => news.forEach((agent) => agents.set(agent.user_id, agent))
  const stand = (news: readonly Line[] = []) => news.forEach((line) => lines.set(line.queue_id, line))

  /** What a push told may be newer than the answer to what was asked before it. */
  const hear = (news: readonly Unanswered[] = []) => {
    for (const one of news) {
      if ((unanswered.get(one.case_id)?.seq ?? 0) <= (one.seq ?? 0)) unanswered.set(one.case_id, one)
    }
  }

  const apply = (shop: Watched, desk: Desk) => {
    client.hold(desk.users, [])
    for (const view of desk.views ?? []) see(shop, view)
    shop.version = desk.version
    put(shop, desk.cases)
    for (const { id, status } of desk.cases) if (status === 'resolved') unanswered.delete(id)
    tell(desk.shop_id)
  }

  /** Of a conversation that one only looks into no entries are pushed; the new head tells that there are some. */
  const see = (shop: Watched, view: ConversationView) => {
    shop.views.set(view.conversation.id, view)
    // A member's row has its own marks, and their entries are pushed.
    if (client.conversations.find(view.conversation.id)?.inbox.version === 0) client.hold([], [view])
  }

  const changed = (push: DeskChanged) => {
    const shop = shops.get(push.shop_id)
    const isNoChange = push.previous === push.version
    newest.set(push.shop_id, Math.max(push.version, told(push.shop_id)))
    if (!shop || push.version < shop.version || (push.version === shop.version && !isNoChange)) return
    if (push.previous !== shop.version) return again(shop)
    if (push.queues) shop.queues = push.queues
    apply(shop, { ...push, cases: push.cases ?? [] })
  }

  /** Queues, lines and agents come whole with the answer to `watch_desk`, never a part of them with a change of cases. */
  const whole = (shop: Watched, desk: Desk, known: number) => {
    shop.queues = desk.queues ?? []
    stand(desk.lines)
    meet(desk.agents)
    hear(desk.unanswered)
    apply(shop, desk)
    shop.asking = false
    // Told of since it was asked for: what was known before then is in the answer.
    if (told(desk.shop_id) > Math.max(known, desk.version)) again(shop)
  }

  /** The whole desk anew: it is small, and what was resolved meanwhile must go. */
  const again = (shop: Watched) => {
    if (shop.asking) return
    shop.asking = true
    const known = Array.from(shops).reduce((most, [id, one]) => (one === shop ? told(id) : most), 0)
    const asked = client.command<'watch_desk'>({ type: 'watch_desk', shop_id: shop.asked, version: 0 })
    const applied = asked.then((desk) => {
      const before = Array.from(shop.cases.keys())
      shop.cases.clear()
      whole(shop, desk, known)
      for (const id of before) if (!shop.cases.has(id)) unanswered.delete(id)
    })
    void applied.catch((error: unknown) => {
      shop.asking = false
      client.report(error)
    })
  }

  const answered = (reply: CaseReply): Case => {
    const shop = shops.get(reply.case.shop_id)
    if (shop) put(shop, [reply.case])
    client.hold(reply.users, reply.view ? [reply.view] : [])
    tell(reply.case.shop_id)
    return reply.case
  }

  /** The server pushes what happens there to whoever has asked for it in this session. */
  const ask = (conversation_id: string) => {
    const asked = client.command<'get_conversation'>({ type: 'get_conversation', conversation_id })
    asked.then(({ users, view }) => client.hold(users, [view])).catch(client.report)
  }

  client.on('connection', ({ state }) => {
    if (state !== 'online') return
    newest.clear()
    shops.forEach(again)
    looks.forEach(ask)
  })
  client.on('push', (push) => {
    if (push.type === 'desk_changed') changed(push)
    if (push.type === 'agents_changed') {
      client.hold(push.users, [])
      meet(push.agents)
      shops.forEach((_, id) => tell(id))
    }
    if (push.type === 'lines_moved') {
      stand(push.lines)
      tell(push.shop_id)
    }
    if (push.type === 'unanswered_changed') {
      hear(push.unanswered)
      tell(push.shop_id)
    }
    if (push.type !== 'user_changed') return
    // Whoever had the case belongs there no more, and looks on.
    const rows = [...(push.inboxes || []), ...(push.conversations || []).map(({ inbox }) => inbox)]
    for (const { conversation_id, removed } of rows) if (removed && looks.has(conversation_id)) ask(conversation_id)
  })

  return {
    watch: async (shopId = '') => {
      const known = told(shopId)
      const desk = await client.command<'watch_desk'>({ type: 'watch_desk', shop_id: shopId, version: 0 })
      const shop: Watched = { asked: shopId, version: 0, cases: new Map(), views: new Map(), queues: [], asking: false }
      shops.set(desk.shop_id, shop)
      whole(shop, desk, known)
      return cases(desk.shop_id)
    },
    cases,
    queues: (shopId = '') => (shops.get(shopId) ?? Array.from(shops.values())[0])?.queues ?? [],
    line: (queueId) => lines.get(queueId),
    unanswered: (caseId) => unanswered.get(caseId),
    agents: () => Array.from(agents.values()),
    observe: (fn) => {
      observers.add(fn)
      return () => void observers.delete(fn)
    },
    view: (conversationId) => {
      const unassigned = Array.from(shops.values(), (shop) => shop.views.get(conversationId))
      return client.conversations.find(conversationId) ?? unassigned.find((view) => view !== undefined)
    },
    take: async (case_id, { force = false } = {}) =>
      answered(await client.command<'take_case'>({ type: 'take_case', case_id, force })),
    resolve: async (case_id, options = {}) =>
      answered(await client.command<'resolve_case'>({ type: 'resolve_case', case_id, ...options })),
    reopen: async (case_id, { force = false } = {}) =>
      answered(await client.command<'reopen_case'>({ type: 'reopen_case', case_id, force })),
    transfer: async (case_id, to, note = '') => {
      const aim = 'agentId' in to ? { agent_id: to.agentId } : { queue_id: to.queueId }
      return answered(await client.command<'transfer_case'>({ type: 'transfer_case', case_id, ...aim, note }))
    },
    openCase: async (conversation_id, subject) =>
      answered(
        await client.command<'open_case'>({
          type: 'open_case',
          client_msg_id: client.newKey(),
          conversation_id,
          subject,
        }),
      ),
    tag: async (case_id, change) =>
      answered(await client.command<'set_case_tags'>({ type: 'set_case_tags', case_id, ...change })),
    history: async (case_id) => {
      const told = await client.command<'get_case_history'>({ type: 'get_case_history', case_id })
      client.hold(told.users, [])
      return told
    },
    casesOf: async (conversation_id) => {
      const list = await client.command<'list_cases'>({ type: 'list_cases', conversation_id })
      client.hold(list.users, [])
      return list.cases
    },
    waiting: (conversation_id) => client.command<'get_waiting'>({ type: 'get_waiting', conversation_id }),
    setState: async (state) => {
      const agent = await client.command<'set_agent_state'>({ type: 'set_agent_state', state })
      meet([agent])
      shops.forEach((_, id) => tell(id))
      return agent
    },
    look: (conversation_id) => {
      looks.add(conversation_id)
      if (client.state === 'online') ask(conversation_id)
      return () => {
        looks.delete(conversation_id)
        const closed = client.command<'close_conversation'>({ type: 'close_conversation', conversation_id })
        // Without a connection nothing is pushed either.
        closed.catch(() => undefined)
      }
    },
    context: (conversation_id, language = '', refresh = false) =>
      client.command<'get_customer_context'>({ type: 'get_customer_context', conversation_id, language, refresh }),
  }
}

function put(shop: Watched, cases: readonly Case[]): void {
  for (const one of cases) {
    if ((shop.cases.get(one.id)?.version ?? 0) > (one.version ?? 0)) continue
    if (one.status === 'resolved') shop.cases.delete(one.id)
    else shop.cases.set(one.id, one)
  }
}
