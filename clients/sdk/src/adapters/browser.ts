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

export interface BrowserAdapterOptions {
  /**
   * A worker that runs `@chaguan/sdk/ticker`, for pages that must hear of everything while they are hidden:
   * `new Worker(new URL('@chaguan/sdk/ticker', import.meta.url), { type: 'module' })`. Without it a page that was
   * hidden for 5 minutes may hear up to two minutes late.
   */
  ticker?: Worker
}

/** For browsers: WebSocket, fetch, localStorage. */
export function browserAdapter({ ticker }: BrowserAdapterOptions = {}): Adapter {
  return {
    platform: 'browser',
    socket: openSocket,
    storage: localStorageOr(memoryStorage()),
    request,
    upload,
    preview: (file) => (file instanceof Blob ? URL.createObjectURL(file) : ''),
    now: () => Date.now(),
    timer: ticker ? workerTimer(ticker) : pageTimer,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    onShow: (fn) => listen(document, 'visibilitychange', () => document.visibilityState === 'visible' && fn()),
    onHide: (fn) => listen(document, 'visibilitychange', () => document.visibilityState === 'hidden' && fn()),
    onNetwork: (fn) => {
      const offs = [listen(window, 'online', () => fn(true)), listen(window, 'offline', () => fn(false))]
      return () => offs.forEach((off) => off())
    },
  }
}

function pageTimer(fn: () => void, delay_ms: number): () => void {
  const handle = setTimeout(fn, delay_ms)
  return () => clearTimeout(handle)
}

function workerTimer(ticker: Worker): Adapter['timer'] {
  const waiting = new Map<number, () => void>()
  let last = 0
  ticker.addEventListener('message', ({ data: id }: MessageEvent<number>) => {
    const fn = waiting.get(id)
    waiting.delete(id)
    fn?.()
  })
  return (fn, delay_ms) => {
    const id = ++last
    waiting.set(id, fn)
    ticker.postMessage([id, Math.max(0, delay_ms)])
    return () => {
      if (waiting.delete(id)) ticker.postMessage([id, -1])
    }
  }
}

function listen(target: EventTarget, name: string, fn: () => void): () => void {
  target.addEventListener(name, fn)
  return () => target.removeEventListener(name, fn)
}

function openSocket(url: string, handlers: SocketHandlers): Socket {
  return openWebSocket(() => new WebSocket(url), handlers)
}

/**
 * A standard WebSocket behind the adapter's interface. Where none can be made (`ws:` in a page of `https:`), that is an
 * end like any other, told as late as any other.
 */
export function openWebSocket(make: () => WebSocket, handlers: SocketHandlers): Socket {
  try {
    return wrapSocket(make(), handlers)
  } catch (error) {
    setTimeout(() => handlers.close(1006, String(error)), 0)
    return { send: () => undefined, close: () => undefined }
  }
}

function wrapSocket(socket: WebSocket, handlers: SocketHandlers): Socket {
  socket.onopen = () => handlers.open()
  socket.onmessage = (event) => typeof event.data === 'string' && handlers.message(event.data)
  socket.onclose = (event) => handlers.close(event.code, event.reason)
  // The close that follows says it. Where a class emits errors as Node does, one that nobody hears ends the process.
  socket.onerror = () => undefined
  return {
    send: (data) => {
      // A closing socket swallows what is sent to it; the caller must know.
      if (socket.readyState !== 1) throw new Error('the socket is not open')
      socket.send(data)
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

export function request({ method, url, headers, body, timeout_ms }: HttpRequest): Task<HttpResponse> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeout_ms)
  const init: RequestInit = { method, headers, signal: controller.signal, credentials: 'omit' }
  if (body !== undefined) init.body = body
  const done = fetch(url, init)
    .then(async (response) => ({ status: response.status, body: await response.text() }))
    .finally(() => clearTimeout(timer))
  return { done, abort: () => controller.abort() }
}

/** XMLHttpRequest, since fetch can't tell how far an upload is. */
function upload({ url, headers, fields, file, timeout_ms, onProgress }: UploadRequest): Task<HttpResponse> {
  const xhr = new XMLHttpRequest()
  const done = new Promise<HttpResponse>((resolve, reject) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    if (!(file instanceof Blob)) return reject(new Error('the file must be a Blob or File'))
    form.append('file', file, file instanceof File ? file.name : 'file')
    xhr.open('POST', url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.timeout = timeout_ms
    xhr.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total)
    xhr.onload = () => resolve({ status: xhr.status, body: xhr.responseText })
    xhr.onerror = xhr.ontimeout = () => reject(new Error('the upload failed'))
    xhr.onabort = () => reject(new Error('the upload was stopped'))
    xhr.send(form)
  })
  return { done, abort: () => xhr.abort() }
}

/** localStorage throws where the user forbids it; then this session keeps its state in memory. */
function localStorageOr(other: KeyValueStorage): KeyValueStorage {
  try {
    const storage = window.localStorage
    storage.getItem('')
    return {
      get: async (key) => storage.getItem(key),
      set: async (key, value) => storage.setItem(key, value),
      remove: async (key) => storage.removeItem(key),
      keys: async () => Object.keys(storage),
    }
  } catch {
    return other
  }
}

/** Storage that forgets when the process ends. */
export function memoryStorage(map = new Map<string, string>()): KeyValueStorage {
  return {
    get: async (key) => map.get(key) ?? null,
    set: async (key, value) => {
      map.set(key, value)
    },
    remove: async (key) => {
      map.delete(key)
    },
    keys: async () => Array.from(map.keys()),
  }
}
