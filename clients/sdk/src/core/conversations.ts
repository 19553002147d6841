import type { Inbox, Opened } from '@chaguan/protocol'
import type { Engine } from './engine'
import { ChaguanError } from './errors'
import { compareRows, isListed, markRead, unreadOf } from './rows'
import type { ConversationItem } from './types'

const MARK_EVERY_MS = 2_000
const PAGE = 50

type InboxPart = 'pinned' | 'muted' | 'marked_unread' | 'archived'

/** My conversations. Rows are the wire's own (`conversation`, `inbox`, `last`, `case`) with `unread` and `peer`. */
export class ConversationsApi {
  private readonly marks = new Map<string, { wanted: number; sent: number; at: number; waits: boolean }>()

  constructor(private readonly engine: Engine) {
    engine.onWelcome.push(() => this.marks.forEach((_, id) => this.sendMark(id)))
  }

  /** What is held, in order: pinned first, then the latest message first. Never asks the server. */
  list(options: { archived?: boolean } = {}): ConversationItem[] {
    const rows = Array.from(this.engine.store.rows.values()).filter((row) => isListed(row, options.archived || false))
    return rows
      .sort(compareRows)
      .map((row) => this.item(row.conversation.id))
      .filter((item): item is ConversationItem => !!item)
  }

  /** A row that is held. */
  find(conversationId: string): ConversationItem | undefined {
    return this.item(conversationId) ?? undefined
  }

  /** A row, asked from the server if it is not held. Errors: `not_found`. */
  async get(conversationId: string): Promise<ConversationItem> {
    return this.item(conversationId) ?? this.open(conversationId)
  }

  /** The row as the server has it now. Opening an archived one subscribes to it. Errors: `not_found`. */
  async open(conversationId: string): Promise<ConversationItem> {
    return this.opened(
      await this.engine.command<'get_conversation'>({ type: 'get_conversation', conversation_id: conversationId }),
    )
  }

  /**
   * The service conversation with a shop, made if there is none. Customers leave `customerId` empty. `context`
   * says where the customer comes from: `page`, `product_id`; at most 2 KiB.
   */
  async openService(
    options: { shopId?: string; customerId?: string; context?: Record<string, unknown> } = {},
  ): Promise<ConversationItem> {
    const { shopId = '', customerId = '', context = {} } = options
    return this.opened(
      await this.engine.command<'open_service'>({
        type: 'open_service',
        shop_id: shopId,
        customer_id: customerId,
        context,
      }),
    )
  }

  /** The direct conversation with a user, made if there is none. Errors: `not_found`, `forbidden` (policy). */
  async createDirect(userId: string): Promise<ConversationItem> {
    return this.opened(await this.engine.command<'create_direct'>({ type: 'create_direct', user_id: userId }))
  }

  /** A group; `memberIds` without oneself. `joinHistory`: who joins later sees everything from the start. */
  async createGroup(options: { name: string; memberIds: string[]; joinHistory?: boolean }): Promise<ConversationItem> {
    const { name, memberIds, joinHistory = false } = options
    const key = { client_msg_id: this.engine.newKey() }
    return this.opened(
      await this.engine.command<'create_group'>({
        type: 'create_group',
        ...key,
        name,
        member_ids: memberIds,
        join_history: joinHistory,
      }),
    )
  }

  /** Another page of the list, 50 rows. Answers whether there are still more. */
  async loadMore(options: { archived?: boolean; cursor?: string } = {}): Promise<{ more: boolean; cursor: string }> {
    const { store } = this.engine
    const { archived = false } = options
    const cursor = archived ? options.cursor || '' : store.nextCursor
    if (!archived && store.listEnd) return { more: false, cursor: '' }
    const page = await this.engine.command<'list_conversations'>({
      type: 'list_conversations',
      limit: PAGE,
      cursor,
      archived,
    })
    store.addUsers(page.users)
    page.conversations.forEach((view) => store.addView(view))
    const next = page.next_cursor || ''
    if (!archived) Object.assign(store, { nextCursor: next, listEnd: !next })
    this.engine.flush()
    return { more: next !== '', cursor: next }
  }

  /** Whether `loadMore` would bring more. */
  get hasMore(): boolean {
    return !this.engine.store.listEnd
  }

  pin(conversationId: string, on = true): Promise<void> {
    return this.update(conversationId, 'pinned', on)
  }

  mute(conversationId: string, on = true): Promise<void> {
    return this.update(conversationId, 'muted', on)
  }

  archive(conversationId: string, on = true): Promise<void> {
    return this.update(conversationId, 'archived', on)
  }

  markUnread(conversationId: string, on = true): Promise<void> {
    return this.update(conversationId, 'marked_unread', on)
  }

  /**
   * I have read up to `seq` (default: everything). Shown at once; told to the server at most once per 2 s and
   * conversation, again after a reconnect if need be. A mark never goes back.
   */
  markRead(conversationId: string, seq?: number): void {
    const { store } = this.engine
    const row = store.rows.get(conversationId)
    if (!row) return
    const wanted = seq || row.conversation.head_seq || 0
    if (row.inbox.marked_unread) this.markUnread(conversationId, false).catch(this.engine.report)
    if (wanted <= (row.inbox.read_seq || 0)) return
    store.updateInbox(conversationId, (inbox) => markRead(inbox, wanted, store.ordinalAt(conversationId, wanted)))
    const mark = this.marks.get(conversationId) ?? { wanted: 0, sent: 0, at: -MARK_EVERY_MS, waits: false }
    mark.wanted = Math.max(mark.wanted, wanted)
    this.marks.set(conversationId, mark)
    this.engine.flush()
    this.sendMark(conversationId)
  }

  private sendMark(id: string): void {
    const mark = this.marks.get(id)
    if (!mark || mark.waits || mark.sent >= mark.wanted || !this.engine.connection.isOnline) return
    const wait = mark.at + MARK_EVERY_MS - this.engine.now()
    if (wait > 0) {
      mark.waits = true
      this.engine.config.adapter.timer(() => {
        mark.waits = false
        this.sendMark(id)
      }, wait)
      return
    }
    mark.at = this.engine.now()
    const seq = mark.wanted
    this.engine.command<'mark_read'>({ type: 'mark_read', conversation_id: id, seq }).then(
      () => {
        const now = this.marks.get(id)
        if (now) now.sent = Math.max(now.sent, seq)
      },
      (error: unknown) => {
        this.engine.report(error)
        if (!(error instanceof ChaguanError && error.busy)) this.marks.delete(id)
        else this.engine.config.adapter.timer(() => this.sendMark(id), error.retryAfterMs || MARK_EVERY_MS)
      },
    )
  }

  /** Renames a group or changes its picture (a `media_id`, empty for none). Errors: `forbidden`. */
  async rename(conversationId: string, change: { name?: string; avatar?: string }): Promise<void> {
    const key = { client_msg_id: this.engine.newKey() }
    await this.engine.command<'update_conversation'>({
      type: 'update_conversation',
      conversation_id: conversationId,
      ...key,
      ...change,
    })
  }

  /** Unread messages in all held conversations that are not muted; one that is marked unread counts as 1. */
  get totalUnread(): number {
    return this.engine.totalUnread()
  }

  private async update(conversationId: string, part: InboxPart, on: boolean): Promise<void> {
    const answer = await this.engine.command<'update_inbox'>({
      type: 'update_inbox',
      conversation_id: conversationId,
      [part]: on,
    })
    this.engine.store.applyInbox(answer.inbox, answer.user_version)
    this.engine.flush()
  }

  private opened(opened: Opened): ConversationItem {
    const { store } = this.engine
    store.addUsers(opened.users)
    store.addView(opened.view)
    const id = opened.view.conversation.id
    if (store.isBehind(id)) this.engine.sync.pull(id)
    this.engine.flush()
    const item = this.item(id)
    if (!item) throw new ChaguanError('not_found', 'the conversation was removed')
    return item
  }

  private item(conversationId: string): ConversationItem | null {
    const { store } = this.engine
    const row = store.rows.get(conversationId)
    if (!row) return null
    return {
      ...row,
      unread: unreadOf(row),
      peer: store.users.get(peerId(row.inbox, row.conversation.customer_id, store.me?.id)) || null,
    }
  }
}

function peerId(inbox: Inbox, customerId: string | undefined, me: string | undefined): string {
  return inbox.peer_id || (customerId && customerId !== me ? customerId : '')
}
