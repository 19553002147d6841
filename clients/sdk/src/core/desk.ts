import type { Case, CaseReply, ConversationView, CustomerContext, Desk, DeskChanged } from '@chaguan/protocol'
import type { Engine } from './engine'

interface Watched {
  asked: string
  version: number
  cases: Map<string, Case>
  views: Map<string, ConversationView>
  asking: boolean
}

/** Staff: the cases that wait or are open. */
export class DeskApi {
  private readonly shops = new Map<string, Watched>()

  constructor(private readonly engine: Engine) {
    engine.onWelcome.push(() => this.shops.forEach((shop, id) => this.again(shop, id)))
    engine.listeners.push((push) => push.type === 'desk_changed' && this.changed(push))
  }

  /** Watches the desk of a shop (empty: the only one), over reconnects too. Errors: `forbidden`. */
  async watch(shopId = ''): Promise<readonly Case[]> {
    const desk = await this.engine.command<'watch_desk'>({ type: 'watch_desk', shop_id: shopId, version: 0 })
    const shop: Watched = { asked: shopId, version: 0, cases: new Map(), views: new Map(), asking: false }
    this.shops.set(desk.shop_id, shop)
    this.apply(shop, desk)
    return this.cases(desk.shop_id)
  }

  /** Cases that are held: waiting and open ones, the oldest first. */
  cases(shopId = ''): readonly Case[] {
    const shop = this.shops.get(shopId) ?? Array.from(this.shops.values())[0]
    const cases = Array.from(shop?.cases.values() || [])
    return cases.sort((a, b) => (a.opened_at || 0) - (b.opened_at || 0) || (a.id < b.id ? -1 : 1))
  }

  /** The conversation of a case, also one that nobody has taken yet. */
  view(conversationId: string): ConversationView | undefined {
    for (const shop of Array.from(this.shops.values())) {
      const view = shop.views.get(conversationId)
      if (view) return this.engine.store.rows.get(conversationId) ?? view
    }
    return this.engine.store.rows.get(conversationId)
  }

  /** Becomes the agent of a case. Errors: `conflict` (`data.agent_id` was faster; `force` takes it over). */
  async take(caseId: string, options: { force?: boolean } = {}): Promise<Case> {
    return this.answered(
      await this.engine.command<'take_case'>({ type: 'take_case', case_id: caseId, force: options.force || false }),
    )
  }

  /** The consultation is done. Only its agent or an administrator. */
  async resolve(caseId: string): Promise<Case> {
    return this.answered(await this.engine.command<'resolve_case'>({ type: 'resolve_case', case_id: caseId }))
  }

  /** What the business's own server knows of the customer. Fails softly with `unavailable` or `timeout`. */
  context(conversationId: string): Promise<CustomerContext> {
    return this.engine.command<'get_customer_context'>({
      type: 'get_customer_context',
      conversation_id: conversationId,
    })
  }

  private answered(reply: CaseReply): Case {
    const { store } = this.engine
    store.addUsers(reply.users)
    if (reply.view) store.addView(reply.view)
    const shop = this.shops.get(reply.case.shop_id)
    if (shop) this.put(shop, [reply.case])
    this.engine.flush()
    this.emit(reply.case.shop_id)
    return reply.case
  }

  private changed(push: DeskChanged): void {
    const shop = this.shops.get(push.shop_id)
    const isNoChange = push.previous === push.version
    if (!shop || push.version < shop.version || (push.version === shop.version && !isNoChange)) return
    if (push.previous !== shop.version) return this.again(shop, push.shop_id)
    this.apply(shop, { ...push, cases: push.cases || [] })
  }

  /** The whole desk anew: it is small, and what was resolved meanwhile must go. */
  private again(shop: Watched, shopId: string): void {
    if (shop.asking) return
    shop.asking = true
    const asked = this.engine.command<'watch_desk'>({ type: 'watch_desk', shop_id: shop.asked, version: 0 })
    const applied = asked.then((desk) => {
      shop.cases.clear()
      this.apply(this.shops.get(shopId) ?? shop, desk)
    })
    void applied.catch(this.engine.report).then(() => (shop.asking = false))
  }

  private apply(shop: Watched, desk: Desk): void {
    this.engine.store.addUsers(desk.users)
    for (const view of desk.views || []) this.see(shop, view)
    shop.version = desk.version
    this.put(shop, desk.cases)
    this.engine.flush()
    this.emit(desk.shop_id)
  }

  /** Of a conversation that one only looks into no entries are pushed; the new head tells that there are some. */
  private see(shop: Watched, view: ConversationView): void {
    const { store, sync } = this.engine
    const { id } = view.conversation
    shop.views.set(id, view)
    // A member's row has its own marks, and their entries are pushed.
    if (store.rows.get(id)?.inbox.version !== 0) return
    store.addView(view)
    if (store.isBehind(id)) sync.pull(id)
  }

  private put(shop: Watched, cases: readonly Case[]): void {
    for (const one of cases) {
      if ((shop.cases.get(one.id)?.version || 0) > (one.version || 0)) continue
      if (one.status === 'resolved') shop.cases.delete(one.id)
      else shop.cases.set(one.id, one)
    }
  }

  private emit(shopId: string): void {
    this.engine.events.emit('desk', { shop_id: shopId, cases: this.cases(shopId) })
  }
}
