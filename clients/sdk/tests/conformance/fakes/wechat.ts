// `wx` as developers.weixin.qq.com describes it: at most five sockets and ten requests, a megabyte a key, events of a
// task for those who listen in time, an error and then a close, and no word of a socket that dies in the background.
import { lowered } from '../far-side'
import { hasBody, later, parsed, refuse, succeed } from './phone'
import type { Call, Phone, PhoneSocket } from './phone'

export interface RequestCall extends Call {
  url: string
  method?: string
  header?: Record<string, string>
  data?: unknown
  timeout?: number
  dataType?: string
}

export interface UploadCall extends Call {
  url: string
  filePath: string
  name: string
  header?: Record<string, string>
  formData?: Record<string, string>
  timeout?: number
}

/** Its methods stand in the prototype, as in the base library: a copy of its own properties is an empty object. */
export class TaskOfSocket {
  constructor(
    private readonly socket: PhoneSocket,
    private readonly refused: string,
  ) {}
  onOpen(fn: (value: unknown) => void): void {
    this.socket.on('open', () => fn({ header: {} }))
  }
  onMessage(fn: (value: unknown) => void): void {
    this.socket.on('message', (data: string | Uint8Array) =>
      fn({ data: typeof data === 'string' ? data : new Uint8Array(data).buffer }),
    )
  }
  onClose(fn: (value: unknown) => void): void {
    this.socket.on('close', fn)
  }
  onError(fn: (value: unknown) => void): void {
    this.socket.on('error', () => fn({ errMsg: 'connection refused' }))
  }
  send(call: Call & { data: string }): void {
    if (this.socket.say(call.data)) succeed(call)
    else refuse(call, { errMsg: this.refused })
  }
  close({ code = 1000, reason = '' }: { code?: number; reason?: string }): void {
    this.socket.close(code, reason)
  }
}

export function fakeWx(phone: Phone) {
  return {
    connectSocket: (call: Call & { url: string }) => {
      const socket = phone.connect(call.url)
      if (!socket) {
        const why = phone.suspended ? 'network api interrupted in suspend state' : 'exceed max task count'
        refuse(call, { errMsg: `connectSocket:fail ${why}` })
        return undefined
      }
      succeed(call, { errMsg: 'connectSocket:ok' })
      socket.begin()
      return new TaskOfSocket(socket, 'sendSocketMessage:fail SocketTask.readyState is not OPEN')
    },
    request: (call: RequestCall) => {
      const method = call.method ?? 'GET'
      const body = hasBody(method) ? String(call.data ?? '') : ''
      const url = hasBody(method) || !call.data ? call.url : `${call.url}?${String(call.data)}`
      const headers = { 'content-type': 'application/json', ...lowered(call.header) }
      const abort = phone.request({ method, url, headers, body }, call.timeout, (answer, why) => {
        if (!answer) return refuse(call, { errMsg: `request:fail ${why}` })
        const data = (call.dataType ?? 'json') === 'json' ? parsed(answer.body) : answer.body
        succeed(call, { statusCode: answer.status, header: {}, data })
      })
      return { abort }
    },
    uploadFile: (call: UploadCall) => {
      const content = phone.files.get(call.filePath)
      const progress = new Set<(event: { progress: number }) => void>()
      if (content === undefined) refuse(call, { errMsg: 'uploadFile:fail file not found' })
      const { url, formData: fields = {}, name: field } = call
      const upload = { url, headers: lowered(call.header), fields, field, content: content ?? '' }
      const abort =
        content === undefined
          ? () => undefined
          : phone.upload(upload, call.timeout, (answer, why) =>
              answer
                ? succeed(call, { statusCode: answer.status, data: answer.body })
                : refuse(call, { errMsg: `uploadFile:fail ${why}` }),
            )
      for (const percent of [40, 100]) later(() => progress.forEach((fn) => fn({ progress: percent })))
      return { abort, onProgressUpdate: (fn: (event: { progress: number }) => void) => progress.add(fn) }
    },
    getStorage: (call: Call & { key: string }) => {
      const data = phone.kept.get(call.key)
      if (data === undefined) refuse(call, { errMsg: 'getStorage:fail data not found' })
      else succeed(call, { data })
    },
    setStorage: (call: Call & { key: string; data: string }) =>
      phone.keep(call.key, call.data)
        ? succeed(call)
        : refuse(call, { errMsg: 'setStorage:fail entry size limit reached' }),
    removeStorage: (call: Call & { key: string }) => {
      phone.drop(call.key)
      succeed(call)
    },
    getStorageInfo: (call: Call) =>
      succeed(call, { keys: Array.from(phone.kept.keys()), currentSize: 1, limitSize: 10240 }),
    getRandomValues: (call: Call & { length: number }) =>
      succeed(call, { randomValues: crypto.getRandomValues(new Uint8Array(call.length)).buffer }),
    ...appEvents(phone, (isConnected) => ({ isConnected, networkType: isConnected ? 'wifi' : 'none' })),
  }
}

export function appEvents(phone: Phone, stateOf: (online: boolean) => unknown) {
  const { show, hide, network } = phone.listeners
  const wrapped = new Map<(state: unknown) => void, (online: boolean) => void>()
  return {
    onAppShow: (fn: () => void) => void show.add(fn),
    offAppShow: (fn: () => void) => void show.delete(fn),
    onAppHide: (fn: () => void) => void hide.add(fn),
    offAppHide: (fn: () => void) => void hide.delete(fn),
    onNetworkStatusChange: (fn: (state: unknown) => void) => {
      const heard = (online: boolean) => fn(stateOf(online))
      wrapped.set(fn, heard)
      network.add(heard)
    },
    offNetworkStatusChange: (fn: (state: unknown) => void) => {
      const heard = wrapped.get(fn)
      if (heard) network.delete(heard)
    },
  }
}
