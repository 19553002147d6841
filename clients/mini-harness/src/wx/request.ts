// request, uploadFile, downloadFile: ten at a time together, the rest wait.
import { suspended } from '../runtime/app'
import { fileOf, keepFile, keepFileAs } from '../runtime/assets'
import { Emitter } from '../runtime/emitter'
import { Refusal, settle, type Callbacks } from './api'
import { networkChanged, requireNetwork } from './network'

const MAX_CONCURRENT = 10
const TIMEOUT_MS = 60_000

interface Common extends Callbacks {
  url: string
  header?: Record<string, string>
  timeout?: number
}

interface RequestOptions extends Common {
  method?: string
  data?: unknown
  dataType?: string
  responseType?: 'text' | 'arraybuffer'
}

interface Progress {
  progress: number
  [count: string]: number
}

const running = new Set<Transfer>()
const waiting: (() => void)[] = []
let taken = 0

/** One HTTP exchange over XMLHttpRequest, which alone reports upload progress. */
class Transfer {
  readonly progress = new Emitter<Progress>()
  readonly headers = new Emitter<{ header: Record<string, string>; statusCode: number; cookies: string[] }>()
  private readonly xhr = new XMLHttpRequest()
  private stopped: Refusal | undefined
  private reject: ((reason: Refusal) => void) | undefined

  stop(reason: Refusal): void {
    this.stopped = reason
    this.xhr.abort()
    this.reject?.(reason)
  }

  run(
    method: string,
    options: Common,
    body: XMLHttpRequestBodyInit | null,
    type: XMLHttpRequestResponseType,
  ): Promise<XMLHttpRequest> {
    requireNetwork()
    if (!/^https?:\/\//.test(options.url)) throw new Refusal(`invalid url "${options.url}"`)
    return new Promise((resolve, reject) => {
      // An abort must fail at once, also one that still waits for its turn.
      this.reject = reject
      this.inTurn(() => this.exchange(method, options, body, type)).then(resolve, reject)
    })
  }

  private async inTurn(work: () => Promise<XMLHttpRequest>): Promise<XMLHttpRequest> {
    await takePlace()
    try {
      if (this.stopped) throw this.stopped
      running.add(this)
      return await work()
    } finally {
      running.delete(this)
      leavePlace()
    }
  }

  private exchange(
    method: string,
    options: Common,
    body: XMLHttpRequestBodyInit | null,
    type: XMLHttpRequestResponseType,
  ): Promise<XMLHttpRequest> {
    const { xhr } = this
    return new Promise((resolve, reject) => {
      xhr.onabort = () => reject(this.stopped ?? new Refusal('abort'))
      xhr.open(method, options.url)
      xhr.responseType = type
      xhr.timeout = options.timeout ?? TIMEOUT_MS
      // Browsers forbid a few headers that phones allow; wx forbids Referer.
      for (const [name, value] of Object.entries(options.header ?? {}))
        if (!/^(referer|user-agent|host)$/i.test(name)) xhr.setRequestHeader(name, String(value))
      const watched = body instanceof FormData ? xhr.upload : xhr
      watched.onprogress = ({ loaded, total }) =>
        this.progress.emit(progressOf(loaded, total, body instanceof FormData))
      xhr.onreadystatechange = () => {
        if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED)
          this.headers.emit({ header: headersOf(xhr), statusCode: xhr.status, cookies: [] })
      }
      xhr.onload = () => resolve(xhr)
      xhr.onerror = () =>
        reject(
          new Refusal('errcode:-102 cronet_error_code:-102 error_msg:net::ERR_CONNECTION_REFUSED', { errno: 600001 }),
        )
      xhr.ontimeout = () => reject(new Refusal('timeout', { errno: 5 }))
      xhr.send(body)
    })
  }
}

async function takePlace(): Promise<void> {
  if (taken < MAX_CONCURRENT) taken += 1
  else await new Promise<void>((resolve) => waiting.push(resolve))
}

/** A place that is left goes straight to who waits longest. */
function leavePlace(): void {
  const next = waiting.shift()
  if (next) next()
  else taken -= 1
}

suspended.on(() => {
  for (const transfer of [...running]) transfer.stop(new Refusal('interrupted', { errno: 600003 }))
})
networkChanged.on(({ isConnected }) => {
  if (!isConnected)
    for (const transfer of [...running])
      transfer.stop(new Refusal('errcode:-2 error_msg:net::ERR_NETWORK_CHANGED', { errno: 600001 }))
})

function progressOf(loaded: number, total: number, upload: boolean): Progress {
  const progress = total > 0 ? Math.round((loaded / total) * 100) : 0
  return upload
    ? { progress, totalBytesSent: loaded, totalBytesExpectedToSend: total }
    : { progress, totalBytesWritten: loaded, totalBytesExpectedToWrite: total }
}

function headersOf(xhr: XMLHttpRequest): Record<string, string> {
  const lines = xhr
    .getAllResponseHeaders()
    .trim()
    .split(/[\r\n]+/)
    .filter(Boolean)
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
}

function start(name: string, options: Callbacks, transfer: Transfer, work: () => Promise<Record<string, unknown>>) {
  const promise = settle(name, options, work)
  const task = {
    abort: () => transfer.stop(new Refusal('abort')),
    onProgressUpdate: (listener: (progress: Progress) => void) => transfer.progress.on(listener),
    offProgressUpdate: (listener?: (progress: Progress) => void) => transfer.progress.off(listener),
    onHeadersReceived: (listener: Parameters<typeof transfer.headers.on>[0]) => transfer.headers.on(listener),
    offHeadersReceived: (listener?: Parameters<typeof transfer.headers.on>[0]) => transfer.headers.off(listener),
  }
  // Without callbacks the task is a Promise as well.
  return promise ? Object.assign(promise, task) : task
}

function request(options: RequestOptions) {
  const transfer = new Transfer()
  return start('request', options, transfer, async () => {
    const method = (options.method ?? 'GET').toUpperCase()
    const { url, body, header } = encode(method, options)
    const binary = options.responseType === 'arraybuffer'
    const xhr = await transfer.run(method, { ...options, url, header }, body, binary ? 'arraybuffer' : 'text')
    const data: unknown = binary ? xhr.response : parse(xhr.responseText, options.dataType)
    return { data, statusCode: xhr.status, header: headersOf(xhr), cookies: [] }
  })
}

function encode(
  method: string,
  options: RequestOptions,
): { url: string; body: XMLHttpRequestBodyInit | null; header: Record<string, string> } {
  const type = Object.entries(options.header ?? {}).find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const header = { ...(type ? {} : { 'content-type': 'application/json' }), ...options.header }
  const { data, url } = options
  if (method === 'GET') {
    const { 'content-type': _, ...rest } = header
    return { url: withQuery(url, data), body: null, header: type ? header : rest }
  }
  if (data === undefined || data === null) return { url, body: null, header }
  if (typeof data === 'string' || data instanceof ArrayBuffer) return { url, body: data, header }
  const form = (type ?? '').includes('application/x-www-form-urlencoded')
  return {
    url,
    body: form ? new URLSearchParams(data as Record<string, string>).toString() : JSON.stringify(data),
    header,
  }
}

function withQuery(url: string, data: unknown): string {
  if (data === null || typeof data !== 'object' || Object.keys(data).length === 0) return url
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(data as Record<string, string>).toString()}`
}

/** By default wx parses what is JSON and returns the text of what is not. */
function parse(text: string, dataType = 'json'): unknown {
  if (dataType !== 'json') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

interface UploadOptions extends Common {
  filePath: string
  name: string
  formData?: Record<string, unknown>
}

function uploadFile(options: UploadOptions) {
  const transfer = new Transfer()
  return start('uploadFile', options, transfer, async () => {
    const file = await fileOf(options.filePath)
    if (!file) throw new Refusal("file doesn't exist")
    const form = new FormData()
    for (const [key, value] of Object.entries(options.formData ?? {})) form.append(key, String(value))
    form.append(options.name, file, options.filePath.split('/').pop())
    // The boundary is the browser's to set.
    const header = Object.fromEntries(
      Object.entries(options.header ?? {}).filter(([name]) => name.toLowerCase() !== 'content-type'),
    )
    const xhr = await transfer.run('POST', { ...options, header }, form, 'text')
    return { data: xhr.responseText, statusCode: xhr.status, header: headersOf(xhr) }
  })
}

interface DownloadOptions extends Common {
  filePath?: string
}

function downloadFile(options: DownloadOptions) {
  const transfer = new Transfer()
  return start('downloadFile', options, transfer, async () => {
    const xhr = await transfer.run('GET', options, null, 'blob')
    const blob = xhr.response as Blob
    const { filePath } = options
    const extension = new URL(options.url).pathname.match(/\.(\w{1,5})$/)?.[1] ?? ''
    if (filePath) return { filePath: keepFileAs(filePath, blob), statusCode: xhr.status, header: headersOf(xhr) }
    return {
      tempFilePath: keepFile(blob, extension),
      statusCode: xhr.status,
      header: headersOf(xhr),
      dataLength: blob.size,
    }
  })
}

export const http = { request, uploadFile, downloadFile }
