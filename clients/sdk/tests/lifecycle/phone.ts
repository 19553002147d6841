import type { Command, Hello } from '@chaguan/protocol'
import { wxAdapter } from '../../src/adapters/wx'
import type { Adapter } from '../../src/core/adapter'
import type { ModelServer, SimulatedClock } from '../../src/testing'
import type { Session } from '../../src/testing/server'
import type { Chance } from './chance'

export const RTT_MS = 400
export const LOSS = 0.03
/** Until a lost packet is sent again. */
export const AGAIN_MS = RTT_MS + 200
/** The host lets an application in the background run so long. */
export const GRACE_MS = 5_000
/** So long after it came back its network may still be refused. */
const COLD_MS = 250

interface Answers {
  success?(value: unknown): void
  fail?(error: { errMsg: string }): void
  complete?(): void
}

interface Request extends Answers {
  url: string
  data: string
  header: Record<string, string>
}

/** Frames of one direction of one connection: late by half a round trip, later when lost, never out of order. */
class Lane {
  private last = 0

  constructor(private readonly phone: Phone) {}

  carry(fn: () => void): void {
    const { clock } = this.phone
    this.last = Math.max(this.last, clock.time + this.phone.delay(RTT_MS / 2))
    clock.timer(fn, this.last - clock.time)
  }
}

/**
 * A phone with WeChat on simulated time: what the host does to an application in a pocket. Five seconds after it was
 * hidden its callbacks stand still, and come all at once when it is shown again; its sockets are gone by then, and
 * nobody may have told it; what it asked for is interrupted. Killed, it has its storage left.
 */
export class Phone {
  /** Packets that were lost. */
  lost = 0
  private readonly kept = new Map<string, string>()
  private process = 0
  private frozen = false
  private held: (() => void)[] = []
  private hasNetwork = true
  private shownAt = 0
  private cancelFreeze = (): void => undefined
  private readonly sockets = new Set<Socket>()
  private readonly requests = new Set<(errMsg: string) => void>()
  private listeners: Record<'show' | 'hide' | 'network', ((event?: unknown) => void)[]> = {
    show: [],
    hide: [],
    network: [],
  }

  constructor(
    readonly clock: SimulatedClock,
    readonly server: ModelServer,
    readonly chance: Chance,
  ) {}

  delay(ms: number): number {
    if (!this.chance.is(LOSS)) return ms
    this.lost++
    return ms + AGAIN_MS
  }

  /** Starts the application: the adapter of a new process. */
  start(): Adapter {
    const process = ++this.process
    this.thaw([])
    this.listeners = { show: [], hide: [], network: [] }
    const mine = (fn: () => void) => () => this.call(process, fn)
    return {
      ...wxAdapter(this.wx(process)),
      now: () => this.clock.time,
      timer: (fn, delay_ms) => this.clock.timer(mine(fn), delay_ms),
    }
  }

  /** The process is gone, and its connections with it. */
  kill(): void {
    this.process++
    this.endAll(false)
  }

  hide(): void {
    this.tell('hide')
    this.cancelFreeze = this.clock.timer(() => this.freeze(), GRACE_MS)
  }

  show(): void {
    this.cancelFreeze()
    this.shownAt = this.frozen ? this.clock.time : this.shownAt
    const held = this.frozen ? this.held : []
    const show = () => this.tell('show')
    // Which comes first is the host's affair.
    this.thaw(this.chance.is(0.5) ? [show, ...held] : [...held, show])
  }

  /** The network goes: sockets may hear of it, or never. */
  loseNetwork(): void {
    this.hasNetwork = false
    this.endAll(this.chance.is(0.5))
    this.tell('network', { isConnected: false })
  }

  findNetwork(): void {
    this.hasNetwork = true
    this.tell('network', { isConnected: true })
  }

  /** From one network to another: what was open is dead, and nobody says so. */
  switchNetwork(): void {
    this.sockets.forEach((socket) => socket.die())
    this.tell('network', { isConnected: true })
  }

  private freeze(): void {
    this.frozen = true
    this.endAll(this.chance.is(0.5))
  }

  private thaw(first: (() => void)[]): void {
    this.frozen = false
    this.held = []
    first.forEach((fn) => fn())
  }

  private endAll(isTold: boolean): void {
    this.sockets.forEach((socket) => (isTold ? socket.end(1006, 'interrupted') : socket.die()))
    this.requests.forEach((fail) => fail('request:fail interrupted'))
    this.requests.clear()
  }

  private tell(what: 'show' | 'hide' | 'network', event?: unknown): void {
    for (const fn of [...this.listeners[what]]) this.call(this.process, () => fn(event))
  }

  /** Into the application: now, or when it is shown again, or never if that process is gone. */
  private call(process: number, fn: () => void): void {
    if (process !== this.process) return
    if (this.frozen) this.held.push(fn)
    else fn()
  }

  private get isCold(): boolean {
    return this.frozen || (this.clock.time - this.shownAt < COLD_MS && this.chance.is(0.5))
  }

  private wx(process: number): WechatMiniprogram.Wx {
    const into = (fn: () => void) => this.call(process, fn)
    const soon = (fn: () => void) => void Promise.resolve().then(() => into(fn))
    const done = ({ success, complete }: Answers, value: unknown) => soon(() => (success?.(value), complete?.()))
    const failed = ({ fail, complete }: Answers, errMsg: string) => soon(() => (fail?.({ errMsg }), complete?.()))
    const on = (what: 'show' | 'hide' | 'network') => (fn: () => void) => void this.listeners[what].push(fn)
    const off = (what: 'show' | 'hide' | 'network') => (fn: () => void) =>
      void (this.listeners[what] = this.listeners[what].filter((other) => other !== fn))
    const wx = {
      connectSocket: (options: Answers) => {
        const socket = new Socket(this, into)
        if (this.isCold) failed(options, 'connectSocket:fail network api interrupted in suspend state')
        else if (this.hasNetwork) this.connect(socket)
        else this.clock.timer(() => into(() => options.fail?.({ errMsg: 'connectSocket:fail timeout' })), 10_000)
        return socket.task
      },
      request: (options: Request) => {
        this.ask(options, into)
        return { abort: () => undefined }
      },
      getStorage: (o: Answers & { key: string }) =>
        this.kept.has(o.key) ? done(o, { data: this.kept.get(o.key) }) : failed(o, 'getStorage:fail data not found'),
      setStorage: (o: Answers & { key: string; data: string }) => (this.kept.set(o.key, o.data), done(o, {})),
      removeStorage: (o: Answers & { key: string }) => (this.kept.delete(o.key), done(o, {})),
      getStorageInfo: (o: Answers) => done(o, { keys: Array.from(this.kept.keys()) }),
      getRandomValues: (o: Answers & { length: number }) =>
        done(o, { randomValues: Uint8Array.from({ length: o.length }, () => this.chance.upTo(255)).buffer }),
      onAppShow: on('show'),
      offAppShow: off('show'),
      onAppHide: on('hide'),
      offAppHide: off('hide'),
      onNetworkStatusChange: on('network'),
      offNetworkStatusChange: off('network'),
    }
    return wx as unknown as WechatMiniprogram.Wx
  }

  /** A round trip for TCP, one for the upgrade. */
  private connect(socket: Socket): void {
    this.sockets.add(socket)
    const ms = this.delay(RTT_MS) + this.delay(RTT_MS)
    this.clock.timer(() => this.sockets.has(socket) && this.hasNetwork && socket.open(), ms)
  }

  forget(socket: Socket): void {
    this.sockets.delete(socket)
  }

  private ask({ url, data, header, success, fail }: Request, into: (fn: () => void) => void): void {
    const failing = (errMsg: string) => into(() => fail?.({ errMsg }))
    if (!this.hasNetwork || this.isCold) return void this.clock.timer(() => failing('request:fail'), 20)
    this.requests.add(failing)
    const answer = (body: unknown) =>
      this.clock.timer(
        () => {
          if (!this.requests.delete(failing)) return
          into(() => success?.({ statusCode: 200, data: JSON.stringify(body) }))
        },
        this.delay(RTT_MS / 2),
      )
    const session: Session = {
      userId: (header['Authorization'] ?? '').replace(/Bearer |#.*/g, ''),
      send: (frame) => {
        this.server.drop(session)
        if (frame.type === 'reply') answer(frame)
      },
      close: () => undefined,
    }
    this.clock.timer(() => this.serve(session, url, data), this.delay(RTT_MS + RTT_MS / 2))
  }

  private serve(session: Session, url: string, data: string): void {
    const command = { id: 0, ...(JSON.parse(data || '{}') as object) } as unknown as Command
    if (/\/poll$/.test(url)) this.poll(session, command as unknown as Hello & { wait_s: number })
    else this.server.receive(session, command)
  }

  /** A long poll: answered when there is something new, or when its time is up. */
  private poll(session: Session, asked: Hello & { wait_s: number }): void {
    const until = this.clock.time + asked.wait_s * 1000
    const look = () => {
      const { full, user_version, syncs } = this.server.model.welcome(asked.token.replace(/#.*/, ''), asked)
      const isNew = full || user_version !== asked.user_version || (syncs ?? []).length > 0
      if (!isNew && this.clock.time < until) this.clock.timer(look, 100)
      else this.server.receive(session, { ...asked, type: 'hello' } as Command)
    }
    look()
  }
}

/** One `SocketTask` and the connection behind it. */
class Socket {
  private readonly on: Record<string, (event?: unknown) => void> = {}
  private readonly up: Lane
  private readonly down: Lane
  private state: 'opening' | 'open' | 'dead' | 'over' = 'opening'
  private readonly session: Session

  constructor(
    private readonly phone: Phone,
    private readonly into: (fn: () => void) => void,
  ) {
    this.up = new Lane(phone)
    this.down = new Lane(phone)
    this.session = {
      userId: '',
      send: (frame) => this.down.carry(() => this.isOpen() && this.fire('onMessage', { data: JSON.stringify(frame) })),
      close: (code, reason) => this.down.carry(() => this.isOpen() && this.end(code, reason)),
    }
  }

  get task(): Record<string, unknown> {
    const names = ['onOpen', 'onMessage', 'onClose', 'onError']
    const hooks = names.map((name) => [name, (fn: () => void) => (this.on[name] = fn)])
    return {
      ...(Object.fromEntries(hooks) as object),
      send: (options: Answers & { data: string }) => this.send(options),
      close: () => this.end(null, ''),
    }
  }

  open(): void {
    if (this.state !== 'opening') return
    this.state = 'open'
    this.fire('onOpen')
  }

  /** Nothing comes and nothing goes from here on, and nobody is told. */
  die(): void {
    if (this.state === 'over') return
    this.state = 'dead'
    this.leave()
  }

  /** Over; with a code the application hears of it. */
  end(code: number | null, reason: string): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.leave()
    if (code !== null) this.fire('onClose', { code, reason })
  }

  private leave(): void {
    this.phone.forget(this)
    // The server finds out much later.
    this.phone.clock.timer(() => this.phone.server.drop(this.session), 30_000)
  }

  private isOpen(): boolean {
    return this.state === 'open'
  }

  private fire(name: string, event?: unknown): void {
    this.into(() => this.on[name]?.(event))
  }

  private send({ data, fail }: Answers & { data: string }): void {
    if (this.isOpen()) {
      this.up.carry(() => this.isOpen() && this.phone.server.receive(this.session, JSON.parse(data) as Command))
    } else if (this.state === 'over' || this.phone.chance.is(0.3)) {
      // A dead one may take it without a word.
      this.into(() => fail?.({ errMsg: 'sendSocketMessage:fail interrupted' }))
    }
  }
}
