import type { Card, Case, Client, CustomerContext, Image } from '@chaguan/sdk'
import {
  fillReply,
  findReplies,
  listReplies,
  noteUsed,
  textFor,
  unfilledIn,
  type CannedReply,
} from '@chaguan/sdk/replies'
import { kit } from '@chaguan/mini-kit/kit'
import type { Seat } from './seat'

/** Older than this they are read again when somebody types `/`; what is held is offered meanwhile. */
const FRESH_MS = 60_000
/** The business's server may be slow: who writes is not kept waiting for an order's number. */
const FACTS_MS = 1_500

/** A reply made ready for one customer. */
export interface Ready {
  text: string
  cards: Card[]
  pictures: Image[]
}

/** The word that is typed after a `/` at the very beginning, or null: there are slashes inside of sentences too. */
export function slashQuery(text: string): string | null {
  const found = /^\/([^\s/]{0,32})$/.exec(text)
  return found ? (found[1] ?? '') : null
}

/** Canned replies of who sits at the desk. */
export class Canned {
  state: 'idle' | 'loading' | 'ready' | 'failed' = 'idle'
  private all: readonly CannedReply[] = []
  private of: Client | null = null
  private readAt = 0

  constructor(private readonly seat: Seat) {}

  /** Reads them where they are not held or old. */
  async refresh(): Promise<void> {
    const { client } = this.seat
    if (!client) return
    if (this.of !== client) Object.assign(this, { of: client, all: [], state: 'idle', readAt: 0 })
    if (this.state === 'loading' || Date.now() - this.readAt < FRESH_MS) return
    if (this.state !== 'ready') this.state = 'loading'
    try {
      const all = await listReplies(client)
      if (this.of === client) Object.assign(this, { all, readAt: Date.now(), state: 'ready' })
    } catch {
      // What is held is still worth something; without any the list says that it failed.
      if (this.state !== 'ready') this.state = 'failed'
    }
  }

  find(query: string, shopId: string): CannedReply[] {
    return findReplies(
      this.all.filter((one) => !one.shop_id || one.shop_id === shopId),
      query,
    )
  }

  get(id: string): CannedReply | undefined {
    return this.all.find((one) => one.id === id)
  }

  /** What stands under its title in the list. */
  preview(reply: CannedReply): string {
    return textFor(reply, [kit.language]).replace(/\s+/g, ' ').slice(0, 80)
  }

  /** For the customer of a case. Without orders in it nothing is waited for. */
  async ready(reply: CannedReply, one: Case | undefined, room: string): Promise<Ready> {
    const { client } = this.seat
    const language = one?.context?.['language']
    const text = textFor(reply, [typeof language === 'string' ? language : '', kit.language].filter(Boolean))
    const needsOrder = unfilledIn(text).some((name) => name.indexOf('order.') === 0)
    const values = { ...this.values(one), ...(needsOrder ? await this.order(room) : {}) }
    if (client) noteUsed(client, reply.id).catch(() => undefined) // a use that is not counted harms nobody
    const contents = reply.contents ?? []
    return {
      text: fillReply(text, values),
      cards: contents.filter((each): each is Card => each.type === 'card'),
      pictures: contents.filter((each): each is Image => each.type === 'image'),
    }
  }

  private values(one: Case | undefined): Record<string, string> {
    const { seat } = this
    return {
      'customer.name': seat.nameOf(one?.customer_id ?? ''),
      'agent.name': seat.me?.name ?? '',
      'shop.name': seat.shops.find(({ id }) => id === one?.shop_id)?.name ?? '',
      'case.subject': one?.subject ?? '',
    }
  }

  /** Whatever the business does not say, or says too late, stays a variable, which the agent sees. */
  private async order(room: string): Promise<Record<string, string>> {
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), FACTS_MS))
    const asked = this.seat.desk?.context(room, kit.language) ?? Promise.resolve(null)
    return orderIn(await Promise.race([asked, late]).catch(() => null))
  }
}

/** The business's own JSON, read leniently: the first of its orders is the latest. */
export function orderIn(context: CustomerContext | null): Record<string, string> {
  const orders = (context?.business as { orders?: unknown } | null | undefined)?.orders
  const order: unknown = Array.isArray(orders) ? orders[0] : null
  if (typeof order !== 'object' || order === null) return {}
  const read = (...names: string[]): string => {
    const values = names.map((name) => (order as Record<string, unknown>)[name])
    const value = values.find((each) => typeof each === 'string' || typeof each === 'number')
    return value === undefined ? '' : String(value)
  }
  return {
    'order.number': read('number', 'order_no', 'id'),
    'order.status': read('status_text', 'status'),
    'order.total': read('total_text', 'amount_text'),
  }
}
