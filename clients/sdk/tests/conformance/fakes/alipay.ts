// `my` as opendocs.alipay.com/mini/api describes it, in an old base library (2.3.1): one socket for the whole app unless
// `multiple` is asked for, what events tell wrapped in `data`, `headers`, `status`, error 19 for a status of 400 and
// more, error 14 for an answer that is no JSON, nothing to abort a request with, 200 KB a key, null for no value.
import { lowered } from '../far-side'
import { hasBody, later, refuse, succeed } from './phone'
import type { Call, Phone, PhoneSocket } from './phone'
import { appEvents } from './wechat'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'CONNECT']

export interface RequestCall extends Call {
  url: string
  method?: string
  headers?: Record<string, string>
  data?: unknown
  timeout?: number
  dataType?: string
}

export interface UploadCall extends Call {
  url: string
  filePath: string
  name?: string
  fileName?: string
  fileType?: string
  hideLoading?: boolean
  header?: Record<string, string>
  formData?: Record<string, string>
  timeout?: number
}

/** Text as it is; bytes as base64, and it is said. */
function wrapped(data: string | Uint8Array): { data: string; isBuffer: boolean } {
  if (typeof data === 'string') return { data, isBuffer: false }
  return { data: Buffer.from(data).toString('base64'), isBuffer: true }
}

class SocketTask {
  constructor(private readonly socket: PhoneSocket) {}
  onOpen(fn: (value: unknown) => void): void {
    this.socket.on('open', () => fn({ data: { socketTaskID: '1' } }))
  }
  onMessage(fn: (value: unknown) => void): void {
    this.socket.on('message', (data: string | Uint8Array) => fn({ data: { socketTaskID: '1', ...wrapped(data) } }))
  }
  /** The documented event says which socket, not why. */
  onClose(fn: (value: unknown) => void): void {
    this.socket.on('close', () => fn({ data: { socketTaskID: '1' } }))
  }
  onError(fn: (value: unknown) => void): void {
    this.socket.on('error', () => fn({ data: { socketTaskID: '1' }, error: 12 }))
  }
  send(call: Call & { data: string }): void {
    if (this.socket.say(call.data)) succeed(call, { success: true })
    else refuse(call, { error: 8, errorMessage: 'the socket is not open' })
  }
  close({ code = 1000, reason = '' }: { code?: number; reason?: string }): void {
    this.socket.close(code, reason)
  }
}

export function fakeMy(phone: Phone) {
  let only: PhoneSocket | null = null
  /** Whether an upload covered the page. */
  const screen = { spinner: false }
  const my = {
    connectSocket: (call: Call & { url: string; multiple?: boolean }) => {
      if (!call.multiple) only?.close(1000, '')
      const socket = phone.connect(call.url)
      if (!socket) {
        refuse(call, { error: 3, errorMessage: 'no more sockets' })
        return undefined
      }
      succeed(call)
      socket.begin()
      if (call.multiple) return new SocketTask(socket)
      only = socket
      return undefined
    },
    request: (call: RequestCall): undefined => {
      const method = call.method ?? 'GET'
      if (!METHODS.includes(method)) return void refuse(call, { error: 2, errorMessage: 'invalid parameter' })
      const body = hasBody(method) ? String(call.data ?? '') : ''
      const headers = { 'content-type': 'application/json', ...lowered(call.headers) }
      phone.request({ method, url: call.url, headers, body }, call.timeout ?? 30_000, (answer, why) => {
        if (!answer) return refuse(call, { error: why === 'timeout' ? 13 : 12, errorMessage: why })
        const { status, body: text } = answer
        if (status >= 400)
          return refuse(call, { error: 19, errorMessage: 'http status error', status, headers: {}, data: text })
        if ((call.dataType ?? 'json') !== 'json') return succeed(call, { status, headers: {}, data: text })
        try {
          succeed(call, { status, headers: {}, data: JSON.parse(text) as unknown })
        } catch {
          refuse(call, { error: 14, errorMessage: 'JSON parse data error' })
        }
      })
    },
    uploadFile: (call: UploadCall) => {
      const content = phone.files.get(call.filePath)
      const field = call.fileName ?? call.name
      const known = ['image', 'video', 'audio'].includes(call.fileType ?? '')
      screen.spinner = screen.spinner || !call.hideLoading
      if (content === undefined || !field || !known) {
        refuse(call, { error: content === undefined ? 11 : 2, errorMessage: 'invalid parameter' })
        return undefined
      }
      const { url, formData: fields = {} } = call
      const upload = { url, headers: lowered(call.header), fields, field, content }
      const abort = phone.upload(upload, call.timeout, (answer, why) =>
        answer
          ? succeed(call, { statusCode: answer.status, data: answer.body, header: {} })
          : refuse(call, { error: 12, errorMessage: why }),
      )
      const heard = new Set<(event: { progress: number }) => void>()
      for (const progress of [25, 100]) later(() => heard.forEach((fn) => fn({ progress })))
      return { abort, onProgressUpdate: (fn: (event: { progress: number }) => void) => void heard.add(fn) }
    },
    getStorage: (call: Call & { key: string }) =>
      succeed(call, { success: true, data: phone.kept.get(call.key) ?? null }),
    setStorage: (call: Call & { key: string; data: string }) =>
      phone.keep(call.key, call.data)
        ? succeed(call)
        : refuse(call, { error: 14, errorMessage: 'size limit exceeded' }),
    removeStorage: (call: Call & { key: string }) => {
      phone.drop(call.key)
      succeed(call, { success: true })
    },
    getStorageInfo: (call: Call) =>
      succeed(call, { keys: Array.from(phone.kept.keys()), currentSize: 1, limitSize: 10240, success: true }),
    ...appEvents(phone, (isConnected) => ({ isConnected, networkType: isConnected ? 'WIFI' : 'NOTREACHABLE' })),
  }
  return { my, screen }
}
