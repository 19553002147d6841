// `tt` as developer.open-douyin.com describes it: methods of a socket's task are for after `success`, a close tells its
// code as a string, calls have no `timeout`, data of requests that have no body goes to the URL, and a key without a
// value gives an empty string.
import { hasBody, refuse, succeed } from './phone'
import type { Call, Phone } from './phone'
import { fakeWx } from './wechat'
import type { RequestCall, TaskOfSocket, UploadCall } from './wechat'

class EarlyTask {
  isReady = false
  constructor(private readonly task: TaskOfSocket) {}
  onOpen(fn: (value: unknown) => void): void {
    if (this.isReady) this.task.onOpen(fn)
  }
  onMessage(fn: (value: unknown) => void): void {
    if (this.isReady) this.task.onMessage(fn)
  }
  onClose(fn: (value: unknown) => void): void {
    if (this.isReady)
      this.task.onClose((event) => fn({ ...(event as object), code: String((event as { code: number }).code) }))
  }
  onError(fn: (value: unknown) => void): void {
    if (this.isReady) this.task.onError(fn)
  }
  send(call: Call & { data: string }): void {
    if (this.isReady) this.task.send(call)
    else refuse(call, { errMsg: 'sendSocketTask:fail socket is not connected' })
  }
  close(call: { code?: number; reason?: string }): void {
    if (this.isReady) this.task.close(call)
  }
}

export function fakeTt(phone: Phone) {
  const { getRandomValues: _, ...wx } = fakeWx(phone)
  return {
    ...wx,
    connectSocket: (call: Call & { url: string }) => {
      const ready: Call = {
        success: (value) => {
          if (early) early.isReady = true
          call.success?.(value)
        },
        fail: (error) => call.fail?.(error),
      }
      const task = wx.connectSocket({ ...ready, url: call.url })
      const early = task && new EarlyTask(task)
      return early
    },
    request: ({ timeout: _, ...call }: RequestCall) => {
      const method = call.method ?? 'GET'
      const query = !hasBody(method) && call.data !== undefined ? `?${String(call.data)}` : ''
      return wx.request({ ...call, url: call.url + query })
    },
    uploadFile: ({ timeout: _, ...call }: UploadCall) => wx.uploadFile(call),
    getStorage: (call: Call & { key: string }) => succeed(call, { data: phone.kept.get(call.key) ?? '' }),
  }
}
