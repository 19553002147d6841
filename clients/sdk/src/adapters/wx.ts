import type { Adapter } from '../core/adapter'
import { miniAdapter, openSocket, startTask } from './mini-program'
import type { WxLike } from './mini-program'

/** For WeChat mini programs. Files are paths, as `wx.chooseMedia` and the recorder give them. */
export function wxAdapter(wx: WechatMiniprogram.Wx): Adapter {
  // The typings lack PATCH, which current base libraries take, and mistake what offNetworkStatusChange takes.
  const host = wx as unknown as WxLike
  return miniAdapter(host, {
    platform: 'wechat',
    socket: (url, handlers) => openSocket(handlers, (fail) => host.connectSocket({ url, timeout: 10_000, fail })),
    request: ({ method, url, headers, body, timeout_ms }) =>
      startTask((finish) =>
        host.request({
          url,
          method,
          header: headers,
          data: body ?? '',
          timeout: timeout_ms,
          dataType: 'text',
          ...finish,
        }),
      ),
    upload: ({ url, headers, fields, file, timeout_ms, onProgress }) =>
      startTask(
        (finish) =>
          host.uploadFile({
            url,
            header: headers,
            name: 'file',
            filePath: String(file),
            formData: fields,
            timeout: timeout_ms,
            ...finish,
          }),
        onProgress,
      ),
  })
}
