import type { Command, Hello, Push, Replies, Reply, Resume, Welcome } from '@chaguan/protocol'
import { PROTOCOL_VERSION } from '@chaguan/protocol'
import type { Adapter } from './adapter'
import { ChaguanError, asChaguanError } from './errors'
import { ABNORMAL, openPoll, openSocket } from './transport'
import type { Frame, Transport, TransportEvents } from './transport'
import { utf8Length } from './keys'

/** `waiting`: the next attempt is at a known time; `offline`: not wanted, or the host says there is no network. */
export type ConnectionState = 'connecting' | 'online' | 'waiting' | 'offline'

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** A command as the application gives it: its `id` is the connection's business. */
export type Request = Without<Command, 'id'>
export type RequestOf<Name extends Command['type']> = Extract<Request, { type: Name }>

export interface Asked {
  epoch: string | null
  user_version: number
  known: [string, number][]
}

/** What the connection needs of the client around it. */
export interface ConnectionOwner {
  /** The token to present; `renew`: the last one was refused or expires. Rejects if there is none. */
  token(renew: boolean): Promise<string>
  deviceId: string
  /** What the client holds. */
  asked(): Asked
  welcomed(welcome: Welcome, asked: Asked, isHello: boolean): void
  push(push: Push): void
  stateChanged(state: ConnectionState, reason: string): void
  /** The server does not want this client until something changes. */
  refused(error: ChaguanError): void
}

interface Pending {
  command: Command
  resolve(ok: unknown): void
  reject(error: ChaguanError): void
  cancel(): void
}

const COMMAND_TIMEOUT_MS = 15_000
const HELLO_TIMEOUT_MS = 10_000
const RESUME_DEADLINE_MS = 2_500
const IDLE_MS = 30_000
const SILENCE_MS = 45_000
const TICK_MS = 5_000
const RESUME_EVERY_MS = 300_000
const STABLE_MS = 10_000
const FIRST_RETRY_MS = 300
const MAX_RETRY_MS = 30_000
const FAILURES_BEFORE_POLL = 3
const SOCKET_AGAIN_MS = 120_000
const REAUTHORIZE = 4003
const UNAUTHENTICATED = 4501

/**
 * One living link to the server. It dials, says hello, keeps the link alive, notices when it died without a word,
 * and dials again. Commands that were not answered when a link broke are sent once more on the next, unchanged.
 */
export class Connection {
  state: ConnectionState = 'offline'
  private wanted = false
  private transport: Transport | null = null
  private mode: 'socket' | 'poll' = 'socket'
  private renew = false
  private renewed = false
  private token = ''
  private attempts = 0
  private failures = 0
  private nextId = 1
  private readonly pending = new Map<number, Pending>()
  private early: Push[] = []
  private onlineAt = 0
  private pollSince = 0
  private heardAt = 0
  private resumedAt = 0
  private tickedAt = 0
  private suspect = false
  private visible = true
  private cancelRetry: () => void = () => undefined
  private cancelTick: () => void = () => undefined
  private hostOff: (() => void)[] = []

  constructor(
    private readonly adapter: Adapter,
    /** `https://host/v1` */
    private readonly base: string,
    private readonly owner: ConnectionOwner,
    private readonly log: (text: string) => void,
  ) {}

  start(): void {
    if (this.wanted) return
    this.wanted = true
    this.renewed = false
    this.attempts = 0
    this.hostOff = [
      this.adapter.onShow(() => this.shown()),
      this.adapter.onHide(() => this.hidden()),
      this.adapter.onNetwork((online) => this.networkChanged(online)),
    ]
    this.dial()
  }

  /** Ends it; commands that wait are refused with `error`. */
  stop(reason: string, error = new ChaguanError('unavailable', 'signed out')): void {
    this.wanted = false
    this.hostOff.forEach((off) => off())
    this.hostOff = []
    this.cancelRetry()
    this.hangUp()
    this.pending.forEach((pending) => pending.reject(error))
    this.pending.clear()
    this.enter('offline', reason)
  }

  get isOnline(): boolean {
    return this.state === 'online'
  }

  /** The way to the server at present, for diagnosis. */
  get via(): 'socket' | 'poll' {
    return this.mode
  }

  /** The token that the server accepted, for HTTP requests beside the link. */
  get currentToken(): string {
    return this.token
  }

  /**
   * Asks the server. Without a link it waits for one, at most `timeout_ms` in all, then rejects with `timeout`;
   * what the command did by then is not known, sending it again with the same key finds out.
   */
  command<Name extends Command['type']>(
    request: RequestOf<Name>,
    frameLimit: number,
    timeout_ms = COMMAND_TIMEOUT_MS,
  ): Promise<Replies[Name]> {
    const command = { ...request, id: this.nextId++ } as unknown as Command
    if (!this.wanted) return Promise.reject(new ChaguanError('unavailable', 'not signed in'))
    if (utf8Length(JSON.stringify(command)) > frameLimit) {
      return Promise.reject(new ChaguanError('too_large', `a command is at most ${frameLimit} bytes`))
    }
    return new Promise((resolve, reject) => {
      this.expect(command, resolve as (ok: unknown) => void, reject, timeout_ms)
      if (this.isOnline) this.write(command)
    })
  }

  private expect(
    command: Command,
    resolve: (ok: unknown) => void,
    reject: (error: ChaguanError) => void,
    timeout_ms: number,
  ): void {
    const cancel = this.adapter.timer(() => {
      this.pending.delete(command.id)
      reject(new ChaguanError('timeout', `no answer to ${command.type} within ${timeout_ms} ms`))
    }, timeout_ms)
    this.pending.set(command.id, { command, resolve, reject, cancel })
  }

  /** Catches up on the living link; if no answer comes in time, the link is taken for dead. */
  resume(deadline_ms = COMMAND_TIMEOUT_MS): void {
    if (!this.isOnline) return
    this.resumedAt = this.adapter.now()
    const link = this.transport
    this.ask(this.owner.asked(), deadline_ms, () => {
      if (this.transport === link) this.lost(ABNORMAL, 'no answer to resume')
    })
  }

  /** A resume for some conversations only. */
  ask(asked: Asked, deadline_ms: number, failed: (error: ChaguanError) => void): void {
    const command: Resume = { type: 'resume', id: this.nextId++, ...asked }
    const done = (ok: unknown) => {
      this.suspect = false
      this.owner.welcomed(ok as Welcome, asked, false)
    }
    this.expect(command, done, failed, deadline_ms)
    this.write(command)
  }

  private dial(): void {
    this.cancelRetry()
    this.enter('connecting', this.attempts ? 'retry' : 'start')
    const renew = this.renew
    this.renew = false
    this.owner.token(renew).then(
      (token) => {
        if (!this.wanted || this.transport || this.state !== 'connecting') return
        this.token = token
        this.open()
      },
      (error: unknown) => this.wanted && this.tokenFailed(asChaguanError(error)),
    )
  }

  private tokenFailed(error: ChaguanError): void {
    if (error.code === 'unauthenticated' || error.code === 'forbidden') return this.refuse(error)
    this.log(`no token: ${error.message}`)
    this.renew = true
    this.retryLater('no token')
  }

  private open(): void {
    const hasSocket = this.adapter.socket !== null
    this.mode = hasSocket && !this.shouldPoll() ? 'socket' : 'poll'
    if (this.mode === 'poll' && !this.pollSince) this.pollSince = this.adapter.now()
    const events = this.events()
    const started = this.adapter.now()
    this.heardAt = this.tickedAt = started
    // A socket whose opening never ends says nothing at all.
    const cancel = this.adapter.timer(
      () => this.transport === link && !this.isOnline && this.lost(ABNORMAL, 'no welcome'),
      HELLO_TIMEOUT_MS,
    )
    this.cancelRetry = cancel
    const link =
      this.mode === 'socket'
        ? openSocket(this.adapter, `${this.base.replace(/^http/, 'ws')}/ws`, events.bound)
        : openPoll(
            { adapter: this.adapter, base: this.base, headers: () => this.headers(), hello: () => this.hello() },
            events.bound,
          )
    this.transport = link
    events.link = link
    this.cancelTick = this.adapter.timer(() => this.tick(), TICK_MS)
  }

  private shouldPoll(): boolean {
    if (this.pollSince) {
      if (this.adapter.now() - this.pollSince < SOCKET_AGAIN_MS) return true
      this.pollSince = 0
      this.failures = FAILURES_BEFORE_POLL - 1
    }
    return this.failures >= FAILURES_BEFORE_POLL
  }

  /** Events of one link; those of an older one are not heard. */
  private events(): { link: Transport | null; bound: TransportEvents } {
    const self: { link: Transport | null; bound: TransportEvents } = {
      link: null,
      bound: {
        opened: () => this.isCurrent(self.link) && this.sayHello(),
        frame: (frame) => this.isCurrent(self.link) && this.take(frame),
        polled: (welcome) => this.isCurrent(self.link) && this.polled(welcome),
        closed: (code, reason) => this.isCurrent(self.link) && this.lost(code, reason),
      },
    }
    return self
  }

  private isCurrent(link: Transport | null): boolean {
    return link !== null && link === this.transport
  }

  headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.token}`, 'X-Device-Id': this.owner.deviceId }
  }

  private hello(asked = this.owner.asked()): Hello {
    return {
      type: 'hello',
      id: this.nextId++,
      protocol: PROTOCOL_VERSION,
      token: this.token,
      device_id: this.owner.deviceId,
      platform: this.adapter.platform,
      ...asked,
    }
  }

  private sayHello(): void {
    const asked = this.owner.asked()
    const hello = this.hello(asked)
    const link = this.transport
    this.early = []
    const welcomed = (ok: unknown) => this.welcomed(ok as Welcome, asked)
    this.expect(hello, welcomed, (error) => this.isCurrent(link) && this.helloFailed(error), HELLO_TIMEOUT_MS)
    this.write(hello)
  }

  private welcomed(welcome: Welcome, asked: Asked): void {
    this.cancelRetry()
    this.renewed = false
    this.failures = 0
    this.suspect = false
    this.onlineAt = this.resumedAt = this.adapter.now()
    this.enter('online', this.mode)
    this.owner.welcomed(welcome, asked, true)
    const early = this.early
    this.early = []
    early.forEach((push) => this.owner.push(push))
    // What was not answered on the former link goes out once more; the keys make that harmless.
    for (const { command } of Array.from(this.pending.values())) {
      if (command.type !== 'resume' && command.type !== 'hello') this.write(command)
    }
  }

  private polled(welcome: Welcome): void {
    this.heardAt = this.adapter.now()
    this.owner.welcomed(welcome, this.owner.asked(), false)
  }

  private helloFailed(error: ChaguanError): void {
    if (error.code === 'unauthenticated') return this.lost(UNAUTHENTICATED, error.detail)
    if (error.busy || error.code === 'internal') return this.lost(ABNORMAL, error.code, error.retryAfterMs)
    this.refuse(error)
  }

  private write(command: Command): void {
    try {
      this.transport?.send(command)
    } catch (error) {
      // A send that throws is how some hosts say that the socket is gone.
      this.log(`send failed: ${String(error)}`)
      this.suspect = true
      this.cancelTick()
      this.cancelTick = this.adapter.timer(() => this.lost(ABNORMAL, 'send failed'), 0)
    }
  }

  private take(frame: Frame): void {
    this.heardAt = this.adapter.now()
    if (frame.type === 'reply') return this.answered(frame)
    if (this.isOnline) this.owner.push(frame)
    else this.early.push(frame)
  }

  private answered(reply: Reply): void {
    const pending = this.pending.get(reply.id)
    if (!pending) return
    this.pending.delete(reply.id)
    pending.cancel()
    if (reply.error) pending.reject(ChaguanError.of(reply.error))
    else pending.resolve(reply.ok || null)
    if (reply.error?.code === 'unauthenticated' && pending.command.type !== 'hello')
      this.lost(REAUTHORIZE, 'unauthenticated')
  }

  private hangUp(): void {
    this.cancelTick()
    this.transport?.close()
    this.transport = null
    this.suspect = false
    this.early = []
    this.pending.forEach((pending, id) => {
      if (pending.command.type !== 'hello' && pending.command.type !== 'resume') return
      pending.cancel()
      this.pending.delete(id)
    })
  }

  private lost(code: number, reason: string, delay_ms = 0): void {
    if (!this.wanted) return
    const wasOnline = this.isOnline
    if (!wasOnline && this.mode === 'socket' && code < 4000) this.failures++
    if (wasOnline && this.adapter.now() - this.onlineAt >= STABLE_MS) this.attempts = 0
    this.cancelRetry()
    this.hangUp()
    this.log(`link lost: ${code} ${reason}`)
    if (code === UNAUTHENTICATED || code === REAUTHORIZE) return this.reauthorize(code, reason)
    if (code >= 4500 && code < 5000) return this.refuse(new ChaguanError(codeOfClose(code), reason, { close: code }))
    if (code === 4000) delay_ms = Math.min(10_000, Math.max(0, parseInt(reason, 10) || 0))
    this.retryLater(reason || String(code), delay_ms)
  }

  private reauthorize(code: number, reason: string): void {
    if (this.renewed && code === UNAUTHENTICATED) return this.refuse(new ChaguanError('unauthenticated', reason))
    this.renewed = true
    this.renew = true
    this.retryLater(reason || 'unauthenticated', 1)
  }

  private refuse(error: ChaguanError): void {
    this.stop(error.code, error)
    this.owner.refused(error)
  }

  private retryLater(reason: string, delay_ms = 0): void {
    const delay = delay_ms || this.backoff()
    this.attempts++
    this.enter('waiting', reason)
    this.cancelRetry()
    this.cancelRetry = this.adapter.timer(() => this.dial(), delay)
  }

  /** Full jitter: clients that lost the same server do not come back together. */
  private backoff(): number {
    if (this.attempts === 0) return FIRST_RETRY_MS
    const most = Math.min(MAX_RETRY_MS, 2 * FIRST_RETRY_MS * 2 ** Math.min(this.attempts, 10))
    return Math.max(100, Math.floor((most * ((this.adapter.random(1)[0] ?? 128) + 1)) / 256))
  }

  private tick(): void {
    const now = this.adapter.now()
    const gap = now - this.tickedAt
    this.tickedAt = now
    this.cancelTick = this.adapter.timer(() => this.tick(), TICK_MS)
    if (!this.isOnline) return
    // Timers stood still: the host was suspended, and the link may be dead without anyone having said so.
    if (gap > 3 * TICK_MS) return this.resume(RESUME_DEADLINE_MS)
    if (this.mode === 'socket') {
      if (now - this.heardAt > SILENCE_MS) return this.lost(ABNORMAL, 'silence')
      if (now - this.heardAt >= IDLE_MS - TICK_MS) this.write({ type: 'heartbeat', id: this.nextId++ })
    } else if (this.adapter.socket && now - this.pollSince > SOCKET_AGAIN_MS)
      return this.lost(ABNORMAL, 'try the socket again')
    if (this.visible && now - this.resumedAt > RESUME_EVERY_MS) this.resume()
  }

  private hidden(): void {
    this.visible = false
    this.suspect = true
  }

  private shown(): void {
    this.visible = true
    if (this.isOnline) {
      if (this.suspect) this.resume(RESUME_DEADLINE_MS)
      return
    }
    if (this.state !== 'waiting' && this.transport && this.adapter.now() - this.heardAt < RESUME_DEADLINE_MS) return
    this.dialSoon()
  }

  private networkChanged(online: boolean): void {
    if (!online) {
      if (this.isOnline) this.suspect = true
      else if (this.state === 'waiting') this.enter('offline', 'network')
    } else if (this.isOnline) this.resume(RESUME_DEADLINE_MS)
    else this.dialSoon()
  }

  private dialSoon(): void {
    this.cancelRetry()
    this.hangUp()
    this.attempts = 0
    this.enter('waiting', 'shown')
    this.cancelRetry = this.adapter.timer(() => this.dial(), FIRST_RETRY_MS)
  }

  private enter(state: ConnectionState, reason: string): void {
    if (this.state === state) return
    this.state = state
    this.owner.stateChanged(state, reason)
  }
}

function codeOfClose(code: number): ChaguanError['code'] {
  if (code === UNAUTHENTICATED) return 'unauthenticated'
  return code === 4503 ? 'forbidden' : 'bad_request'
}
