import type { Command, ConversationView, MessageSent, Push, Replies, User, Welcome } from '@chaguan/protocol'
import { createCache } from './cache'
import type { Cache } from './cache'
import { NO_DEADLINE_MS, createConnection } from './connection'
import type { Asked, Connection, RequestOf } from './connection'
import { createEmitter } from './emitter'
import type { Emitter } from './emitter'
import { ChaguanError, asChaguanError } from './errors'
import { uuid7 } from './keys'
import { messagesOf } from './log'
import { createMedia } from './media'
import type { MediaApi } from './media'
import { asSent, createOutbox } from './outbox'
import type { Outbox } from './outbox'
import { isListed, unreadOf } from './rows'
import { createStore } from './store'
import type { Store } from './store'
import { createSync } from './sync'
import type { Sync } from './sync'
import { createTyping } from './typing'
import type { TypingNotes } from './typing'
import type { ClientEvents, ClientOptions, SignInOptions } from './types'

const SAVE_AFTER_MS = 1_000
const ERASING: readonly string[] = ['revoked', 'disabled', 'password_changed']

/** What the parts of the client share. */
export interface Engine {
  readonly config: ClientOptions
  /** `https://host/v1`. */
  readonly base: string
  readonly store: Store
  readonly events: Emitter<ClientEvents>
  readonly connection: Connection
  readonly cache: Cache
  readonly outbox: Outbox
  readonly sync: Sync
  readonly media: MediaApi
  readonly typing: TypingNotes
  /** Called after each hello. */
  readonly onWelcome: (() => void)[]
  report(error: unknown): void
  now(): number
  newKey(): string
  command<Name extends Command['type']>(request: RequestOf<Name>): Promise<Replies[Name]>
  signIn(options: SignInOptions): Promise<void>
  signOut(): Promise<void>
  hold(users: readonly User[] | undefined, views: readonly ConversationView[]): void
  /** Tells what changed in the store since the last time. */
  flush(): void
  totalUnread(): number
  save(): void
}

/** Connects the parts: what the server says goes into the store, what changed there goes out as events. */
export function createEngine(config: ClientOptions): Engine {
  const { adapter, logger } = config
  const base = `${config.endpoint.replace(/\/+$/, '')}/v1`
  const store = createStore()
  const onWelcome: (() => void)[] = []
  let device = ''
  let credentials: SignInOptions | null = null
  let account = ''
  let unsaved = new Set<string>()
  let cancelSave: (() => void) | null = null
  let toldTotal = 0
  /** How often someone has signed in or out: what began for an earlier one ends unheard. */
  let signIns = 0

  const now = (): number => adapter.now()

  const report = (raw: unknown): void => {
    const error = asChaguanError(raw)
    logger?.warn(error.message)
    events.emit('error', error)
  }

  const newKey = (): string => uuid7(now(), adapter.random(10))

  const command = <Name extends Command['type']>(request: RequestOf<Name>): Promise<Replies[Name]> => {
    return connection.command<Name>(request, store.limits.frame)
  }

  const events = createEmitter<ClientEvents>(report)
  const cache = createCache(config.storage ?? adapter.storage, config.storagePrefix ?? 'chaguan:', report)
  const connection = createConnection(
    adapter,
    base,
    {
      platform: config.platform ?? adapter.platform,
      deviceId: () => device,
      token: (renew) => token(renew),
      asked: () => sync.asked(),
      welcomed: (welcome, asked, isHello) => welcomed(welcome, asked, isHello),
      push: (push) => take(push),
      stateChanged: (state, reason) => events.emit('connection', { state, reason }),
      refused: (error) => refused(error),
    },
    (text) => logger?.debug(text),
  )
  const sync = createSync({
    adapter,
    store,
    connection,
    report,
    command,
    flush: () => flush(),
    hold: (users, views) => hold(users, views),
  })
  const media = createMedia({ config, base, connection })
  const typing = createTyping({ config, store, events, connection, now, command })
  const outbox = createOutbox({
    me: () => store.me?.id || '',
    now,
    timer: (fn, delay_ms) => adapter.timer(fn, delay_ms),
    isOnline: () => connection.isOnline,
    // Defaults do not cross: JSON leaves out what is undefined, for which the types have no word.
    send: ({ conversation_id, client_msg_id, content, mentions, quote_seq }) =>
      connection.command<'send_message'>(
        {
          type: 'send_message',
          conversation_id,
          client_msg_id,
          content,
          mentions: (mentions[0] && mentions) as string[],
          quote_seq: (quote_seq || undefined) as number,
        },
        store.limits.frame,
        NO_DEADLINE_MS,
      ),
    upload: media.uploadItem,
    save: cache.saveItem,
    erase: cache.eraseItem,
    changed: (conversation_id) => changed(conversation_id),
    expectSeq: (id, seq) => acknowledged(id, seq),
  })

  const signIn = async (options: SignInOptions): Promise<void> => {
    if (!options.token && !options.getToken) throw new ChaguanError('bad_request', 'no token')
    stop('signing in')
    const mine = ++signIns
    credentials = options
    account = options.account || ''
    const deviceId = options.deviceId ?? (await cache.deviceId(() => newKey()))
    const session = await cache.session()
    if (mine !== signIns) return
    device = deviceId
    const isSame = session && account && session.account === account
    const put = isSame ? await cache.restore(session.user_id) : null
    if (mine !== signIns) return
    const unsent = put?.(store)
    if (unsent) outbox.restore(unsent)
    flush()
    connection.start()
  }

  const signOut = async (): Promise<void> => {
    const headers = connection.headers()
    const wasSignedIn = credentials !== null && connection.currentToken !== ''
    signIns++
    credentials = null
    stop('signed out')
    const wiped = cache.wipe()
    events.emit('signed-out', { reason: 'signed_out' })
    if (wasSignedIn) await tellServer(headers)
    await wiped
  }

  /** The device is revoked if the server can be reached; if not, it is gone from here all the same. */
  const tellServer = async (headers: Record<string, string>): Promise<void> => {
    const url = `${base}/auth/sign_out`
    const task = adapter.request({ method: 'POST', url, headers, timeout_ms: 5_000 })
    await task.done.catch((error: unknown) => logger?.warn(`sign out: ${String(error)}`))
  }

  const stop = (reason: string): void => {
    dropSave()
    connection.stop(reason)
    outbox.clear()
    typing.clear()
    store.clear()
    flush()
    dropSave()
  }

  /** What was cleared must not be written over what is kept. */
  const dropSave = (): void => {
    cancelSave?.()
    cancelSave = null
    unsaved = new Set()
  }

  const token = async (renew: boolean): Promise<string> => {
    const { token, getToken } = credentials ?? {}
    if (getToken) return getToken(renew)
    if (!token || renew) throw new ChaguanError('unauthenticated', 'refused')
    return token
  }

  const welcomed = (welcome: Welcome, asked: Asked, isHello: boolean): void => {
    const seenAt = store.seenAt
    if (store.me && store.me.id !== welcome.user.id) return startOver(welcome, true)
    if (store.isOtherEpoch(welcome, asked.user_version)) return startOver(welcome, false)
    const isFirst = store.me === null
    store.applyWelcome(welcome, new Map(asked.known), asked.user_version)
    store.seenAt = welcome.server_time
    if (isFirst) adopt(welcome.user.id)
    flush()
    sync.afterWelcome(welcome, asked, seenAt)
    if (!isHello) return
    onWelcome.forEach((fn) => fn())
    outbox.pumpAll()
  }

  /** Another user or another epoch than what is held: ask from nothing. The outbox stays with its user. */
  const startOver = (welcome: Welcome, isOtherUser: boolean): void => {
    store.clear()
    if (isOtherUser) {
      outbox.clear()
      adopt(welcome.user.id)
    }
    store.me = welcome.user
    flush()
    connection.ask(sync.asked(), 15_000, report)
    outbox.pumpAll()
  }

  /** First answer for a user that was not restored: their unsent messages come back. */
  const adopt = (userId: string): void => {
    cache.saveSession({ user_id: userId, account: account })
    cache.outbox(userId).then((items) => {
      if (store.me?.id !== userId) return
      outbox.restore(items)
      items.forEach((item) => changed(item.conversation_id))
    }, report)
  }

  const take = (push: Push): void => {
    switch (push.type) {
      case 'user_changed':
        if (!store.applyUserChanged(push)) connection.resume()
        for (const { conversation_id, removed } of push.inboxes || []) {
          if (!removed && !store.rows.has(conversation_id)) void sync.fetchRow(conversation_id)
        }
        store.gaps().forEach((id) => sync.pull(id))
        break
      case 'mark_moved':
        store.moveMark(push.conversation_id, push.user_id, push.read_seq)
        break
      case 'resume_needed':
        connection.resume()
        break
      case 'signed_out':
        return ended(push.reason)
      case 'typing':
        typing.heard(push.conversation_id, push.user_id)
        break
      case 'presence_changed':
      case 'desk_changed':
        break
      default:
        entry(push)
    }
    events.emit('push', push)
    flush()
  }

  const entry = (push: Push): void => {
    // Types that this client does not know yet are no entries for it, unless they count in a log.
    if (!('seq' in push) || !push.conversation_id) return
    const id = push.conversation_id
    if (!store.applyEntry(push)) void sync.fetchRow(id)
    else if (store.isBehind(id)) sync.pull(id)
  }

  const refused = (error: ChaguanError): void => {
    if (error.code === 'forbidden') return ended('disabled')
    events.emit('error', error)
    events.emit('signed-out', { reason: error.code })
  }

  const ended = (reason: string): void => {
    signIns++
    credentials = null
    if (ERASING.indexOf(reason) >= 0) {
      stop(reason)
      void cache.wipe()
    } else connection.stop(reason)
    events.emit('signed-out', { reason })
  }

  const hold = (users: readonly User[] | undefined, views: readonly ConversationView[]): void => {
    store.addUsers(users)
    for (const view of views) {
      store.addView(view)
      if (store.isBehind(view.conversation.id)) sync.pull(view.conversation.id)
    }
    flush()
  }

  /** Tells what changed in the store since the last time. */
  const flush = (): void => {
    const { rows, logs, messages } = store.take()
    const me = store.me?.id
    for (const message of messages) if (message.sender_id === me) outbox.seen(message)
    logs.forEach((id) => settleOutbox(id))
    for (const message of messages) {
      typing.stopped(message.conversation_id, message.sender_id)
      events.emit('message', { conversation_id: message.conversation_id, message: asSent(message) })
    }
    logs.forEach((id) => changed(id))
    askWho(messages)
    if (rows.size) events.emit('conversation', { conversation_ids: Array.from(rows) })
    if (rows.size) tellTotal()
    if (rows.size + logs.size) saveSoon(logs)
  }

  const changed = (conversation_id: string): void => {
    events.emit('message:changed', { conversation_id })
  }

  /** A push names its sender by id alone. Who that is, is asked, and told as a change of the window. */
  const askWho = (messages: readonly MessageSent[]): void => {
    const unknown = messages.filter((message) => !store.users.has(message.sender_id))
    const user_ids = Array.from(new Set(unknown.map((message) => message.sender_id)))
    if (!user_ids.length) return
    command<'get_users'>({ type: 'get_users', user_ids }).then(({ users }) => {
      store.addUsers(users)
      unknown.forEach((message) => changed(message.conversation_id))
    }, report)
  }

  const acknowledged = (id: string, seq: number): void => {
    // A second attempt is acknowledged with an entry that the log may have had for long.
    if (!store.logs.has(id) || store.upTo(id) >= seq) outbox.reached(id, seq)
    else sync.expectSeq(id, seq)
  }

  const settleOutbox = (id: string): void => {
    const waiting = outbox.of(id)
    if (!waiting.length) return
    outbox.reached(id, store.upTo(id))
    const mine = new Set(waiting.map((item) => item.client_msg_id))
    for (const message of messagesOf(store.logs.get(id)?.live)) {
      if (mine.has(message.client_msg_id) && message.sender_id === store.me?.id) outbox.seen(message)
    }
  }

  const totalUnread = (): number => {
    let total = 0
    store.rows.forEach((row) => {
      if (isListed(row, false) && !row.inbox.muted) total += unreadOf(row) || (row.inbox.marked_unread ? 1 : 0)
    })
    return total
  }

  const tellTotal = (): void => {
    const total = totalUnread()
    if (total === toldTotal) return
    toldTotal = total
    events.emit('unread', { total })
  }

  const saveSoon = (logs: Set<string>): void => {
    logs.forEach((id) => unsaved.add(id))
    if (!cancelSave) cancelSave = adapter.timer(save, SAVE_AFTER_MS)
  }

  const save = (): void => {
    cancelSave?.()
    cancelSave = null
    cache.save(store, unsaved)
    unsaved = new Set()
  }

  adapter.onHide(save)

  return {
    config,
    base,
    store,
    events,
    connection,
    cache,
    outbox,
    sync,
    media,
    typing,
    onWelcome,
    report,
    now,
    newKey,
    command,
    signIn,
    signOut,
    hold,
    flush,
    totalUnread,
    save,
  }
}
