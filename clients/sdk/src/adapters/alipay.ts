import type { Adapter } from '../core/adapter'
import { FILE_TYPES, MOST_UNITS, answers, endOf, unwrapped } from './alipay-traps'
import type { AlipaySocketTask, MyAnswer, MyResponse } from './alipay-traps'
import { miniAdapter, openSocket, startTask } from './mini-program'
import type { EventHost, HostGlobal, HostTask, StorageHost } from './mini-program'
import { splitStorage } from './split-storage'
import { inTime } from './tasks'

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
