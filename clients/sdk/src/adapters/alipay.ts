import type { Adapter } from '../core/adapter'
import { miniAdapter, openSocket, startTask } from './mini-program'
import type { EventHost, HostError, HostGlobal, HostTask, SocketEnd, SocketTask, StorageHost } from './mini-program'
import { splitStorage } from './split-storage'
import { inTime } from './tasks'

/** At three bytes a character this stays below the 200 KB that Alipay keeps under one key. */
export const MOST_UNITS = 60_000

interface MyAnswer<T> {
  success(value: T): void
  fail(error: T & HostError): void
}

interface MyResponse {
  status?: number
  statusCode?: number
  data?: unknown
}

interface MySocketEnd {
  data?: SocketEnd
}

/** The part of Alipay's `my` that the adapter uses, as opendocs.alipay.com/mini/api describes it. */
interface AlipayHost extends StorageHost, EventHost {
  connectSocket(
    call: { url: string; multiple: true; timeout: number } & Pick<MyAnswer<object>, 'fail'>,
  ): AlipaySocketTask | undefined | void
  request(
    call: {
      url: string
      method: string
      headers: Record<string, string>
      data?: string
      timeout: number
      dataType: 'text'
    } & MyAnswer<MyResponse>,
  ): HostTask | undefined | void
  uploadFile(
    call: {
      url: string
      filePath: string
      name: string
      fileName: string
      fileType: string
      hideLoading: boolean
      header: Record<string, string>
      formData: Record<string, string>
      timeout: number
    } & MyAnswer<MyResponse>,
  ): HostTask | undefined | void
}

interface AlipaySocketTask extends Pick<SocketTask, 'onOpen' | 'send' | 'close'> {
  onMessage(fn: (event: { data: unknown; isBuffer?: boolean }) => void): void
  onClose(fn: (event: SocketEnd & MySocketEnd) => void): void
  onError(fn: (event: SocketEnd & MySocketEnd) => void): void
}

/**
 * For Alipay mini programs: `createClient({ endpoint, adapter: alipayAdapter(my) })`. Files are paths. `PATCH` is not
 * among the methods of `my.request`. Needs base library 2.3.1; below it has no socket of its own and polls.
 */
export function alipayAdapter(global: HostGlobal): Adapter {
  const my = global as AlipayHost
  const adapter = miniAdapter(my, {
    platform: 'alipay',
    socket: (url, handlers) =>
      openSocket(handlers, (end) => {
        // Trap: without `multiple` there is one socket for the whole app, heard through my.onSocketMessage, and whoever
        // connects next takes it away (my.connectSocket).
        const task = my.connectSocket({ url, multiple: true, timeout: 10_000, fail: (error) => end(endOf(error)) })
        if (!task) void Promise.resolve().then(() => end({ reason: 'no socket task' }))
        return task ? unwrapped(task) : undefined
      }),
    request: ({ method, url, headers, body, timeout_ms }) =>
      inTime(
        startTask(
          ({ success, fail }) =>
            my.request({
              url,
              method,
              // Trap: `headers`, where all others say `header`.
              headers,
              ...(body !== undefined && { data: body }),
              timeout: timeout_ms,
              // Trap: with the default, json, an answer that is none fails with error 14.
              dataType: 'text',
              ...answers(success, fail),
            }) ?? undefined,
        ),
        timeout_ms,
      ),
    upload: ({ url, headers, fields, file, timeout_ms, onProgress }) =>
      inTime(
        startTask(
          ({ success, fail }) =>
            my.uploadFile({
              url,
              filePath: String(file),
              // Trap: the field is called `fileName` in older base libraries; there is no other name for the file.
              name: 'file',
              fileName: 'file',
              fileType: FILE_TYPES[fields['kind'] ?? ''] ?? 'image',
              // Trap: or Alipay covers the page with a spinner while it uploads.
              hideLoading: true,
              header: headers,
              formData: fields,
              timeout: timeout_ms,
              ...answers(success, fail),
            }) ?? undefined,
          onProgress,
        ),
        timeout_ms,
      ),
  })
  return { ...adapter, storage: splitStorage(adapter.storage, MOST_UNITS) }
}

/** Trap: `fileType` must be given, and there are only these (my.uploadFile). */
export const FILE_TYPES: Record<string, string> = { image: 'image', video: 'video', voice: 'audio' }

/** What either callback says, as the other hosts say it. */
export function answers(
  success: (response: { statusCode: number; data: unknown }) => void,
  fail: (error: HostError) => void,
): MyAnswer<MyResponse> {
  const take = ({ status, statusCode, data }: MyResponse): boolean => {
    // Trap: `status` in older base libraries, `statusCode` beside it in newer ones.
    const code = Number(statusCode || status)
    // Text even so: what was asked for as text has been seen parsed.
    if (code >= 100) success({ statusCode: code, data: typeof data === 'string' ? data : JSON.stringify(data ?? '') })
    return code >= 100
  }
  return {
    success: (response) => {
      if (!take(response)) fail({ errMsg: 'an answer without a status' })
    },
    // Trap: a status of 400 and more may fail, with error 19 "http status error"; it is an answer all the same.
    fail: (error) => {
      if (!take(error)) fail(error)
    },
  }
}

/** Trap: what events of a task tell stands in `data` of their `data`; binary messages are base64 with `isBuffer`. */
export function unwrapped(task: AlipaySocketTask): SocketTask {
  return {
    onOpen: (fn) => task.onOpen(fn),
    onMessage: (fn) => task.onMessage((event) => fn({ data: textOf(event) })),
    onClose: (fn) => task.onClose((event) => fn(endOf(event))),
    onError: (fn) => task.onError((event) => fn(endOf(event))),
    send: (call) => task.send(call),
    close: (call) => task.close(call),
  }
}

interface Wrapped {
  data?: unknown
  isBuffer?: boolean
}

/** The text of a message, wrapped or not; null if it is binary. */
function textOf({ data, isBuffer }: Wrapped): unknown {
  if (isBuffer) return null
  return typeof data === 'object' && data !== null && !(data instanceof ArrayBuffer) ? textOf(data) : data
}

function endOf(event: SocketEnd & MySocketEnd): SocketEnd {
  const end = { ...event, ...event.data }
  return { ...end, reason: end.reason ?? end.errorMessage ?? '' }
}
