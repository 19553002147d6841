import type { Content, History, MessageSent } from '@chaguan/protocol'
import type { Engine } from './engine'
import { ChaguanError } from './errors'
import * as logs from './log'
import { localContent } from './media'
import { asMessage, asSent } from './outbox'
import type { MediaSource, Message, MessageWindow, SendHandle, SendOptions } from './types'

const PAGE = 30
const MERGE_ATTEMPTS = 3

/** Messages of a conversation: the window that is held, and what can be done with them. */
export interface MessagesApi {
  /** The window as it is now. Never asks the server: call `open` first, or `loadOlder` for more. */
  list(conversationId: string): MessageWindow
  /** Makes sure that the window holds at least a screen; call it when a conversation is shown. */
  open(conversationId: string): Promise<MessageWindow>
  /** Calls `fn` with the window now and after each change. Answers with how to stop it. */
  observe(conversationId: string, fn: (window: MessageWindow) => void): () => void
  /** Up to 30 older messages into the window. Answers whether there are still more. */
  loadOlder(conversationId: string): Promise<boolean>
  /** Up to 30 newer messages, after `around`. Answers whether there are still more. */
  loadNewer(conversationId: string): Promise<boolean>
  /** Moves the window to a message, with what stands around it. */
  around(conversationId: string, seq: number): Promise<MessageWindow>
  /** Moves the window back to the end of the log. */
  toEnd(conversationId: string): MessageWindow
  /**
   * Sends a message. It stands in the window at once, survives a restart and goes out in order as soon as there
   * is a connection. Refused messages become `failed` and stay until `resend` or `discard`. `quoteSeq` answers
   * a message; `mentions` are user ids or `all`.
   */
  send(conversationId: string, content: Content, options?: SendOptions): SendHandle
  /** The same with a file: shown from this device at once, uploaded with progress, then sent. */
  sendMedia(conversationId: string, source: MediaSource, options?: SendOptions): SendHandle
  /** Another try of a failed message, with its own key, so that it can't arrive twice. */
  resend(clientMsgId: string): boolean
  /** Takes a message that is not sent yet out of the window and stops its upload. */
  discard(clientMsgId: string): boolean
  /** New content for an own message, of the same type. Errors: `forbidden`, `conflict` (recalled), `not_found`. */
  edit(conversationId: string, seq: number, content: Content, options?: { mentions?: string[] }): Promise<void>
  /** Takes back an own message, within 2 minutes unless configured otherwise. Errors: `forbidden` (`data.window_s`). */
  recall(conversationId: string, seq: number): Promise<void>
  /** Puts (`on`) or removes my reaction. Errors: `conflict` (more than 20 kinds on one message). */
  react(conversationId: string, seq: number, emoji: string, on?: boolean): Promise<void>
  /** A message by seq: from the window, else from the server; null if I may not see it. For quotes. */
  find(conversationId: string, seq: number): Promise<Message | null>
  /** Fresh copies of messages whose links have expired; at most 50. */
  refresh(conversationId: string, seqs: number[]): Promise<void>
}

export function createMessages(engine: Engine): MessagesApi {
  const { store, outbox, sync, connection, events, command, newKey, flush, report } = engine
  const loading = new Set<string>()
  /** The same object for the same message, so that views can tell what changed. */
  const made = new WeakMap<MessageSent, Message>()

  const list = (conversationId: string): MessageWindow => {
    const log = store.logs.get(conversationId)
    const page = log?.away ?? log?.live
    const sent = logs.messagesOf(page).map((message) => messageOf(message))
    const own = log?.away ? [] : outbox.of(conversationId)
    const me = store.me?.id || ''
    return {
      messages: [...sent, ...own.map((item) => asMessage(item, me))],
      notices: (page?.shown || []).filter((entry) => entry.type !== 'message_sent'),
      hasOlder: (page?.before ?? 1) > 0,
      hasNewer: log?.away ? true : false,
      loading: loading.has(conversationId),
    }
  }

  const open = async (conversationId: string): Promise<MessageWindow> => {
    if (!store.rows.has(conversationId)) await sync.fetchRow(conversationId)
    else if (connection.isOnline) void sync.fetchRow(conversationId)
    const log = store.logs.get(conversationId)
    if (log && !log.away && log.live.before === null && log.live.shown.length < PAGE) await loadOlder(conversationId)
    return list(conversationId)
  }

  const observe = (conversationId: string, fn: (window: MessageWindow) => void): (() => void) => {
    let seen = store.births.get(conversationId)
    const off = events.on('message:changed', (event) => {
      if (event.conversation_id !== conversationId) return
      const birth = store.births.get(conversationId)
      // Who lost sight of a conversation and may see it again begins with nothing but its end.
      if (birth !== seen && store.logs.has(conversationId)) open(conversationId).catch(report)
      seen = birth
      fn(list(conversationId))
    })
    fn(list(conversationId))
    return off
  }

  const loadOlder = async (conversationId: string): Promise<boolean> => {
    const page = pageOf(conversationId)
    if (!page || page.before === 0) return false
    const before = page.before ?? (page.shown[0]?.seq || 0)
    await load(conversationId, { before }, logs.mergeOlder)
    return list(conversationId).hasOlder
  }

  const loadNewer = async (conversationId: string): Promise<boolean> => {
    const away = store.logs.get(conversationId)?.away
    if (!away) return false
    const after = away.after || away.shown[away.shown.length - 1]?.seq || 0
    await load(conversationId, { after }, logs.mergeNewer)
    return list(conversationId).hasNewer
  }

  const around = async (conversationId: string, seq: number): Promise<MessageWindow> => {
    const held = pageOf(conversationId)?.shown.some((entry) => entry.seq === seq)
    if (!held) await load(conversationId, { around: seq }, logs.mergeAround)
    return list(conversationId)
  }

  const toEnd = (conversationId: string): MessageWindow => {
    store.updateLog(conversationId, logs.backToEnd)
    flush()
    return list(conversationId)
  }

  const send = (conversationId: string, content: Content, options: SendOptions = {}): SendHandle => {
    toEnd(conversationId)
    const item = outbox.add({
      conversation_id: conversationId,
      client_msg_id: newKey(),
      content,
      mentions: options.mentions || [],
      quote_seq: options.quoteSeq || 0,
      media: null,
    })
    return handle(conversationId, item.client_msg_id)
  }

  const sendMedia = (conversationId: string, source: MediaSource, options: SendOptions = {}): SendHandle => {
    toEnd(conversationId)
    const local_path = engine.config.adapter.preview(source.file)
    const { kind, file, name = '' } = source
    const item = outbox.add({
      conversation_id: conversationId,
      client_msg_id: newKey(),
      content: localContent(source, local_path),
      mentions: options.mentions || [],
      quote_seq: options.quoteSeq || 0,
      media: { kind, file, name, local_path },
    })
    return handle(conversationId, item.client_msg_id)
  }

  const resend = (clientMsgId: string): boolean => {
    return outbox.resend(clientMsgId)
  }

  const discard = (clientMsgId: string): boolean => {
    return outbox.discard(clientMsgId)
  }

  const edit = async (
    conversationId: string,
    seq: number,
    content: Content,
    options: { mentions?: string[] } = {},
  ): Promise<void> => {
    const target = { conversation_id: conversationId, target_seq: seq, client_msg_id: newKey() }
    const answer = await command<'edit_message'>({
      type: 'edit_message',
      ...target,
      content,
      mentions: options.mentions || [],
    })
    sync.expectSeq(conversationId, answer.seq)
  }

  const recall = async (conversationId: string, seq: number): Promise<void> => {
    const target = { conversation_id: conversationId, target_seq: seq, client_msg_id: newKey() }
    const answer = await command<'recall_message'>({ type: 'recall_message', ...target })
    sync.expectSeq(conversationId, answer.seq)
  }

  const react = async (conversationId: string, seq: number, emoji: string, on = true): Promise<void> => {
    const target = { conversation_id: conversationId, target_seq: seq, client_msg_id: newKey() }
    const answer = await command<'set_reaction'>({ type: 'set_reaction', ...target, emoji, on })
    sync.expectSeq(conversationId, answer.seq)
  }

  const find = async (conversationId: string, seq: number): Promise<Message | null> => {
    const log = store.logs.get(conversationId)
    const held = [...logs.messagesOf(log?.live), ...logs.messagesOf(log?.away)].find((message) => message.seq === seq)
    if (held) return messageOf(held)
    const history = await command<'get_messages'>({
      type: 'get_messages',
      conversation_id: conversationId,
      seqs: [seq],
    })
    store.addUsers(history.users)
    const found = history.messages.find((message) => message.seq === seq)
    return found ? messageOf(found) : null
  }

  const refresh = async (conversationId: string, seqs: number[]): Promise<void> => {
    await load(conversationId, { seqs }, logs.refreshPage)
  }

  const load = async (
    conversationId: string,
    where: { before?: number; after?: number; around?: number; seqs?: number[] },
    merge: typeof logs.mergeOlder,
  ): Promise<void> => {
    if (loading.has(conversationId)) return
    setLoading(conversationId, true)
    try {
      for (let attempt = 0; attempt < MERGE_ATTEMPTS; attempt++) {
        const edge = edgeOf(conversationId, where)
        const history = await ask(conversationId, where)
        // The window was reset or moved meanwhile: this page does not touch it any more.
        if (edgeOf(conversationId, where) !== edge) return
        if (store.mergeHistory(conversationId, history, merge)) return
      }
      throw new ChaguanError('unavailable', 'too many changes')
    } finally {
      setLoading(conversationId, false)
    }
  }

  /** The seq at the end of the window that a page is asked for. */
  const edgeOf = (conversationId: string, where: { before?: number; after?: number }): number | undefined => {
    const shown = pageOf(conversationId)?.shown || []
    if (where.before !== undefined) return shown[0]?.seq
    return where.after !== undefined ? shown[shown.length - 1]?.seq : undefined
  }

  const ask = (
    conversationId: string,
    where: { before?: number; after?: number; around?: number; seqs?: number[] },
  ): Promise<History> => {
    const { seqs, ...range } = where
    if (seqs) return command<'get_messages'>({ type: 'get_messages', conversation_id: conversationId, seqs })
    return command<'get_history'>({
      type: 'get_history',
      conversation_id: conversationId,
      limit: PAGE,
      ...range,
    })
  }

  const setLoading = (conversationId: string, on: boolean): void => {
    if (on) loading.add(conversationId)
    else loading.delete(conversationId)
    flush()
    events.emit('message:changed', { conversation_id: conversationId })
  }

  const pageOf = (conversationId: string): logs.Page | undefined => {
    const log = store.logs.get(conversationId)
    return log?.away ?? log?.live
  }

  const messageOf = (entry: MessageSent): Message => {
    const held = made.get(entry)
    if (held) return held
    const message = asSent(entry)
    made.set(entry, message)
    return message
  }

  const handle = (conversationId: string, clientMsgId: string): SendHandle => {
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

  return {
    list,
    open,
    observe,
    loadOlder,
    loadNewer,
    around,
    toEnd,
    send,
    sendMedia,
    resend,
    discard,
    edit,
    recall,
    react,
    find,
    refresh,
  }
}
