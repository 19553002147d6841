import type { Adapter } from '../core/adapter'
import { FILE_TYPES, MOST_UNITS, answers, unwrapped } from './alipay-traps'
import { miniAdapter, openSocket, startTask, subscribe } from './mini-program'
import type { HostGlobal, NetworkState, WxLike } from './mini-program'
import { splitStorage } from './split-storage'
import { inTime, lateTask } from './tasks'

/** The part of uni-app's `uni` that the adapter uses. */
interface UniHost extends WxLike {
  getSystemInfoSync?(): { uniPlatform?: string }
  getAppBaseInfo?(): { uniPlatform?: string }
}

/** Names in the list of devices, by `uniPlatform`. */
const PLATFORMS: Record<string, string> = {
  'mp-weixin': 'wechat',
  'mp-alipay': 'alipay',
  'mp-toutiao': 'douyin',
  web: 'browser',
  h5: 'browser',
}

/**
 * For uni-app, wherever it is compiled to: `createClient({ endpoint, adapter: uniAdapter(uni) })`. Files are paths. What
 * the mini program beneath lacks is lacking here too, such as `PATCH` in Alipay.
 */
export function uniAdapter(global: HostGlobal): Adapter {
  const uni = global as UniHost
  const beneath = uni.getAppBaseInfo?.().uniPlatform ?? uni.getSystemInfoSync?.().uniPlatform ?? ''
  const adapter = miniAdapter(uni, {
    platform: PLATFORMS[beneath] ?? 'uni',
    socket: (url, handlers) =>
      openSocket(handlers, (fail) => {
        // Trap: without one of success, fail and complete it gives a promise, and no task. `multiple` is Alipay's.
        const connect = (success: () => void) => uni.connectSocket({ url, multiple: true, success, fail })
        const task = beneath === 'mp-toutiao' ? lateTask(connect) : connect(() => undefined)
        // Trap: over Alipay events come wrapped as Alipay's own.
        return task && unwrapped(task)
      }),
    request: ({ method, url, headers, body, timeout_ms }) =>
      inTime(
        startTask(({ success, fail }) =>
          uni.request({
            url,
            method,
            header: headers,
            ...(body !== undefined && { data: body }),
            timeout: timeout_ms,
            dataType: 'text',
            ...answers(success, fail),
          }),
        ),
        timeout_ms,
      ),
    upload: ({ url, headers, fields, file, timeout_ms, onProgress }) =>
      inTime(
        startTask(
          (finish) =>
            uni.uploadFile({
              url,
              header: headers,
              name: 'file',
              filePath: String(file),
              formData: fields,
              // Trap: must be given over Alipay; others don't look at it (uni.uploadFile).
              fileType: FILE_TYPES[fields['kind'] ?? ''] ?? 'image',
              timeout: timeout_ms,
              ...finish,
            }),
          onProgress,
        ),
        timeout_ms,
      ),
  })
  return {
    ...adapter,
    suspends: beneath.indexOf('mp-') === 0,
    storage: splitStorage(adapter.storage, MOST_UNITS),
    onNetwork: (fn) => {
      // Trap: `isConnected` is not told everywhere ("头条小程序不支持", uni.onNetworkStatusChange); `networkType` is.
      const heard = ({ isConnected, networkType }: Partial<NetworkState>) => fn(isConnected ?? networkType !== 'none')
      return subscribe(heard, uni.onNetworkStatusChange, uni.offNetworkStatusChange)
    },
  }
}
