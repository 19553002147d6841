import type { Inbox, Opened } from '@chaguan/protocol'
import type { Engine } from './engine'
import { ChaguanError } from './errors'
import { compareRows, isListed, markRead, unreadOf } from './rows'
import type { ConversationItem } from './types'

const MARK_EVERY_MS = 2_000
/** So long after its answer a mark counts as told: the server keeps it in memory at first, and a crash forgets it. */
const MARK_SAFE_MS = 60_000
const PAGE = 50

type InboxPart = 'pinned' | 'muted' | 'marked_unread' | 'archived'

/** My conversations. Rows are the wire's own (`conversation`, `inbox`, `last`, `case`) with `unread` and `peer`. */
export interface ConversationsApi {
  /** What is held, in order: pinned first, then the latest message first. Never asks the server. */
  list(options?: { archived?: boolean }): ConversationItem[]
  /** A row that is held. */
  find(conversationId: string): ConversationItem | undefined
  /** A row, asked from the server if it is not held. Errors: `not_found`. */
  get(conversationId: string): Promise<ConversationItem>
  /** The row as the server has it now. Opening an archived one subscribes to it. Errors: `not_found`. */
  open(conversationId: string): Promise<ConversationItem>
  /**
   * The service conversation with a shop, made if there is none. Customers leave `customerId` empty. `context`
   * says where the customer comes from: `page`, `product_id`; at most 2 KiB.
   */
  openService(options?: {
    shopId?: string
    customerId?: string
    context?: Record<string, unknown>
  }): Promise<ConversationItem>
  /** The direct conversation with a user, made if there is none. Errors: `not_found`, `forbidden` (policy). */
  createDirect(userId: string): Promise<ConversationItem>
  /** Another page of the list, 50 rows. Answers whether there are still more. */
  loadMore(options?: { archived?: boolean; cursor?: string }): Promise<{ more: boolean; cursor: string }>
  /** Whether `loadMore` would bring more. */
  readonly hasMore: boolean
  pin(conversationId: string, on?: boolean): Promise<void>
  mute(conversationId: string, on?: boolean): Promise<void>
  archive(conversationId: string, on?: boolean): Promise<void>
  markUnread(conversationId: string, on?: boolean): Promise<void>
  /**
   * I have read up to `seq` (default: everything). Shown at once; told to the server at most once per 2 s and
   * conversation, again after a reconnect that comes within a minute of it: a server that crashed may have forgotten
   * it. A mark never goes back.
   */
  markRead(conversationId: string, seq?: number): void
  /** Unread messages in all held conversations that are not muted; one that is marked unread counts as 1. */
  readonly totalUnread: number
}

export function createConversations(engine: Engine): ConversationsApi {
  const { store, connection, command, flush, hold, report, now, totalUnread } = engine
  const { adapter } = engine.config
  const marks = new Map<string, { wanted: number; sent: number; at: number; waits: boolean }>()
  let reader: string | undefined

  const list = (options: { archived?: boolean } = {}): ConversationItem[] => {
    const rows = Array.from(store.rows.values()).filter((row) => isListed(row, options.archived || false))
    return rows
      .sort(compareRows)
      .map((row) => itemOf(row.conversation.id))
      .filter((item): item is ConversationItem => !!item)
  }

  const find = (conversationId: string): ConversationItem | undefined => {
    return itemOf(conversationId) ?? undefined
  }

  const get = async (conversationId: string): Promise<ConversationItem> => {
    return itemOf(conversationId) ?? open(conversationId)
  }

  const open = async (conversationId: string): Promise<ConversationItem> => {
    return opened(await command<'get_conversation'>({ type: 'get_conversation', conversation_id: conversationId }))
  }

  const openService = async (
    options: { shopId?: string; customerId?: string; context?: Record<string, unknown> } = {},
  ): Promise<ConversationItem> => {
    const { shopId = '', customerId = '', context = {} } = options
    return opened(
      await command<'open_service'>({
        type: 'open_service',
        shop_id: shopId,
        customer_id: customerId,
        context,
      }),
    )
  }

  const createDirect = async (userId: string): Promise<ConversationItem> => {
    return opened(await command<'create_direct'>({ type: 'create_direct', user_id: userId }))
  }

  const loadMore = async (
    options: { archived?: boolean; cursor?: string } = {},
  ): Promise<{ more: boolean; cursor: string }> => {
    const { archived = false } = options
    const cursor = archived ? options.cursor || '' : store.nextCursor
    if (!archived && store.listEnd) return { more: false, cursor: '' }
    const page = await command<'list_conversations'>({
      type: 'list_conversations',
      limit: PAGE,
      cursor,
      archived,
    })
    const next = page.next_cursor || ''
    if (!archived) Object.assign(store, { nextCursor: next, listEnd: !next })
    hold(page.users, page.conversations)
    return { more: next !== '', cursor: next }
  }

  const hasMore = (): boolean => {
    return !store.listEnd
  }

  const pin = (conversationId: string, on = true): Promise<void> => {
    return update(conversationId, 'pinned', on)
  }

  const mute = (conversationId: string, on = true): Promise<void> => {
    return update(conversationId, 'muted', on)
  }

  const archive = (conversationId: string, on = true): Promise<void> => {
    return update(conversationId, 'archived', on)
  }

  const markUnread = (conversationId: string, on = true): Promise<void> => {
    return update(conversationId, 'marked_unread', on)
  }

  const markReadUpTo = (conversationId: string, seq?: number): void => {
    const row = store.rows.get(conversationId)
    if (!row) return
    const wanted = seq || row.conversation.head_seq || 0
    if (row.inbox.marked_unread) markUnread(conversationId, false).catch(report)
    if (wanted <= (row.inbox.read_seq || 0)) return
    store.updateInbox(conversationId, (inbox) => markRead(inbox, wanted, store.ordinalAt(conversationId, wanted)))
    const mark = marks.get(conversationId) ?? { wanted: 0, sent: 0, at: -MARK_EVERY_MS, waits: false }
    mark.wanted = Math.max(mark.wanted, wanted)
    marks.set(conversationId, mark)
    flush()
    sendMark(conversationId)
  }

  const sendMark = (id: string): void => {
    const mark = marks.get(id)
    if (!mark || mark.waits || mark.sent >= mark.wanted || !connection.isOnline) return
    const wait = mark.at + MARK_EVERY_MS - now()
    if (wait > 0) {
      mark.waits = true
      adapter.timer(() => {
        mark.waits = false
        sendMark(id)
      }, wait)
      return
    }
    mark.at = now()
    const seq = mark.wanted
    command<'mark_read'>({ type: 'mark_read', conversation_id: id, seq }).then(
      // By then a link that broke meanwhile is known to be broken, and what comes after it tells the mark again.
      () => adapter.timer(() => connection.isOnline && (mark.sent = seq), MARK_SAFE_MS),
      (error: unknown) => {
        report(error)
        if (!(error instanceof ChaguanError && error.busy)) marks.delete(id)
        else adapter.timer(() => sendMark(id), error.retryAfterMs || MARK_EVERY_MS)
      },
    )
  }

  const update = async (conversationId: string, part: InboxPart, on: boolean): Promise<void> => {
    const answer = await command<'update_inbox'>({
      type: 'update_inbox',
      conversation_id: conversationId,
      [part]: on,
    })
    store.applyInbox(answer.inbox, answer.user_version)
    flush()
  }

  const opened = (opened: Opened): ConversationItem => {
    hold(opened.users, [opened.view])
    const item = itemOf(opened.view.conversation.id)
    if (!item) throw new ChaguanError('not_found', 'removed')
    return item
  }

  const itemOf = (conversationId: string): ConversationItem | null => {
    const row = store.rows.get(conversationId)
    if (!row) return null
    return {
      ...row,
      unread: unreadOf(row),
      peer: store.users.get(peerId(row.inbox, row.conversation.customer_id, store.me?.id)) || null,
    }
  }

  engine.onWelcome.push(() => {
    const me = store.me?.id
    // What one user has read another has not.
    if (reader && reader !== me) marks.clear()
    reader = me
    marks.forEach((_, id) => sendMark(id))
  })

  return {
    list,
    find,
    get,
    open,
    openService,
    createDirect,
    loadMore,
    get hasMore() {
      return hasMore()
    },
    pin,
    mute,
    archive,
    markUnread,
    markRead: markReadUpTo,
    get totalUnread() {
      return totalUnread()
    },
  }
}

function peerId(inbox: Inbox, customerId: string | undefined, me: string | undefined): string {
  return inbox.peer_id || (customerId && customerId !== me ? customerId : '')
}
