import type { Adapter } from '../core/adapter'
import { miniAdapter, openSocket, startTask } from './mini-program'
import type { HostGlobal, WxLike } from './mini-program'
import { inTime, lateTask } from './tasks'

/**
 * For Douyin mini programs: `createClient({ endpoint, adapter: douyinAdapter(tt) })`. Files are paths. Outside the test
 * version only `wss` and `https` endpoints of the app's lists can be reached.
 */
export function douyinAdapter(global: HostGlobal): Adapter {
  const tt = global as WxLike
  return miniAdapter(tt, {
    platform: 'douyin',
    socket: (url, handlers) =>
      // No `protocols`: a server that does not answer with one of them is refused.
      openSocket(handlers, (fail) => lateTask((success) => tt.connectSocket({ url, success, fail }))),
    request: ({ method, url, headers, body, timeout_ms }) =>
      inTime(
        startTask((finish) =>
          tt.request({
            url,
            method,
            header: headers,
            // Trap: what stands here without a body of its own is added to the URL.
            ...(body !== undefined && { data: body }),
            // Trap: the default, json, parses what it can.
            dataType: 'text',
            ...finish,
          }),
        ),
        timeout_ms,
      ),
    upload: ({ url, headers, fields, file, timeout_ms, onProgress }) =>
      inTime(
        startTask(
          (finish) =>
            tt.uploadFile({ url, header: headers, name: 'file', filePath: String(file), formData: fields, ...finish }),
          onProgress,
        ),
        timeout_ms,
      ),
  })
}
