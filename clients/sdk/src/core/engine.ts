import type { Command, Content, Push, Replies, Welcome } from '@chaguan/protocol'
import { Cache } from './cache'
import { Connection } from './connection'
import type { Asked, ConnectionOwner, ConnectionState, RequestOf } from './connection'
import { Emitter } from './emitter'
import { ChaguanError, asChaguanError } from './errors'
import { subjectOf, uuid7 } from './keys'
import { MediaApi } from './media'
import { Outbox, asSent } from './outbox'
import { Store } from './store'
import { Sync } from './sync'
import { TypingNotes } from './typing'
import { isListed, unreadOf } from './rows'
import type { ClientEvents, ClientOptions, SignInOptions } from './types'

const SAVE_AFTER_MS = 1_000
const ERASING: readonly string[] = ['revoked', 'disabled', 'password_changed']

/** Connects the parts: what the server says goes into the store, what changed there goes out as events. */
export class Engine implements ConnectionOwner {
  readonly store = new Store()
  readonly events: Emitter<ClientEvents>
  readonly connection: Connection
  readonly cache: Cache
  readonly outbox: Outbox
  readonly sync: Sync
  readonly media: MediaApi
  readonly typing: TypingNotes
  readonly base: string
  deviceId = ''
  /** Called with every push that is not about rows and logs. */
  readonly listeners: ((push: Push) => void)[] = []
  /** Called after each hello. */
  readonly onWelcome: (() => void)[] = []
  private options: SignInOptions | null = null
  private account = ''
  private unsaved = new Set<string>()
  private cancelSave: (() => void) | null = null
  private total = 0
  private generation = 0

  constructor(readonly config: ClientOptions) {
    const { adapter, logger } = config
    this.base = `${config.endpoint.replace(/\/+$/, '')}/v1`
    this.events = new Emitter(this.report)
    const log = (text: string) => logger?.debug(text)
    const storage = config.storage ?? adapter.storage
    const platform = config.platform ?? adapter.platform
    this.connection = new Connection(Object.assign(Object.create(adapter), { platform }), this.base, this, log)
    this.cache = new Cache(storage, config.storagePrefix ?? 'chaguan:', this.report)
    this.sync = new Sync({
      adapter,
      store: this.store,
      connection: this.connection,
      report: this.report,
      command: (request) => this.command(request),
      flush: () => this.flush(),
    })
    this.media = new MediaApi(this)
    this.typing = new TypingNotes(this)
    this.outbox = new Outbox({
      me: () => this.store.me?.id || '',
      now: () => adapter.now(),
      timer: (fn, ms) => adapter.timer(fn, ms),
      isOnline: () => this.connection.isOnline,
      send: (item) =>
        this.command<'send_message'>({
          type: 'send_message',
          conversation_id: item.conversation_id,
          client_msg_id: item.client_msg_id,
          content: item.content,
          mentions: item.mentions,
          quote_seq: item.quote_seq,
        }),
      upload: (item, onProgress) => this.media.uploadItem(item, onProgress),
      save: (item) => this.cache.saveItem(item),
      erase: (item) => this.cache.eraseItem(item),
      changed: (id) => this.events.emit('message:changed', { conversation_id: id }),
      expectSeq: (id, seq) => this.acknowledged(id, seq),
    })
    adapter.onHide(() => this.save())
  }

  readonly report = (raw: unknown): void => {
    const error = asChaguanError(raw)
    this.config.logger?.warn(error.message)
    this.events.emit('error', error)
  }

  now(): number {
    return this.config.adapter.now()
  }

  newKey(): string {
    return uuid7(this.now(), this.config.adapter.random(10))
  }

  command<Name extends Command['type']>(request: RequestOf<Name>): Promise<Replies[Name]> {
    return this.connection.command<Name>(request, this.store.limits.frame)
  }

  async signIn(options: SignInOptions): Promise<void> {
    if (!options.token && !options.getToken) throw new ChaguanError('bad_request', 'token or getToken')
    this.stop('signing in')
    const generation = ++this.generation
    this.options = options
    this.account = options.account ?? subjectOf(options.token || '')
    const deviceId = options.deviceId ?? (await this.cache.deviceId(() => this.newKey()))
    const session = await this.cache.session()
    if (generation !== this.generation) return
    this.deviceId = deviceId
    if (session && this.account && session.account === this.account) await this.restore(session.user_id)
    if (generation === this.generation) this.connection.start()
  }

  private async restore(userId: string): Promise<void> {
    if (await this.cache.restore(userId, this.store)) this.outbox.restore(await this.cache.outbox(userId))
    this.store.gaps()
    this.flush()
  }

  async signOut(): Promise<void> {
    const headers = this.connection.headers()
    const wasSignedIn = this.options !== null && this.connection.currentToken !== ''
    this.generation++
    this.options = null
    this.stop('signed out')
    const wiped = this.cache.wipe()
    this.events.emit('signed-out', { reason: 'signed_out' })
    if (wasSignedIn) await this.tellServer(headers)
    await wiped
  }

  /** The device is revoked if the server can be reached; if not, it is gone from here all the same. */
  private async tellServer(headers: Record<string, string>): Promise<void> {
    const url = `${this.base}/auth/sign_out`
    const task = this.config.adapter.request({ method: 'POST', url, headers, timeout_ms: 5_000 })
    await task.done.catch((error: unknown) => this.config.logger?.warn(`sign out: ${String(error)}`))
  }

  private stop(reason: string): void {
    this.dropSave()
    this.connection.stop(reason)
    this.outbox.clear()
    this.typing.clear()
    this.store.clear()
    this.flush()
    this.dropSave()
  }

  /** What was cleared must not be written over what is kept. */
  private dropSave(): void {
    this.cancelSave?.()
    this.cancelSave = null
    this.unsaved = new Set()
  }

  async token(renew: boolean): Promise<string> {
    const { token, getToken } = this.options ?? {}
    if (getToken) return getToken(renew)
    if (!token || renew) throw new ChaguanError('unauthenticated', 'the token was refused')
    return token
  }

  asked(): Asked {
    return this.sync.asked()
  }

  welcomed(welcome: Welcome, asked: Asked, isHello: boolean): void {
    const { store } = this
    const seenAt = store.seenAt
    if (store.me && store.me.id !== welcome.user.id) return this.startOver(welcome, true)
    if (store.isOtherEpoch(welcome)) return this.startOver(welcome, false)
    const isFirst = store.me === null
    store.applyWelcome(welcome, new Map(asked.known), asked.user_version)
    store.seenAt = welcome.server_time
    if (isFirst) this.adopt(welcome.user.id)
    this.flush()
    this.sync.afterWelcome(welcome, asked, seenAt)
    if (!isHello) return
    this.onWelcome.forEach((fn) => fn())
    this.outbox.pumpAll()
  }

  /** Another user or another epoch than what is held: ask from nothing. The outbox stays with its user. */
  private startOver(welcome: Welcome, isOtherUser: boolean): void {
    this.store.clear()
    if (isOtherUser) {
      this.outbox.clear()
      this.adopt(welcome.user.id)
    }
    this.store.me = welcome.user
    this.flush()
    this.connection.ask(this.asked(), 15_000, this.report)
    this.outbox.pumpAll()
  }

  /** First answer for a user that was not restored: their unsent messages come back. */
  private adopt(userId: string): void {
    this.cache.saveSession({ user_id: userId, account: this.account })
    this.cache.outbox(userId).then((items) => {
      if (this.store.me?.id !== userId) return
      this.outbox.restore(items)
      items.forEach((item) => this.events.emit('message:changed', { conversation_id: item.conversation_id }))
    }, this.report)
  }

  push(push: Push): void {
    switch (push.type) {
      case 'user_changed':
        if (!this.store.applyUserChanged(push)) this.connection.resume()
        for (const { conversation_id, removed } of push.inboxes || []) {
          if (!removed && !this.store.rows.has(conversation_id)) void this.sync.fetchRow(conversation_id)
        }
        this.store.gaps().forEach((id) => this.sync.pull(id))
        break
      case 'mark_moved':
        this.store.moveMark(push.conversation_id, push.user_id, push.read_seq)
        break
      case 'resume_needed':
        this.connection.resume()
        break
      case 'signed_out':
        return this.ended(push.reason)
      case 'typing':
        this.typing.heard(push.conversation_id, push.user_id)
        break
      case 'presence_changed':
      case 'desk_changed':
        break
      default:
        this.entry(push)
    }
    this.listeners.forEach((listener) => listener(push))
    this.flush()
  }

  private entry(push: Push): void {
    // Types that this client does not know yet are no entries for it, unless they count in a log.
    if (!('seq' in push) || !push.conversation_id) return
    const id = push.conversation_id
    if (!this.store.applyEntry(push)) void this.sync.fetchRow(id)
    else if (this.store.isBehind(id)) this.sync.pull(id)
  }

  stateChanged(state: ConnectionState, reason: string): void {
    this.events.emit('connection', { state, reason })
  }

  refused(error: ChaguanError): void {
    if (error.code === 'forbidden') return this.ended('disabled')
    this.events.emit('error', error)
    this.events.emit('signed-out', { reason: error.code })
  }

  private ended(reason: string): void {
    this.generation++
    this.options = null
    if (ERASING.indexOf(reason) >= 0) {
      this.stop(reason)
      void this.cache.wipe()
    } else this.connection.stop(reason)
    this.events.emit('signed-out', { reason })
  }

  /** Tells what changed in the store since the last time. */
  flush(): void {
    const { rows, logs, messages } = this.store.take()
    const me = this.store.me?.id
    for (const message of messages) if (message.sender_id === me) this.outbox.seen(message)
    logs.forEach((id) => this.settleOutbox(id))
    for (const message of messages) {
      this.typing.stopped(message.conversation_id, message.sender_id)
      this.events.emit('message', { conversation_id: message.conversation_id, message: asSent(message) })
    }
    logs.forEach((id) => this.events.emit('message:changed', { conversation_id: id }))
    if (rows.size) this.events.emit('conversation', { conversation_ids: Array.from(rows) })
    if (rows.size) this.tellTotal()
    if (rows.size + logs.size) this.saveSoon(logs)
  }

  private acknowledged(id: string, seq: number): void {
    // A second attempt is acknowledged with an entry that the log may have had for long.
    if (!this.store.logs.has(id) || this.store.upTo(id) >= seq) this.outbox.reached(id, seq)
    else this.sync.expectSeq(id, seq)
  }

  private settleOutbox(id: string): void {
    const waiting = this.outbox.of(id)
    if (!waiting.length) return
    this.outbox.reached(id, this.store.upTo(id))
    const mine = new Set(waiting.map((item) => item.client_msg_id))
    for (const message of this.store.logs.get(id)?.live.messages || []) {
      if (mine.has(message.client_msg_id) && message.sender_id === this.store.me?.id) this.outbox.seen(message)
    }
  }

  totalUnread(): number {
    let total = 0
    this.store.rows.forEach((row) => {
      if (isListed(row, false) && !row.inbox.muted) total += unreadOf(row) || (row.inbox.marked_unread ? 1 : 0)
    })
    return total
  }

  private tellTotal(): void {
    const total = this.totalUnread()
    if (total === this.total) return
    this.total = total
    this.events.emit('unread', { total })
  }

  private saveSoon(logs: Set<string>): void {
    logs.forEach((id) => this.unsaved.add(id))
    if (!this.cancelSave) this.cancelSave = this.config.adapter.timer(() => this.save(), SAVE_AFTER_MS)
  }

  save(): void {
    this.cancelSave?.()
    this.cancelSave = null
    this.cache.save(this.store, this.unsaved)
    this.unsaved = new Set()
  }

  queue(conversationId: string, content: Content, mentions: string[], quoteSeq: number) {
    return this.outbox.add({
      conversation_id: conversationId,
      client_msg_id: this.newKey(),
      content,
      mentions,
      quote_seq: quoteSeq,
      media: null,
    })
  }
}
