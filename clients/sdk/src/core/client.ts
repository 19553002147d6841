import type { Command, Limits, Replies, User } from '@chaguan/protocol'
import type { HttpRequest } from './adapter'
import type { ConnectionState, RequestOf } from './connection'
import { ConversationsApi } from './conversations'
import { DeskApi } from './desk'
import { Engine } from './engine'
import { ChaguanError, asChaguanError } from './errors'
import type { MediaApi } from './media'
import { MessagesApi } from './messages'
import { MembersApi, PresenceApi, UsersApi } from './people'
import { httpError } from './transport'
import type { ClientEvents, ClientOptions, SignInOptions } from './types'

const HTTP_TIMEOUT_MS = 20_000

/** One signed-in user on one device. Make one per application, not one per page. */
export class Client {
  readonly conversations: ConversationsApi
  readonly messages: MessagesApi
  readonly media: MediaApi
  readonly users: UsersApi
  readonly members: MembersApi
  readonly presence: PresenceApi
  readonly desk: DeskApi
  private readonly engine: Engine

  constructor(options: ClientOptions) {
    this.engine = new Engine(options)
    this.conversations = new ConversationsApi(this.engine)
    this.messages = new MessagesApi(this.engine)
    this.media = this.engine.media
    this.users = new UsersApi(this.engine)
    this.members = new MembersApi(this.engine)
    this.presence = new PresenceApi(this.engine)
    this.desk = new DeskApi(this.engine)
  }

  /**
   * Signs in and connects. Resolves when the last state kept on this device is there to be shown, before the
   * network has answered; `online()` waits for the server. A refused token comes as `signed-out`.
   */
  signIn(options: SignInOptions): Promise<void> {
    return this.engine.signIn(options)
  }

  /** Ends the session here and on the server, and leaves nothing in storage. */
  signOut(): Promise<void> {
    return this.engine.signOut()
  }

  /** Ends the connection and keeps everything: the end of a process, or of a test. */
  stop(): void {
    this.engine.save()
    this.engine.connection.stop('stopped')
  }

  /** Hears an event until the function that it answers with is called. */
  on<Name extends keyof ClientEvents>(name: Name, fn: (payload: ClientEvents[Name]) => void): () => void {
    return this.engine.events.on(name, fn)
  }

  /** Resolves when the server has answered. Rejects with `timeout`, or with why the client was refused. */
  online(timeout_ms = HTTP_TIMEOUT_MS): Promise<void> {
    if (this.state === 'online') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const offs: (() => void)[] = []
      const end = (error?: ChaguanError) => {
        offs.forEach((off) => off())
        if (error) reject(error)
        else resolve()
      }
      offs.push(
        this.on('connection', ({ state }) => state === 'online' && end()),
        this.on('signed-out', ({ reason }) => end(new ChaguanError('unauthenticated', reason))),
        this.engine.config.adapter.timer(() => end(new ChaguanError('timeout', 'no answer')), timeout_ms),
      )
    })
  }

  get state(): ConnectionState {
    return this.engine.connection.state
  }

  /** Who is signed in, once the server or the storage has said so. */
  get me(): User | null {
    return this.engine.store.me
  }

  /** Staff: `owner`, `admin`, `agent` or `member`; else empty. */
  get role(): string {
    return this.engine.store.role
  }

  /** What the deployment allows: text in characters, sizes in bytes, durations by their suffix. */
  get limits(): Required<Limits> {
    return this.engine.store.limits
  }

  /** The id of this device; sign-in over HTTP names it. */
  deviceId(): Promise<string> {
    return this.engine.cache.deviceId(() => this.engine.newKey())
  }

  /** I am writing. Call it on every key stroke; at most one note per 3 s leaves. */
  typing(conversationId: string): void {
    this.engine.typing.tell(conversationId)
  }

  /** Ids of the users who write in a conversation now. */
  typingUsers(conversationId: string): string[] {
    return this.engine.typing.users(conversationId)
  }

  /** The low-level door: any command of the protocol, without its `id`. Waits for a connection up to 15 s. */
  command<Name extends Command['type']>(request: RequestOf<Name>): Promise<Replies[Name]> {
    return this.engine.command<Name>(request)
  }

  /** An HTTP request to this deployment, with the token if there is one: `http('GET', '/v1/me')`. */
  async http<T>(method: HttpRequest['method'], path: string, body?: unknown): Promise<T> {
    const { adapter, endpoint } = this.engine.config
    const headers: Record<string, string> = { 'Content-Type': 'application/json' }
    if (this.engine.connection.currentToken) Object.assign(headers, this.engine.connection.headers())
    const request: HttpRequest = {
      method,
      url: endpoint.replace(/\/+$/, '') + path,
      headers,
      timeout_ms: HTTP_TIMEOUT_MS,
    }
    if (body !== undefined) request.body = JSON.stringify(body)
    const response = await adapter.request(request).done.catch((error: unknown) => {
      throw asChaguanError(error)
    })
    if (response.status >= 400) throw ChaguanError.of(httpError(response))
    return (response.body ? JSON.parse(response.body) : null) as T
  }

  /** Writes to storage what waits to be written; for tests and for the end of a process. */
  async settled(): Promise<void> {
    this.engine.save()
    await this.engine.cache.settled()
  }
}
