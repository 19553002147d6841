/** Handlers of a socket. `close` may never be called: mini programs lose sockets without a word. */
export interface SocketHandlers {
  open(): void
  message(data: string): void
  close(code: number, reason: string): void
}

export interface Socket {
  send(data: string): void
  close(code: number, reason: string): void
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  headers: Record<string, string>
  body?: string
  timeout_ms: number
}

export interface HttpResponse {
  status: number
  body: string
}

/** Something under way that can be stopped; after `abort`, `done` rejects. */
export interface Task<T> {
  done: Promise<T>
  abort(): void
}

export interface UploadRequest {
  url: string
  headers: Record<string, string>
  /** Other form fields of the multipart body. */
  fields: Record<string, string>
  /** What the adapter calls a file: a `Blob` (browser), a path (mini programs), `{data, name, mime}` (Node). */
  file: unknown
  timeout_ms: number
  /** From 0 to 1. */
  onProgress(fraction: number): void
}

/** Strings by key. A `set` that does not fit rejects; the SDK then keeps less. */
export interface KeyValueStorage {
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<void>
  remove(key: string): Promise<void>
  keys(): Promise<string[]>
}

/** Everything that the core needs of its host. Write your own for a host that is not here. */
export interface Adapter {
  /** Name of the host, shown in the list of devices: `wechat`, `browser`, `node` … */
  readonly platform: string
  /** The host stops the application five seconds after it was hidden, and closes its socket, perhaps without a word. */
  readonly suspends?: boolean
  /** Opens a socket; null where the host has none, the client then polls. */
  readonly socket: ((url: string, handlers: SocketHandlers) => Socket) | null
  readonly storage: KeyValueStorage
  request(request: HttpRequest): Task<HttpResponse>
  upload(request: UploadRequest): Task<HttpResponse>
  /** A link under which the host shows a file that is not uploaded yet, or an empty string. */
  preview(file: unknown): string
  /** Wall clock, milliseconds. It keeps going while the host is suspended. */
  now(): number
  /** Calls `fn` once after `delay_ms`; the answer cancels it. */
  timer(fn: () => void, delay_ms: number): () => void
  /** Random bytes. They only have to be unlikely to repeat. */
  random(length: number): ArrayLike<number>
  onShow(fn: () => void): () => void
  onHide(fn: () => void): () => void
  onNetwork(fn: (online: boolean) => void): () => void
}
