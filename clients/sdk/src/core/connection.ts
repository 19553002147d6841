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
  /** Name of the device for the list of devices. */
  platform: string
  deviceId(): string
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
/** For commands that wait for their answer as long as it takes: the longest that timers know. */
export const NO_DEADLINE_MS = 2 ** 31 - 1
const HELLO_TIMEOUT_MS = 10_000
const RESUME_DEADLINE_MS = 2_500
/** So long a host that suspends lets an application run in the background. */
const GRACE_MS = 5_000
const IDLE_MS = 30_000
const SILENCE_MS = 45_000
const TICK_MS = 5_000
const RESUME_EVERY_MS = 360_000
const STABLE_MS = 10_000
const FIRST_RETRY_MS = 300
const MAX_RETRY_MS = 30_000
const FAILURES_BEFORE_POLL = 3
const SOCKET_AGAIN_MS = 120_000
const REAUTHORIZE = 4003
const UNAUTHENTICATED = 4501

export type Connection = ReturnType<typeof createConnection>

/**
 * One living link to the server. It dials, says hello, keeps the link alive, notices when it died without a word,
 * and dials again. Commands that were not answered when a link broke are sent once more on the next, unchanged.
 */
export function createConnection(
  adapter: Adapter,
  /** `https://host/v1` */ base: string,
  owner: ConnectionOwner,
  log: (text: string) => void,
) {
  let current: ConnectionState = 'offline'
  let wanted = false
  let transport: Transport | null = null
  let mode: 'socket' | 'poll' = 'socket'
  let mustRenew = false
  let renewed = false
  let tokenHeld = ''
  let userId = ''
  let attempts = 0
  let failures = 0
  let nextId = 1
  const unanswered = new Map<number, Pending>()
  let earlyPushes: Push[] = []
  let onlineAt = 0
  let pollSince = 0
  let heardAt = 0
  let resumedAt = 0
  let tickedAt = 0
  let suspect = false
  let visible = true
  let hiddenAt = 0
  let cancelRetry: () => void = () => undefined
  let cancelTick: () => void = () => undefined
  let hostOff: (() => void)[] = []

  const start = (): void => {
    if (wanted) return
    wanted = true
    renewed = false
    attempts = 0
    hostOff = [
      adapter.onShow(() => shown()),
      adapter.onHide(() => hidden()),
      adapter.onNetwork((online) => networkChanged(online)),
    ]
    dial()
  }

  /** Ends it; commands that wait are refused with `error`. */
  const stop = (reason: string, error = new ChaguanError('unavailable', 'signed out')): void => {
    wanted = false
    hostOff.forEach((off) => off())
    hostOff = []
    cancelRetry()
    hangUp()
    abandon(error)
    userId = ''
    enter('offline', reason)
  }

  const abandon = (error: ChaguanError): void => {
    unanswered.forEach((pending) => {
      pending.cancel()
      pending.reject(error)
    })
    unanswered.clear()
  }

  const isOnline = (): boolean => current === 'online'

  /**
   * Asks the server. Without a link it waits for one, at most `timeout_ms` in all, then rejects with `timeout`;
   * what the command did by then is not known, sending it again with the same key finds out.
   */
  const command = <Name extends Command['type']>(
    request: RequestOf<Name>,
    frameLimit: number,
    timeout_ms = COMMAND_TIMEOUT_MS,
  ): Promise<Replies[Name]> => {
    const command = { ...request, id: nextId++ } as unknown as Command
    if (!wanted) return Promise.reject(new ChaguanError('unavailable', 'not signed in'))
    if (utf8Length(JSON.stringify(command)) > frameLimit) {
      return Promise.reject(new ChaguanError('too_large', `over ${frameLimit} bytes`))
    }
    return new Promise((resolve, reject) => {
      expect(command, resolve as (ok: unknown) => void, reject, timeout_ms)
      if (isOnline()) write(command)
    })
  }

  const expect = (
    command: Command,
    resolve: (ok: unknown) => void,
    reject: (error: ChaguanError) => void,
    timeout_ms: number,
  ): void => {
    const cancel = adapter.timer(() => {
      unanswered.delete(command.id)
      reject(new ChaguanError('timeout', `no answer to ${command.type} in ${timeout_ms} ms`))
    }, timeout_ms)
    unanswered.set(command.id, { command, resolve, reject, cancel })
  }

  /** Catches up on the living link; if no answer comes in time, the link is taken for dead. */
  const resume = (deadline_ms = COMMAND_TIMEOUT_MS): void => {
    if (!isOnline()) return
    resumedAt = adapter.now()
    const link = transport
    ask(owner.asked(), deadline_ms, () => {
      if (transport === link) lost(ABNORMAL, 'silence')
    })
  }

  /** A resume for some conversations only. */
  const ask = (asked: Asked, deadline_ms: number, failed: (error: ChaguanError) => void): void => {
    const command: Resume = { type: 'resume', id: nextId++, ...asked }
    const done = (ok: unknown) => {
      suspect = false
      owner.welcomed(ok as Welcome, asked, false)
    }
    expect(command, done, failed, deadline_ms)
    write(command)
  }

  const dial = (): void => {
    enter('connecting', attempts ? 'retry' : 'start')
    const renew = mustRenew
    mustRenew = false
    owner.token(renew).then(
      (token) => {
        if (!wanted || transport || current !== 'connecting') return
        tokenHeld = token
        open()
      },
      (error: unknown) => wanted && tokenFailed(asChaguanError(error)),
    )
  }

  const tokenFailed = (error: ChaguanError): void => {
    if (error.code === 'unauthenticated' || error.code === 'forbidden') return refuse(error)
    log(`no token: ${error.message}`)
    mustRenew = true
    retryLater('no token')
  }

  const open = (): void => {
    const hasSocket = adapter.socket !== null
    mode = hasSocket && !shouldPoll() ? 'socket' : 'poll'
    if (mode === 'poll' && !pollSince) pollSince = adapter.now()
    const events = eventsOf()
    const started = adapter.now()
    heardAt = tickedAt = started
    // A socket whose opening never ends says nothing at all.
    const cancel = adapter.timer(() => transport === link && !isOnline() && lost(ABNORMAL, 'silence'), HELLO_TIMEOUT_MS)
    cancelRetry = cancel
    const link =
      mode === 'socket'
        ? openSocket(adapter, `${base.replace(/^http/, 'ws')}/ws`, events.bound)
        : openPoll({ adapter, base, headers, hello: () => makeHello() }, events.bound)
    transport = link
    events.link = link
    cancelTick = adapter.timer(tick, TICK_MS)
  }

  const shouldPoll = (): boolean => {
    if (pollSince) {
      if (adapter.now() - pollSince < SOCKET_AGAIN_MS) return true
      pollSince = 0
      failures = FAILURES_BEFORE_POLL - 1
    }
    return failures >= FAILURES_BEFORE_POLL
  }

  /** Events of one link; those of an older one are not heard. */
  const eventsOf = (): { link: Transport | null; bound: TransportEvents } => {
    const self: { link: Transport | null; bound: TransportEvents } = {
      link: null,
      bound: {
        opened: () => isCurrent(self.link) && sayHello(),
        frame: (frame) => isCurrent(self.link) && take(frame),
        polled: (welcome, asked) => isCurrent(self.link) && polled(welcome, asked),
        closed: (code, reason) => isCurrent(self.link) && lost(code, reason),
      },
    }
    return self
  }

  const isCurrent = (link: Transport | null): boolean => {
    return link !== null && link === transport
  }

  const headers = (): Record<string, string> => {
    return { Authorization: `Bearer ${tokenHeld}`, 'X-Device-Id': owner.deviceId() }
  }

  const makeHello = (asked = owner.asked()): Hello & Asked => {
    return {
      type: 'hello',
      id: nextId++,
      protocol: PROTOCOL_VERSION,
      token: tokenHeld,
      device_id: owner.deviceId(),
      platform: owner.platform,
      ...asked,
    }
  }

  const sayHello = (): void => {
    const asked = owner.asked()
    const hello = makeHello(asked)
    const link = transport
    earlyPushes = []
    const welcomed = (ok: unknown) => greeted(ok as Welcome, asked)
    expect(hello, welcomed, (error) => isCurrent(link) && helloFailed(error), HELLO_TIMEOUT_MS)
    write(hello)
  }

  const greeted = (welcome: Welcome, asked: Asked): void => {
    cancelRetry()
    renewed = false
    failures = 0
    suspect = false
    onlineAt = resumedAt = adapter.now()
    // What one user said is not said in the name of another, whose token the application has by now.
    if (userId && userId !== welcome.user.id) abandon(new ChaguanError('unavailable', 'other user'))
    userId = welcome.user.id
    // What was not answered on the former link goes out once more, and before anything new is asked, which is written
    // when it is asked. The keys make it harmless.
    unanswered.forEach(({ command }) => write(command))
    enter('online', mode)
    owner.welcomed(welcome, asked, true)
    const early = earlyPushes
    earlyPushes = []
    early.forEach((push) => owner.push(push))
  }

  const polled = (welcome: Welcome, asked: Asked): void => {
    heardAt = adapter.now()
    owner.welcomed(welcome, asked, false)
  }

  const helloFailed = (error: ChaguanError): void => {
    if (error.code === 'unauthenticated') return lost(UNAUTHENTICATED, error.detail)
    if (error.busy || error.code === 'internal') return lost(ABNORMAL, error.code, error.retryAfterMs)
    refuse(error)
  }

  const write = (command: Command): void => {
    try {
      transport?.send(command)
    } catch (error) {
      // A send that throws is how some hosts say that the socket is gone.
      log(`send: ${String(error)}`)
      suspect = true
      cancelTick()
      cancelTick = adapter.timer(() => lost(ABNORMAL, 'send failed'), 0)
    }
  }

  const take = (frame: Frame): void => {
    heardAt = adapter.now()
    if (frame.type === 'reply') return answered(frame)
    if (isOnline()) owner.push(frame)
    else earlyPushes.push(frame)
  }

  const answered = (reply: Reply): void => {
    const pending = unanswered.get(reply.id)
    if (!pending) return
    unanswered.delete(reply.id)
    pending.cancel()
    if (reply.error) pending.reject(ChaguanError.of(reply.error))
    else pending.resolve(reply.ok || null)
    if (reply.error?.code === 'unauthenticated' && pending.command.type !== 'hello')
      lost(REAUTHORIZE, 'unauthenticated')
  }

  const hangUp = (): void => {
    cancelTick()
    transport?.close()
    transport = null
    suspect = false
    earlyPushes = []
    unanswered.forEach((pending, id) => {
      if (pending.command.type !== 'hello' && pending.command.type !== 'resume') return
      pending.cancel()
      unanswered.delete(id)
    })
  }

  const lost = (code: number, reason: string, delay_ms = 0): void => {
    if (!wanted) return
    const wasOnline = isOnline()
    if (!wasOnline && mode === 'socket' && code < 4000) failures++
    if (wasOnline && adapter.now() - onlineAt >= STABLE_MS) attempts = 0
    hangUp()
    log(`lost: ${code} ${reason}`)
    if (code === UNAUTHENTICATED || code === REAUTHORIZE) return reauthorize(code, reason)
    if (code >= 4500 && code < 5000) return refuse(new ChaguanError(codeOfClose(code), reason, { close: code }))
    if (code === 4000) delay_ms = Math.min(10_000, Math.max(0, parseInt(reason, 10) || 0))
    retryLater(reason || String(code), delay_ms)
  }

  const reauthorize = (code: number, reason: string): void => {
    if (renewed && code === UNAUTHENTICATED) return refuse(new ChaguanError('unauthenticated', reason))
    renewed = true
    mustRenew = true
    retryLater(reason || 'unauthenticated', 1)
  }

  const refuse = (error: ChaguanError): void => {
    stop(error.code, error)
    owner.refused(error)
  }

  const retryLater = (reason: string, delay_ms = 0): void => {
    const delay = delay_ms || backoff()
    attempts++
    enter('waiting', reason)
    cancelRetry()
    cancelRetry = adapter.timer(dial, delay)
  }

  /** Full jitter: clients that lost the same server do not come back together. */
  const backoff = (): number => {
    if (attempts === 0) return FIRST_RETRY_MS
    const most = Math.min(MAX_RETRY_MS, 2 * FIRST_RETRY_MS * 2 ** Math.min(attempts, 10))
    return Math.max(100, Math.floor((most * ((adapter.random(1)[0] ?? 128) + 1)) / 256))
  }

  const tick = (): void => {
    const now = adapter.now()
    const gap = now - tickedAt
    tickedAt = now
    cancelTick = adapter.timer(tick, TICK_MS)
    if (!isOnline()) return
    // Timers stood still: the host was suspended, and the link may be dead without anyone having said so.
    if (gap > 3 * TICK_MS) return resume(RESUME_DEADLINE_MS)
    if (mode === 'socket') {
      if (now - heardAt > SILENCE_MS) return lost(ABNORMAL, 'silence')
      if (now - heardAt >= IDLE_MS - TICK_MS) write({ type: 'heartbeat', id: nextId++ })
    } else if (adapter.socket && now - pollSince > SOCKET_AGAIN_MS) return lost(ABNORMAL, 'try socket', 1)
    if (visible && now - resumedAt > RESUME_EVERY_MS) resume()
  }

  const hidden = (): void => {
    visible = false
    suspect = true
    hiddenAt = adapter.now()
  }

  const shown = (): void => {
    visible = true
    // A host that suspends has closed the socket by then, and may never say so.
    const isGone = adapter.suspends && adapter.now() - hiddenAt >= GRACE_MS
    if (!isGone && isOnline()) {
      if (suspect) resume(RESUME_DEADLINE_MS)
      return
    }
    if (!isGone && current !== 'waiting' && transport && adapter.now() - heardAt < RESUME_DEADLINE_MS) return
    dialSoon()
  }

  const networkChanged = (online: boolean): void => {
    if (!online) {
      if (isOnline()) suspect = true
      else if (current === 'waiting') enter('offline', 'network')
    } else dialSoon()
  }

  const dialSoon = (): void => {
    hangUp()
    attempts = 0
    retryLater('shown')
  }

  const enter = (state: ConnectionState, reason: string): void => {
    if (current === state) return
    current = state
    owner.stateChanged(state, reason)
  }

  return {
    get state() {
      return current
    },
    start,
    stop,
    get isOnline() {
      return isOnline()
    },
    /** The token that the server accepted, for HTTP requests beside the link. */
    get currentToken() {
      return tokenHeld
    },
    command,
    resume,
    ask,
    headers,
  }
}

function codeOfClose(code: number): ChaguanError['code'] {
  if (code === UNAUTHENTICATED) return 'unauthenticated'
  return code === 4503 ? 'forbidden' : 'bad_request'
}
