import type { Command, ConversationView, Limits, Replies, User } from '@chaguan/protocol'
import type { HttpRequest } from './adapter'
import type { ConnectionState, RequestOf } from './connection'
import { createConversations } from './conversations'
import type { ConversationsApi } from './conversations'
import { createEngine } from './engine'
import { ChaguanError, asChaguanError } from './errors'
import type { MediaApi } from './media'
import { createMessages } from './messages'
import type { MessagesApi } from './messages'
import { createUsers } from './users'
import type { UsersApi } from './users'
import { httpError } from './transport'
import type { ClientEvents, ClientOptions, SignInOptions } from './types'

const HTTP_TIMEOUT_MS = 20_000

/** One signed-in user on one device. Make one per application, not one per page. */
export interface Client {
  readonly conversations: ConversationsApi
  readonly messages: MessagesApi
  readonly media: MediaApi
  readonly users: UsersApi
  /**
   * Signs in and connects. Resolves when the last state kept on this device is there to be shown, before the
   * network has answered; `online()` waits for the server. A refused token comes as `signed-out`.
   */
  signIn(options: SignInOptions): Promise<void>
  /** Ends the session here and on the server, and leaves nothing in storage. */
  signOut(): Promise<void>
  /** Ends the connection and keeps everything: the end of a process, or of a test. */
  stop(): void
  /** Hears an event until the function that it answers with is called. */
  on<Name extends keyof ClientEvents>(name: Name, fn: (payload: ClientEvents[Name]) => void): () => void
  /** Resolves when the server has answered. Rejects with `timeout`, or with why the client was refused. */
  online(timeout_ms?: number): Promise<void>
  readonly state: ConnectionState
  /** Who is signed in, once the server or the storage has said so. */
  readonly me: User | null
  /** Staff: `owner`, `admin`, `agent` or `member`; else empty. */
  readonly role: string
  /** What the deployment allows: text in characters, sizes in bytes, durations by their suffix. */
  readonly limits: Required<Limits>
  /** The id of this device; sign-in over HTTP names it. */
  deviceId(): Promise<string>
  /** I am writing. Call it on every key stroke; at most one note per 3 s leaves. */
  typing(conversationId: string): void
  /** Ids of the users who write in a conversation now. */
  typingUsers(conversationId: string): string[]
  /** The low-level door: any command of the protocol, without its `id`. Waits for a connection up to 15 s. */
  command<Name extends Command['type']>(request: RequestOf<Name>): Promise<Replies[Name]>
  /** A key for a command that must not happen twice: the same on every attempt. */
  newKey(): string
  /** Takes over users and conversations that the answer to a `command` brought, so that they can be found. */
  hold(users: readonly User[] | undefined, views: readonly ConversationView[]): void
  /** Tells `error` listeners of a failure that nobody waits for. */
  report(error: unknown): void
  /** An HTTP request to this deployment, with the token if there is one: `http('GET', '/v1/me')`. */
  http<T>(method: HttpRequest['method'], path: string, body?: unknown): Promise<T>
  /** Writes to storage what waits to be written; for tests and for the end of a process. */
  settled(): Promise<void>
}

export function createClient(options: ClientOptions): Client {
  const engine = createEngine(options)
  const { config, connection, store, events, cache, typing } = engine
  const { adapter, endpoint } = config

  const online = (timeout_ms = HTTP_TIMEOUT_MS): Promise<void> => {
    if (connection.isOnline) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const offs: (() => void)[] = []
      const end = (error?: ChaguanError) => {
        offs.forEach((off) => off())
        if (error) reject(error)
        else resolve()
      }
      offs.push(
        events.on('connection', ({ state }) => state === 'online' && end()),
        events.on('signed-out', ({ reason }) => end(new ChaguanError('unauthenticated', reason))),
        adapter.timer(() => end(new ChaguanError('timeout', 'no answer')), timeout_ms),
      )
    })
  }

  const http = async <T>(method: HttpRequest['method'], path: string, body?: unknown): Promise<T> => {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' }
    if (connection.currentToken) Object.assign(headers, connection.headers())
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

  return {
    conversations: createConversations(engine),
    messages: createMessages(engine),
    media: engine.media,
    users: createUsers(engine),
    signIn: engine.signIn,
    signOut: engine.signOut,
    stop: () => {
      engine.save()
      connection.stop('stopped')
    },
    on: events.on,
    online,
    get state() {
      return connection.state
    },
    get me() {
      return store.me
    },
    get role() {
      return store.role
    },
    get limits() {
      return store.limits
    },
    deviceId: () => cache.deviceId(engine.newKey),
    typing: typing.tell,
    typingUsers: typing.users,
    command: engine.command,
    newKey: engine.newKey,
    hold: engine.hold,
    report: engine.report,
    http,
    settled: () => {
      engine.save()
      return cache.settled()
    },
  }
}
