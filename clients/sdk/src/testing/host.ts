import type { Command } from '@chaguan/protocol'
import { memoryStorage } from '../adapters/browser'
import type {
  Adapter,
  HttpRequest,
  HttpResponse,
  KeyValueStorage,
  Socket,
  SocketHandlers,
  Task,
  UploadRequest,
} from '../core/adapter'
import { Refusal } from './places'
import type { ModelServer, Session } from './server'

interface Timer {
  at: number
  order: number
  fn: () => void
}

/** Time that stands still until it is told to go. One clock can serve several hosts. */
export class SimulatedClock {
  time = 1_800_000_000_000
  private timers: Timer[] = []
  private order = 0

  timer(fn: () => void, delay_ms: number): () => void {
    const timer: Timer = { at: this.time + Math.max(0, delay_ms), order: ++this.order, fn }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass: runs what falls due in order, and what follows from it. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms
    await settle()
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (!next) break
      this.timers = this.timers.filter((other) => other !== next)
      this.time = Math.max(this.time, next.at)
      next.fn()
      await settle()
    }
    this.time = until
  }

  /** Time passes while the timers stand still, as when a phone suspends the application. */
  suspend(ms: number): void {
    this.time += ms
  }
}

/** Lets promises that wait for nothing but one another go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve()
}

interface OpenSocket {
  session: Session
  handlers: SocketHandlers
  isDead: boolean
}

/** What happens to frames from the server: `deliver` hands over one now, as often as wished. */
export type Link = (frame: string, deliver: (frame: string) => void) => void

export interface SimulatedHostOptions {
  clock?: SimulatedClock
  storage?: KeyValueStorage
  /** Milliseconds each way; default 5. */
  latency_ms?: number
  seed?: number
}

/** A host whose clock, network and life cycle a test commands, connected to a `ModelServer`. */
export class SimulatedHost {
  readonly clock: SimulatedClock
  readonly adapter: Adapter
  /** Refuse to open sockets. */
  down = false
  private isDead = false
  /** Replies come this much later than pushes that were sent after them. */
  replyDelay_ms = 0
  /** HTTP works; else requests fail. */
  http = true
  /** What the server's pushes go through. Replies are never changed. */
  link: Link = (frame, deliver) => deliver(frame)
  /** Answers uploads. */
  onUpload: (upload: UploadRequest) => HttpResponse = () => ({
    status: 200,
    body: '{"media_id":"m1","mime":"image/png","size":1}',
  })
  opened = 0
  private readonly open = new Set<OpenSocket>()
  private readonly show = new Set<() => void>()
  private readonly hide = new Set<() => void>()
  private readonly network = new Set<(online: boolean) => void>()
  private random: number

  constructor(
    readonly server: ModelServer,
    private readonly options: SimulatedHostOptions = {},
  ) {
    this.clock = options.clock ?? new SimulatedClock()
    this.random = options.seed ?? 1
    this.adapter = {
      platform: 'simulated',
      socket: (_url, handlers) => this.connect(handlers),
      storage: options.storage ?? memoryStorage(),
      request: (request) => this.request(request),
      upload: (upload) => this.upload(upload),
      preview: (file) => `local:${String(file)}`,
      now: () => this.clock.time,
      timer: (fn, delay_ms) => this.clock.timer(fn, delay_ms),
      random: (length) => Array.from({ length }, () => this.byte()),
      onShow: (fn) => subscribe(this.show, fn),
      onHide: (fn) => subscribe(this.hide, fn),
      onNetwork: (fn) => subscribe(this.network, fn),
    }
  }

  /** Sockets take frames and never deliver any, nor say that they are dead; those of that time never recover. */
  set dead(on: boolean) {
    this.isDead = on
    if (on) this.open.forEach((one) => (one.isDead = true))
  }

  get dead(): boolean {
    return this.isDead
  }

  goHidden(): void {
    this.hide.forEach((fn) => fn())
  }

  goVisible(): void {
    this.show.forEach((fn) => fn())
  }

  setNetwork(online: boolean): void {
    this.network.forEach((fn) => fn(online))
  }

  /** Ends every socket; with a code the client hears of it, without one it does not. */
  cut(code?: number, reason = ''): void {
    for (const one of Array.from(this.open)) {
      this.open.delete(one)
      this.server.drop(one.session)
      if (code !== undefined) one.handlers.close(code, reason)
    }
  }

  get connected(): number {
    return this.open.size
  }

  private byte(): number {
    this.random = (this.random * 1103515245 + 12345) % 2147483648
    return (this.random >> 16) & 255
  }

  private later(fn: () => void, more_ms = 0): void {
    this.clock.timer(fn, (this.options.latency_ms ?? 5) + more_ms)
  }

  private connect(handlers: SocketHandlers): Socket {
    this.opened++
    const session: Session = {
      userId: '',
      send: (frame) => give(JSON.stringify(frame), frame.type === 'reply'),
      close: (code, reason) => end(code, reason),
    }
    const one: OpenSocket = { session, handlers, isDead: this.isDead }
    const isOpen = () => this.open.has(one)
    const give = (text: string, isReply: boolean) => {
      if (one.isDead) return
      const hand = (frame: string) => () => isOpen() && !one.isDead && handlers.message(frame)
      const deliver = (frame: string) => this.later(hand(frame))
      if (isReply) this.later(hand(text), this.replyDelay_ms)
      else this.link(text, deliver)
    }
    const end = (code: number, reason: string) => this.later(() => isOpen() && this.endOne(one, code, reason))
    this.later(() => {
      if (this.down) return handlers.close(1006, '')
      this.open.add(one)
      if (!one.isDead) handlers.open()
    })
    return {
      send: (data) => {
        const command = JSON.parse(data) as Command
        this.later(() => isOpen() && !one.isDead && this.server.receive(session, command))
      },
      close: () => {
        this.open.delete(one)
        this.server.drop(session)
      },
    }
  }

  private endOne(one: OpenSocket, code: number, reason: string): void {
    this.open.delete(one)
    this.server.drop(one.session)
    one.handlers.close(code, reason)
  }

  private request({ url, body = '{}', headers }: HttpRequest): Task<HttpResponse> {
    const done = new Promise<HttpResponse>((resolve, reject) => {
      this.later(() => {
        if (!this.http) return reject(new Error('no network'))
        const userId = (headers['Authorization'] ?? '').replace('Bearer ', '')
        const command = { id: 0, type: 'hello', ...(JSON.parse(body) as object) } as unknown as Command
        const session: Session = {
          userId,
          send: (frame) => this.later(() => resolve({ status: 200, body: JSON.stringify(frame) })),
          close: () => undefined,
        }
        if (/\/auth\//.test(url)) return resolve({ status: 204, body: '' })
        if (/\/poll$/.test(url))
          this.poll(session, command as Extract<Command, { type: 'hello' }> & { wait_s: number }, resolve)
        else this.server.receive(session, command)
      })
    })
    return { done, abort: () => undefined }
  }

  private poll(
    session: Session,
    asked: Extract<Command, { type: 'hello' }> & { wait_s: number },
    resolve: (response: HttpResponse) => void,
  ): void {
    try {
      this.server.before({ ...asked, type: 'hello' }, session.userId)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return resolve({ status: 429, body: JSON.stringify({ error: { code: error.code, data: error.data } }) })
    }
    const answer = () => this.server.model.welcome(session.userId || asked.token, asked)
    const isNew = () => {
      const welcome = answer()
      return welcome.full || welcome.user_version > (asked.user_version ?? 0) || (welcome.syncs ?? []).length > 0
    }
    const until = this.clock.time + asked.wait_s * 1000
    const look = () => {
      if (isNew() || this.clock.time >= until) resolve({ status: 200, body: JSON.stringify(answer()) })
      else this.clock.timer(look, 100)
    }
    look()
  }

  private upload(upload: UploadRequest): Task<HttpResponse> {
    let aborted = false
    const done = new Promise<HttpResponse>((resolve, reject) => {
      this.later(() => {
        if (aborted) return reject(new Error('stopped'))
        if (!this.http) return reject(new Error('no network'))
        upload.onProgress(0.5)
        this.later(() => (aborted ? reject(new Error('stopped')) : resolve(this.onUpload(upload))))
      })
    })
    return { done, abort: () => (aborted = true) }
  }
}

function subscribe<T>(set: Set<T>, fn: T): () => void {
  set.add(fn)
  return () => set.delete(fn)
}
