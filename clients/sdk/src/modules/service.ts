import type { Callback, Case, CaseReply, Rating, Service, Waiting } from '@chaguan/protocol'
import type { Client } from '../core/client'

/** What a customer says of a consultation. */
export interface Said {
  stars: number
  reasons?: string[]
  text?: string
}

/** What a customer leaves instead of waiting. */
export interface LeftMessage {
  text: string
  /** How to reach them, kept only with `consent`. */
  contact?: string
  consent?: boolean
}

/** How it stands with a service conversation. */
export interface Standing {
  /** What the server said last, with the place in the line as it moved since; null: nothing heard yet. */
  service: Service | null
  /** A rating that could not be sent yet; it goes out as soon as there is a connection. */
  kept: Said | null
}

/** The customer's side of service conversations, above their messages. */
export interface ServiceModule {
  /**
   * Calls `fn` with how it stands now and after each change: a place that moved, an agent who came, the end. Over
   * reconnects too. Answers with how to stop it.
   */
  observe(conversationId: string, fn: (standing: Standing) => void): () => void
  /** What is known without asking. */
  find(conversationId: string): Standing
  /** Asks anew, for instance when a desk that was closed opens. */
  refresh(conversationId: string): void
  /**
   * Rates a case that has ended, or says something else of it. Without a connection it is kept, as long as the
   * application runs, and null is the answer. Errors: `conflict` (`data.reason`), `bad_request`.
   */
  rate(caseId: string, said: Said): Promise<Rating | null>
  /** Gives up waiting. Errors: `conflict` (an agent has taken the case). */
  leaveLine(caseId: string): Promise<Case>
  /**
   * Leaves a message instead of waiting; the case leaves the line and agents call back. The same `key` (`newKey()`)
   * leaves it once. Errors: `conflict` (`data.reason` `has_agent`: just write), `bad_request` (`data.field`).
   */
  leaveMessage(conversationId: string, left: LeftMessage, key: string): Promise<Callback>
  /** The case that ended goes on. Errors: `conflict` (`data.reason` `case_open`, `too_late`). */
  reopen(caseId: string): Promise<Case>
}

interface Followed {
  service: Service | null
  observers: Set<(standing: Standing) => void>
  asking: boolean
  again: boolean
  /** The case as the list of conversations had it when it was asked last. */
  asked: string
}

const made = new WeakMap<Client, ServiceModule>()

/** Every call with the same client gives the same. */
export function serviceOf(client: Client): ServiceModule {
  const held = made.get(client) ?? createService(client)
  made.set(client, held)
  return held
}

function createService(client: Client): ServiceModule {
  const followed = new Map<string, Followed>()
  const kept = new Map<string, Said>()

  const find = (id: string): Standing => {
    const service = followed.get(id)?.service ?? null
    return { service, kept: kept.get(service?.case?.id ?? '') ?? null }
  }
  const tell = (id: string) => followed.get(id)?.observers.forEach((fn) => fn(find(id)))
  const tellAll = () => followed.forEach((_, id) => tell(id))

  const shown = (id: string): string => {
    const held = client.conversations.find(id)?.case
    return held ? [held.id, held.status, held.agent_id].join() : ''
  }

  const ask = async (id: string): Promise<void> => {
    const one = followed.get(id)
    if (!one?.observers.size || client.state !== 'online') return
    one.again = one.asking
    if (one.asking) return
    one.asking = true
    one.asked = shown(id)
    try {
      const service = await client.command<'get_service'>({ type: 'get_service', conversation_id: id })
      const moved = one.service?.waiting
      // A push may have overtaken the answer.
      if (moved && isLater(moved, service.waiting)) service.waiting = moved
      one.service = service
      if (service.agent) client.hold([service.agent], [])
      tell(id)
    } catch (error) {
      // Whatever is heard of the conversation next asks again.
      one.asked = '?'
      client.report(error)
    }
    one.asking = false
    if (one.again) void ask(id)
  }

  const moved = (waiting: Waiting) => {
    const one = followed.get(waiting.conversation_id)
    if (!one?.service || !isLater(waiting, one.service.waiting)) return
    const { opens_at = 0 } = one.service.waiting
    one.service = { ...one.service, waiting: { ...waiting, opens_at } }
    tell(waiting.conversation_id)
  }

  const send = async (caseId: string, said: Said): Promise<Rating | null> => {
    try {
      const rating = await client.command<'rate_case'>({ type: 'rate_case', case_id: caseId, ...said })
      if (kept.get(caseId) === said) kept.delete(caseId)
      rated(caseId, rating)
      return rating
    } catch (error) {
      // Without the class of errors: it would be carried a second time.
      if (error instanceof Error && 'busy' in error && error.busy) return null
      kept.delete(caseId)
      tellAll()
      throw error
    }
  }

  const rated = (caseId: string, rating: Rating) => {
    followed.forEach((one, id) => {
      if (one.service?.case?.id !== caseId) return
      const { invitation = null } = one.service
      one.service = { ...one.service, rating, invitation: invitation && { ...invitation, asks: false } }
      tell(id)
    })
  }

  const changed = ({ case: now }: CaseReply): Case => {
    void ask(now.conversation_id)
    return now
  }

  client.on('connection', ({ state }) => {
    if (state !== 'online') return tellAll()
    followed.forEach((_, id) => void ask(id))
    kept.forEach((said, caseId) => void send(caseId, said).catch(client.report))
  })
  // Nothing of one user is told or sent as the next one's.
  client.on('signed-out', () => {
    kept.clear()
    followed.forEach((one) => (one.service = null))
    tellAll()
  })
  client.on('push', (push) => {
    if (push.type === 'waiting_moved') moved(push.waiting)
    if (push.type === 'case_changed') void ask(push.conversation_id)
  })
  // What came by catching up is told as a row that changed.
  client.on('conversation', ({ conversation_ids }) => {
    for (const id of conversation_ids) if (followed.get(id) && followed.get(id)?.asked !== shown(id)) void ask(id)
  })

  return {
    observe: (id, fn) => {
      const one = followed.get(id) ?? { service: null, observers: new Set(), asking: false, again: false, asked: '' }
      followed.set(id, one)
      one.observers.add(fn)
      fn(find(id))
      void ask(id)
      // What is known stays, for who looks again a moment later.
      return () => void one.observers.delete(fn)
    },
    find,
    refresh: (id) => void ask(id),
    rate: (caseId, said) => {
      kept.set(caseId, said)
      if (client.state === 'online') return send(caseId, said)
      tellAll()
      return Promise.resolve(null)
    },
    leaveLine: async (case_id) => changed(await client.command<'leave_line'>({ type: 'leave_line', case_id })),
    leaveMessage: async (conversation_id, left, client_msg_id) => {
      const asked = { type: 'leave_message', conversation_id, client_msg_id, ...left } as const
      const callback = await client.command<'leave_message'>(asked)
      void ask(conversation_id)
      return callback
    },
    reopen: async (case_id) => changed(await client.command<'reopen_case'>({ type: 'reopen_case', case_id })),
  }
}

/** Whether `one` is what holds, of two that may have crossed on their way. */
function isLater(one: Waiting, other: Waiting): boolean {
  return (one.at ?? 0) > (other.at ?? 0) && one.case_id === other.case_id
}
