import type { Adapter, HttpResponse, KeyValueStorage, SocketHandlers, Task, UploadRequest } from '../core/adapter'
import { memoryStorage, openWebSocket, request } from './browser'

/** A file in Node. */
export interface NodeFile {
  data: Uint8Array
  name: string
  mime?: string
}

export interface NodeAdapterOptions {
  /** A WebSocket class, for instance that of `ws`. Default: Node's own (22 and later); without one it polls. */
  WebSocket?: unknown
  /** Default: in memory. */
  storage?: KeyValueStorage
}

type SocketClass = new (url: string) => WebSocket

/** For Node 20 and later. */
export function nodeAdapter(options: NodeAdapterOptions = {}): Adapter {
  const found = (options.WebSocket ?? (globalThis as { WebSocket?: unknown }).WebSocket) as SocketClass | undefined
  return {
    platform: 'node',
    socket: found ? (url: string, handlers: SocketHandlers) => openWebSocket(() => new found(url), handlers) : null,
    storage: options.storage ?? memoryStorage(),
    request,
    upload,
    preview: () => '',
    now: () => Date.now(),
    timer: (fn, delay_ms) => {
      const handle = setTimeout(fn, delay_ms)
      return () => clearTimeout(handle)
    },
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    onShow: () => () => undefined,
    onHide: () => () => undefined,
    onNetwork: () => () => undefined,
  }
}

function upload({ url, headers, fields, file, timeout_ms, onProgress }: UploadRequest): Task<HttpResponse> {
  const { data, name, mime = 'application/octet-stream' } = file as NodeFile
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeout_ms)
  const form = new FormData()
  for (const [field, value] of Object.entries(fields)) form.append(field, value)
  form.append('file', new Blob([new Uint8Array(data)], { type: mime }), name)
  const done = fetch(url, { method: 'POST', headers, body: form, signal: controller.signal })
    .then(async (response) => ({ status: response.status, body: await response.text() }))
    .then((response) => {
      onProgress(1)
      return response
    })
    .finally(() => clearTimeout(timer))
  return { done, abort: () => controller.abort() }
}
