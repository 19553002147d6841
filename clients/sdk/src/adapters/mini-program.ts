// What the hosts of mini programs have in common. What one of them does its own way stands in that host's file.
import type { Adapter, HttpResponse, KeyValueStorage, Socket, SocketHandlers, Task } from '../core/adapter'

const POOL = 256
/** WeChat and Douyin refuse an eleventh request or upload at once. */
const REQUESTS_AT_ONCE = 8

/** What a failed call tells: `errorMessage` in Alipay, `errMsg` elsewhere. */
export interface HostError {
  errMsg?: string
  errorMessage?: string
}

interface Answer<T> {
  success?(value: T): void
  fail?(error: HostError): void
  complete?(): void
}

export interface HttpAnswer extends Answer<{ statusCode: number; data: unknown }> {
  url: string
  method?: string
  header?: Record<string, string>
  data?: string
  timeout?: number
  dataType?: string
}

export interface UploadCall extends Answer<{ statusCode: number; data: unknown }> {
  url: string
  filePath: string
  name: string
  header: Record<string, string>
  formData: Record<string, string>
  /** Alipay's. */
  fileType?: string
  timeout?: number
}

/** Something under way. Old base libraries lack parts of it. */
export interface HostTask {
  abort?(): void
  onProgressUpdate?(fn: (event: { progress: number }) => void): void
}

export interface SocketEnd extends HostError {
  code?: number | string
  reason?: string
}

export interface SocketTask {
  onOpen(fn: () => void): void
  onMessage(fn: (event: { data: unknown }) => void): void
  onClose(fn: (event: SocketEnd) => void): void
  onError(fn: (event: SocketEnd) => void): void
  send(call: { data: string; fail(error: HostError): void }): void
  close(call: { code: number; reason: string }): void
}

export interface StorageHost {
  getStorage(call: { key: string } & Answer<{ data: unknown }>): void
  setStorage(call: { key: string; data: string } & Answer<unknown>): void
  removeStorage(call: { key: string } & Answer<unknown>): void
  getStorageInfo(call: Answer<{ keys: string[] }>): void
}

type Listening<T> = (fn: T) => void
export interface NetworkState {
  isConnected: boolean
  networkType?: string
}

export interface EventHost {
  // Base libraries older than 2.1.2 and plugins lack some of them.
  onAppShow?: Listening<() => void>
  offAppShow?: Listening<() => void>
  onAppHide?: Listening<() => void>
  offAppHide?: Listening<() => void>
  onNetworkStatusChange?: Listening<(state: NetworkState) => void>
  offNetworkStatusChange?: Listening<(state: NetworkState) => void>
  getRandomValues?(call: { length: number } & Answer<{ randomValues: ArrayBuffer }>): void
}

/** The part of `wx` that is used here; `tt` and `uni` resemble it. */
export interface WxLike extends StorageHost, EventHost {
  connectSocket(call: { url: string; timeout?: number; multiple?: boolean } & Answer<unknown>): SocketTask | undefined
  request(call: HttpAnswer): HostTask | undefined
  uploadFile(call: UploadCall): HostTask | undefined
}

/**
 * A host's global, whoever typed it: `@mini-types/my`, `@douyin-microapp/typings` and `@dcloudio/types` forbid what the
 * hosts take (Douyin's a string as body), and many projects have no typings at all.
 */
export type HostGlobal = Record<'connectSocket' | 'request' | 'uploadFile' | keyof StorageHost, unknown>

/** What a host does its own way; `request` and `upload` begin at once. */
export type Ways = Pick<Adapter, 'platform' | 'socket' | 'request' | 'upload'>

export function miniAdapter(host: StorageHost & EventHost, ways: Ways): Adapter {
  const queue = requestQueue()
  return {
    ...ways,
    suspends: true,
    storage: hostStorage(host),
    request: (request) => queue(() => ways.request(request)),
    upload: (upload) => queue(() => ways.upload(upload)),
    preview: String,
    now: () => Date.now(),
    timer: (fn, delay_ms) => {
      const handle = setTimeout(fn, delay_ms)
      return () => clearTimeout(handle)
    },
    random: randomPool(host),
    onShow: (fn) => subscribe(fn, host.onAppShow, host.offAppShow),
    onHide: (fn) => subscribe(fn, host.onAppHide, host.offAppHide),
    onNetwork: (fn) =>
      subscribe(({ isConnected }) => fn(isConnected), host.onNetworkStatusChange, host.offNetworkStatusChange),
  }
}

export function subscribe<Fn>(fn: Fn, on: Listening<Fn> | undefined, off: Listening<Fn> | undefined): () => void {
  on?.(fn)
  return () => off?.(fn)
}

/**
 * A socket whose end is told once, however often and in whatever ways the host tells it: a call that fails (right after
 * a hot start WeChat's does: "interrupted in suspend state"), an error, a close after that error, a send that fails.
 */
export function openSocket(
  handlers: SocketHandlers,
  connect: (end: (event: SocketEnd) => void) => SocketTask | undefined,
): Socket {
  let isOver = false
  const end = ({ code, reason, errMsg }: SocketEnd) => {
    if (!isOver) handlers.close(Number(code) || 1006, reason || errMsg || '')
    isOver = true
  }
  const task = connect(end)
  // Some hosts give no task where they fail.
  if (!task) return { send: () => undefined, close: () => undefined }
  task.onOpen(handlers.open)
  task.onMessage(({ data }) => typeof data === 'string' && handlers.message(data))
  task.onClose(end)
  task.onError(end)
  return {
    send: (data) => task.send({ data, fail: end }),
    close: (code, reason) => task.close({ code, reason }),
  }
}

const failed =
  (reject: (error: Error) => void) =>
  ({ errMsg, errorMessage }: HostError): void =>
    reject(new Error(errMsg || errorMessage))

type Finish = Required<Pick<Answer<{ statusCode: number; data: unknown }>, 'success' | 'fail'>>

/** A request or upload; what it answers is text, whatever its status. */
export function startTask(
  start: (finish: Finish) => HostTask | undefined,
  onProgress?: (fraction: number) => void,
): Task<HttpResponse> {
  let task: HostTask | undefined
  const done = new Promise<HttpResponse>((resolve, reject) => {
    task = start({
      success: ({ statusCode, data }) => resolve({ status: statusCode, body: String(data) }),
      fail: failed(reject),
    })
    if (onProgress) task?.onProgressUpdate?.(({ progress }) => onProgress(progress / 100))
  })
  return { done, abort: () => task?.abort?.() }
}

function hostStorage(host: StorageHost): KeyValueStorage {
  return {
    get: (key) =>
      new Promise((resolve) =>
        // A key that does not exist fails (wx), gives null (my) or an empty string (tt).
        host.getStorage({
          key,
          success: ({ data }) => resolve(typeof data === 'string' && data ? data : null),
          fail: () => resolve(null),
        }),
      ),
    set: (key, data) =>
      new Promise((resolve, reject) => host.setStorage({ key, data, success: () => resolve(), fail: failed(reject) })),
    remove: (key) => new Promise((resolve) => host.removeStorage({ key, complete: resolve })),
    keys: () =>
      new Promise((resolve, reject) =>
        host.getStorageInfo({ success: ({ keys }) => resolve(keys), fail: failed(reject) }),
      ),
  }
}

function requestQueue(): (start: () => Task<HttpResponse>) => Task<HttpResponse> {
  const waiting: (() => void)[] = []
  let running = 0
  const next = () => {
    running--
    waiting.shift()?.()
  }
  return (start) => {
    let task: Task<HttpResponse> | null = null
    let aborted = false
    const done = new Promise<HttpResponse>((resolve, reject) => {
      const run = () => {
        running++
        if (aborted) {
          next()
          return reject(new Error('stopped'))
        }
        task = start()
        task.done.then(resolve, reject).then(next, next)
      }
      if (running < REQUESTS_AT_ONCE) run()
      else waiting.push(run)
    })
    const abort = () => {
      aborted = true
      task?.abort()
    }
    return { done, abort }
  }
}

/** WeChat gives random bytes later, not at once; until the first have come, Math.random must do. */
function randomPool(host: EventHost): (length: number) => number[] {
  let pool: number[] = []
  let asking = false
  const fill = () => {
    if (asking) return
    asking = true
    host.getRandomValues?.({
      length: POOL,
      success: ({ randomValues }) => (pool = pool.concat(Array.from(new Uint8Array(randomValues)))),
      complete: () => (asking = false),
    })
  }
  fill()
  return (length) => {
    if (pool.length < POOL / 2) fill()
    const taken = pool.splice(0, length)
    while (taken.length < length) taken.push(Math.floor(Math.random() * 256))
    return taken
  }
}
