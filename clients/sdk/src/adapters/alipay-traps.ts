// How Alipay says what other hosts say in another way; uni-app over Alipay leaves most of it as it is.
import type { HostError, SocketEnd, SocketTask } from './mini-program'

/** At three bytes a character this stays below the 200 KB that Alipay keeps under one key. */
export const MOST_UNITS = 60_000

export interface MyAnswer<T> {
  success(value: T): void
  fail(error: T & HostError): void
}

export interface MyResponse {
  status?: number
  statusCode?: number
  data?: unknown
}

interface MySocketEnd {
  data?: SocketEnd
}

export interface AlipaySocketTask extends Pick<SocketTask, 'onOpen' | 'send' | 'close'> {
  onMessage(fn: (event: { data: unknown; isBuffer?: boolean }) => void): void
  onClose(fn: (event: SocketEnd & MySocketEnd) => void): void
  onError(fn: (event: SocketEnd & MySocketEnd) => void): void
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

/** Why a socket ended, as far as it is said. */
export function endOf(event: SocketEnd & MySocketEnd): SocketEnd {
  const end = { ...event, ...event.data }
  return { ...end, reason: end.reason ?? end.errorMessage ?? '' }
}
