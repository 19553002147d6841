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

type Wx = WechatMiniprogram.Wx
const POOL = 256
/** WeChat refuses an eleventh request or upload at once. */
const REQUESTS_AT_ONCE = 8

/** For WeChat mini programs. Files are paths, as `wx.chooseMedia` and the recorder give them. */
export function wxAdapter(wx: Wx): Adapter {
  const queue = requestQueue()
  return {
    platform: 'wechat',
    suspends: true,
    socket: (url, handlers) => openSocket(wx, url, handlers),
    storage: wxStorage(wx),
    request: (request) => queue(() => startRequest(wx, request)),
    upload: (upload) => queue(() => startUpload(wx, upload)),
    preview: (file) => String(file),
    now: () => Date.now(),
    timer: (fn, delay_ms) => {
      const handle = setTimeout(fn, delay_ms)
      return () => clearTimeout(handle)
    },
    random: randomPool(wx),
    onShow: (fn) => subscribe(fn, wx.onAppShow, wx.offAppShow),
    onHide: (fn) => subscribe(fn, wx.onAppHide, wx.offAppHide),
    onNetwork: (fn) => {
      const heard = (event: { isConnected: boolean }) => fn(event.isConnected)
      // The typings mistake what offNetworkStatusChange takes.
      return subscribe(
        heard,
        wx.onNetworkStatusChange,
        wx.offNetworkStatusChange as unknown as (fn: typeof heard) => void,
      )
    },
  }
}

function subscribe<Fn>(fn: Fn, on: ((fn: Fn) => void) | undefined, off: ((fn: Fn) => void) | undefined): () => void {
  // Base libraries older than 2.1.2 and plugins lack some of them.
  on?.(fn)
  return () => off?.(fn)
}

function openSocket(wx: Wx, url: string, handlers: SocketHandlers): Socket {
  // Right after a hot start connectSocket fails with "interrupted in suspend state": an end like any other.
  const task = wx.connectSocket({ url, timeout: 10_000, fail: (error) => handlers.close(1006, error.errMsg) })
  task.onOpen(() => handlers.open())
  task.onMessage(({ data }) => typeof data === 'string' && handlers.message(data))
  task.onClose(({ code, reason }) => handlers.close(code || 1006, reason || ''))
  task.onError(({ errMsg }) => handlers.close(1006, errMsg))
  return {
    send: (data) => task.send({ data, fail: (error) => handlers.close(1006, error.errMsg) }),
    close: (code, reason) => task.close({ code, reason }),
  }
}

function wxStorage(wx: Wx): KeyValueStorage {
  return {
    get: (key) =>
      new Promise((resolve) =>
        // A key that does not exist fails, and says so in words only.
        wx.getStorage({
          key,
          success: ({ data }) => resolve(typeof data === 'string' ? data : null),
          fail: () => resolve(null),
        }),
      ),
    set: (key, data) =>
      new Promise((resolve, reject) =>
        wx.setStorage({ key, data, success: () => resolve(), fail: (error) => reject(new Error(error.errMsg)) }),
      ),
    remove: (key) => new Promise((resolve) => wx.removeStorage({ key, complete: () => resolve() })),
    keys: () =>
      new Promise((resolve, reject) =>
        wx.getStorageInfo({ success: ({ keys }) => resolve(keys), fail: (error) => reject(new Error(error.errMsg)) }),
      ),
  }
}

function startRequest(wx: Wx, { method, url, headers, body, timeout_ms }: HttpRequest): Task<HttpResponse> {
  let task: { abort(): void } | null = null
  const done = new Promise<HttpResponse>((resolve, reject) => {
    task = wx.request({
      url,
      header: headers,
      data: body ?? '',
      timeout: timeout_ms,
      dataType: 'text' as '其他',
      // The typings lack PATCH, which current base libraries take.
      method: method as 'POST',
      success: ({ statusCode, data }) => resolve({ status: statusCode, body: String(data) }),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  })
  return { done, abort: () => task?.abort() }
}

function startUpload(
  wx: Wx,
  { url, headers, fields, file, timeout_ms, onProgress }: UploadRequest,
): Task<HttpResponse> {
  let task: { abort(): void } | null = null
  const done = new Promise<HttpResponse>((resolve, reject) => {
    const started = wx.uploadFile({
      url,
      header: headers,
      name: 'file',
      filePath: String(file),
      formData: fields,
      timeout: timeout_ms,
      success: ({ statusCode, data }) => resolve({ status: statusCode, body: data }),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
    started.onProgressUpdate(({ progress }) => onProgress(progress / 100))
    task = started
  })
  return { done, abort: () => task?.abort() }
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

/** wx gives random bytes later, not at once; until the first have come, Math.random must do. */
function randomPool(wx: Wx): (length: number) => number[] {
  let pool: number[] = []
  let asking = false
  const fill = () => {
    if (asking || !wx.getRandomValues) return
    asking = true
    wx.getRandomValues({
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
