// The phone beneath every fake host: network, storage and the app's coming and going, with nobody's API yet.
import { Seen, acceptance, hear, receive, respond } from '../far-side'
import type { FarAnswer, FarRequest, FarUpload, Listener, Peer } from '../far-side'

/** Callbacks of a host never come before its call has returned. */
export const later = (fn: () => void): void => void setImmediate(fn)

type Word = 'open' | 'message' | 'close' | 'error'

export class PhoneSocket {
  state: 'connecting' | 'open' | 'dead' = 'connecting'
  private listener: Listener | null = null
  private readonly heard: Record<Word, ((value: unknown) => void)[]> = { open: [], message: [], close: [], error: [] }

  constructor(
    private readonly phone: Phone,
    readonly path: string,
  ) {}

  /** Who listens too late has missed it. */
  on(word: Word, fn: (value: never) => void): void {
    this.heard[word].push(fn as (value: unknown) => void)
  }

  tell(word: Word, value?: unknown): void {
    for (const fn of this.heard[word]) fn(value)
  }

  begin(): void {
    const accepted = acceptance(this.path)
    if (accepted === 'yes') later(() => later(() => this.opened()))
    if (accepted === 'no') later(() => later(() => this.failed()))
  }

  private opened(): void {
    if (this.state !== 'connecting') return
    this.state = 'open'
    const say = (data: string | Uint8Array) => later(() => this.state === 'open' && this.tell('message', data))
    this.listener = this.phone.serve({ say, close: (code, reason) => this.end(code, reason) })
    this.phone.seen.sockets++
    this.tell('open')
  }

  /** An error, and then a close as well. */
  private failed(): void {
    if (this.state !== 'connecting') return
    this.state = 'dead'
    this.tell('error')
    later(() => this.tell('close', { code: 1006, reason: 'abnormal closure' }))
  }

  /** False if it was not open. */
  say(text: string): boolean {
    if (this.state !== 'open') return false
    later(() => this.state === 'open' && this.listener?.hear(text))
    return true
  }

  close(code: number, reason: string): void {
    if (this.state === 'open') this.phone.seen.closes.push(code)
    this.end(code, reason)
  }

  private end(code: number, reason: string): void {
    if (this.state === 'dead') return
    this.die()
    later(() => this.tell('close', { code, reason }))
  }

  /** As in the background: it is gone, and nobody is told. */
  die(): void {
    if (this.state === 'open') {
      this.phone.seen.sockets--
      this.listener?.gone()
    }
    this.state = 'dead'
  }
}

export interface Limits {
  bytesPerKey: number
  bytesInAll: number
}

export class Phone {
  readonly seen = new Seen()
  readonly sockets: PhoneSocket[] = []
  readonly kept = new Map<string, string>()
  /** Files by path. */
  readonly files = new Map([['tmp://voice.mp3', 'la la la']])
  readonly listeners = {
    show: new Set<() => void>(),
    hide: new Set<() => void>(),
    network: new Set<(on: boolean) => void>(),
  }
  private readonly sizes = new Map<string, number>()
  private bytesKept = 0
  private running = 0
  suspended = false

  constructor(
    readonly limits: Limits,
    /** What a server makes of a socket that has opened. */
    readonly serve: (peer: Peer) => Listener = (peer) => ({ hear: (text) => hear(text, peer), gone: () => undefined }),
  ) {}

  /** Null: the sixth at once is refused. */
  connect(url: string): PhoneSocket | null {
    if (this.suspended || this.sockets.filter(({ state }) => state !== 'dead').length >= 5) return null
    const socket = new PhoneSocket(this, new URL(url).pathname)
    this.sockets.push(socket)
    return socket
  }

  /** A request; the eleventh at once is refused. `done(null)`: no answer, for the reason given. */
  request(request: Omit<FarRequest, 'path'> & { url: string }, ms: number | undefined, done: Done): () => void {
    return this.exchange(request.url, ms, done, (path) => respond({ ...request, path }))
  }

  upload(upload: Omit<FarUpload, 'path'> & { url: string }, ms: number | undefined, done: Done): () => void {
    return this.exchange(upload.url, ms, done, (path) => receive({ ...upload, path }))
  }

  private exchange(url: string, ms: number | undefined, done: Done, answer: (path: string) => FarAnswer | null) {
    if (this.running >= 10) {
      later(() => done(null, 'exceed max task count'))
      return () => undefined
    }
    this.running++
    let isOver = false
    const end = (value: FarAnswer | null, why = '') => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      this.running--
      done(value, why)
    }
    const timer = setTimeout(() => end(null, 'timeout'), ms ?? 60_000)
    const { hostname, pathname } = new URL(url)
    later(() =>
      later(() => {
        const value = hostname === 'nowhere.invalid' ? null : answer(pathname)
        if (value) end(value)
        else if (hostname === 'nowhere.invalid') end(null, 'interrupted')
      }),
    )
    return () => later(() => end(null, 'abort'))
  }

  /** False if it does not fit. */
  keep(key: string, value: string): boolean {
    const size = Buffer.byteLength(value)
    const inAll = this.bytesKept + size - (this.sizes.get(key) ?? 0)
    if (size > this.limits.bytesPerKey || inAll > this.limits.bytesInAll) return false
    this.bytesKept = inAll
    this.sizes.set(key, size)
    this.kept.set(key, value)
    return true
  }

  drop(key: string): void {
    this.bytesKept -= this.sizes.get(key) ?? 0
    this.sizes.delete(key)
    this.kept.delete(key)
  }
}

export type Done = (answer: FarAnswer | null, why: string) => void

/** What a fake makes of an untyped call. */
export interface Call {
  success?(value: unknown): void
  fail?(error: unknown): void
  complete?(value: unknown): void
}

export function succeed({ success, complete }: Call, value: unknown = {}): void {
  later(() => {
    success?.(value)
    complete?.(value)
  })
}

export function refuse({ fail, complete }: Call, error: unknown): void {
  later(() => {
    fail?.(error)
    complete?.(error)
  })
}

/** What `dataType: 'json'`, the default of every host, does to an answer. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Data of a request without a body goes to the URL. */
export const hasBody = (method: string): boolean => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method)
