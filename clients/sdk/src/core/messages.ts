import type { Content, History, MessageSent, SearchPage } from '@chaguan/protocol'
import type { Engine } from './engine'
import { ChaguanError } from './errors'
import * as logs from './log'
import { localContent } from './media'
import { asMessage, asSent } from './outbox'
import type { MediaSource, Message, MessageWindow, SendHandle, SendOptions } from './types'

const PAGE = 30
const MERGE_ATTEMPTS = 3

/** Messages of a conversation: the window that is held, and what can be done with them. */
export class MessagesApi {
  private readonly loading = new Set<string>()
  /** The same object for the same message, so that views can tell what changed. */
  private readonly made = new WeakMap<MessageSent, Message>()

  constructor(private readonly engine: Engine) {}

  /** The window as it is now. Never asks the server: call `open` first, or `loadOlder` for more. */
  list(conversationId: string): MessageWindow {
    const log = this.engine.store.logs.get(conversationId)
    const page = log?.away ?? log?.live
    const sent = (page?.messages || []).map((message) => this.messageOf(message))
    const own = log?.away ? [] : this.engine.outbox.of(conversationId)
    const me = this.engine.store.me?.id || ''
    return {
      messages: [...sent, ...own.map((item) => asMessage(item, me))],
      hasOlder: (page?.before ?? 1) > 0,
      hasNewer: log?.away ? true : false,
      loading: this.loading.has(conversationId),
    }
  }

  /** Makes sure that the window holds at least a screen; call it when a conversation is shown. */
  async open(conversationId: string): Promise<MessageWindow> {
    const { store } = this.engine
    if (!store.rows.has(conversationId)) await this.engine.sync.fetchRow(conversationId)
    else if (this.engine.connection.isOnline) void this.engine.sync.fetchRow(conversationId)
    const log = store.logs.get(conversationId)
    if (log && !log.away && log.live.before === null && log.live.messages.length < PAGE)
      await this.loadOlder(conversationId)
    return this.list(conversationId)
  }

  /** Calls `fn` with the window now and after each change. Answers with how to stop it. */
  observe(conversationId: string, fn: (window: MessageWindow) => void): () => void {
    let seen = this.engine.store.births.get(conversationId)
    const off = this.engine.events.on('message:changed', (event) => {
      if (event.conversation_id !== conversationId) return
      const birth = this.engine.store.births.get(conversationId)
      // Who lost sight of a conversation and may see it again begins with nothing but its end.
      if (birth !== seen && this.engine.store.logs.has(conversationId))
        this.open(conversationId).catch(this.engine.report)
      seen = birth
      fn(this.list(conversationId))
    })
    fn(this.list(conversationId))
    return off
  }

  /** Up to 30 older messages into the window. Answers whether there are still more. */
  async loadOlder(conversationId: string): Promise<boolean> {
    const page = this.page(conversationId)
    if (!page || page.before === 0) return false
    const before = page.before ?? (page.messages[0]?.seq || 0)
    await this.load(conversationId, { before }, logs.mergeOlder)
    return this.list(conversationId).hasOlder
  }

  /** Up to 30 newer messages, after `around`. Answers whether there are still more. */
  async loadNewer(conversationId: string): Promise<boolean> {
    const away = this.engine.store.logs.get(conversationId)?.away
    if (!away) return false
    const after = away.after || away.messages[away.messages.length - 1]?.seq || 0
    await this.load(conversationId, { after }, logs.mergeNewer)
    return this.list(conversationId).hasNewer
  }

  /** Moves the window to a message, with what stands around it. */
  async around(conversationId: string, seq: number): Promise<MessageWindow> {
    const held = this.page(conversationId)?.messages.some((message) => message.seq === seq)
    if (!held) await this.load(conversationId, { around: seq }, logs.mergeAround)
    return this.list(conversationId)
  }

  /** Moves the window back to the end of the log. */
  toEnd(conversationId: string): MessageWindow {
    this.engine.store.updateLog(conversationId, logs.backToEnd)
    this.engine.flush()
    return this.list(conversationId)
  }

  /**
   * Sends a message. It stands in the window at once, survives a restart and goes out in order as soon as there
   * is a connection. Refused messages become `failed` and stay until `resend` or `discard`. `quoteSeq` answers
   * a message; `mentions` are user ids or `all`.
   */
  send(conversationId: string, content: Content, options: SendOptions = {}): SendHandle {
    this.toEnd(conversationId)
    const item = this.engine.outbox.add({
      conversation_id: conversationId,
      client_msg_id: this.engine.newKey(),
      content,
      mentions: options.mentions || [],
      quote_seq: options.quoteSeq || 0,
      media: null,
    })
    return this.handle(conversationId, item.client_msg_id)
  }

  /** The same with a file: shown from this device at once, uploaded with progress, then sent. */
  sendMedia(conversationId: string, source: MediaSource, options: SendOptions = {}): SendHandle {
    this.toEnd(conversationId)
    const local_path = this.engine.config.adapter.preview(source.file)
    const { kind, file, name = '' } = source
    const item = this.engine.outbox.add({
      conversation_id: conversationId,
      client_msg_id: this.engine.newKey(),
      content: localContent(source, local_path),
      mentions: options.mentions || [],
      quote_seq: options.quoteSeq || 0,
      media: { kind, file, name, local_path },
    })
    return this.handle(conversationId, item.client_msg_id)
  }

  /** Another try of a failed message, with its own key, so that it can't arrive twice. */
  resend(clientMsgId: string): boolean {
    return this.engine.outbox.resend(clientMsgId)
  }

  /** Takes a message that is not sent yet out of the window and stops its upload. */
  discard(clientMsgId: string): boolean {
    return this.engine.outbox.discard(clientMsgId)
  }

  /** New content for an own message, of the same type. Errors: `forbidden`, `conflict` (recalled), `not_found`. */
  async edit(
    conversationId: string,
    seq: number,
    content: Content,
    options: { mentions?: string[] } = {},
  ): Promise<void> {
    const target = { conversation_id: conversationId, target_seq: seq, client_msg_id: this.engine.newKey() }
    const answer = await this.engine.command<'edit_message'>({
      type: 'edit_message',
      ...target,
      content,
      mentions: options.mentions || [],
    })
    this.engine.sync.expectSeq(conversationId, answer.seq)
  }

  /** Takes back an own message, within 2 minutes unless configured otherwise. Errors: `forbidden` (`data.window_s`). */
  async recall(conversationId: string, seq: number): Promise<void> {
    const target = { conversation_id: conversationId, target_seq: seq, client_msg_id: this.engine.newKey() }
    const answer = await this.engine.command<'recall_message'>({ type: 'recall_message', ...target })
    this.engine.sync.expectSeq(conversationId, answer.seq)
  }

  /** Puts (`on`) or removes my reaction. Errors: `conflict` (more than 20 kinds on one message). */
  async react(conversationId: string, seq: number, emoji: string, on = true): Promise<void> {
    const target = { conversation_id: conversationId, target_seq: seq, client_msg_id: this.engine.newKey() }
    const answer = await this.engine.command<'set_reaction'>({ type: 'set_reaction', ...target, emoji, on })
    this.engine.sync.expectSeq(conversationId, answer.seq)
  }

  /** Messages that contain every word of `query`, newest first, in one conversation or in all of mine. */
  async search(
    query: string,
    options: { conversationId?: string; limit?: number; cursor?: string } = {},
  ): Promise<SearchPage> {
    const { conversationId = '', limit = 20, cursor = '' } = options
    const page = await this.engine.command<'search_messages'>({
      type: 'search_messages',
      query,
      conversation_id: conversationId,
      limit,
      cursor,
    })
    this.engine.store.addUsers(page.users)
    return page
  }

  /** A message by seq: from the window, else from the server; null if I may not see it. For quotes. */
  async find(conversationId: string, seq: number): Promise<Message | null> {
    const log = this.engine.store.logs.get(conversationId)
    const held = [...(log?.live.messages || []), ...(log?.away?.messages || [])].find((message) => message.seq === seq)
    if (held) return this.messageOf(held)
    const history = await this.engine.command<'get_messages'>({
      type: 'get_messages',
      conversation_id: conversationId,
      seqs: [seq],
    })
    this.engine.store.addUsers(history.users)
    const found = history.messages.find((message) => message.seq === seq)
    return found ? this.messageOf(found) : null
  }

  /** Fresh copies of messages whose links have expired; at most 50. */
  async refresh(conversationId: string, seqs: number[]): Promise<void> {
    await this.load(conversationId, { seqs }, logs.refreshPage)
  }

  private async load(
    conversationId: string,
    where: { before?: number; after?: number; around?: number; seqs?: number[] },
    merge: typeof logs.mergeOlder,
  ): Promise<void> {
    if (this.loading.has(conversationId)) return
    this.setLoading(conversationId, true)
    try {
      for (let attempt = 0; attempt < MERGE_ATTEMPTS; attempt++) {
        const edge = this.edge(conversationId, where)
        const history = await this.ask(conversationId, where)
        // The window was reset or moved meanwhile: this page does not touch it any more.
        if (this.edge(conversationId, where) !== edge) return
        if (this.engine.store.mergeHistory(conversationId, history, merge)) return
      }
      throw new ChaguanError('unavailable', 'the log changes faster than it can be read')
    } finally {
      this.setLoading(conversationId, false)
    }
  }

  /** The seq at the end of the window that a page is asked for. */
  private edge(conversationId: string, where: { before?: number; after?: number }): number | undefined {
    const messages = this.page(conversationId)?.messages || []
    if (where.before !== undefined) return messages[0]?.seq
    return where.after !== undefined ? messages[messages.length - 1]?.seq : undefined
  }

  private ask(
    conversationId: string,
    where: { before?: number; after?: number; around?: number; seqs?: number[] },
  ): Promise<History> {
    const { seqs, ...range } = where
    if (seqs)
      return this.engine.command<'get_messages'>({ type: 'get_messages', conversation_id: conversationId, seqs })
    return this.engine.command<'get_history'>({
      type: 'get_history',
      conversation_id: conversationId,
      limit: PAGE,
      ...range,
    })
  }

  private setLoading(conversationId: string, on: boolean): void {
    if (on) this.loading.add(conversationId)
    else this.loading.delete(conversationId)
    this.engine.flush()
    this.engine.events.emit('message:changed', { conversation_id: conversationId })
  }

  private page(conversationId: string): logs.Page | undefined {
    const log = this.engine.store.logs.get(conversationId)
    return log?.away ?? log?.live
  }

  private messageOf(entry: MessageSent): Message {
    const held = this.made.get(entry)
    if (held) return held
    const message = asSent(entry)
    this.made.set(entry, message)
    return message
  }

  private handle(conversationId: string, clientMsgId: string): SendHandle {
    const { outbox, store } = this.engine
    const item = outbox.get(clientMsgId)
    const first = item && asMessage(item, store.me?.id || '')
    const done = outbox.done(clientMsgId)
    let last = first as Message
    done.then((message) => (last = message)).catch(() => undefined)
    return {
      client_msg_id: clientMsgId,
      conversation_id: conversationId,
      done,
      get message() {
        const now = outbox.get(clientMsgId)
        return now ? asMessage(now, store.me?.id || '') : last
      },
    }
  }
}
