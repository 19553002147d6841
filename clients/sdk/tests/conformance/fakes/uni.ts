// `uni` as uniapp.dcloud.io describes it, over each of the fakes: a promise and no task where no callback is given, and
// the names of WeChat translated to those of Alipay as uni-mp-alipay does it, which leaves the events of sockets alone.
import type { Call, Phone } from './phone'
import { fakeMy } from './alipay'
import { fakeTt } from './douyin'
import { fakeWx } from './wechat'
import type { RequestCall, UploadCall } from './wechat'

const isHeard = ({ success, fail, complete }: Call): boolean => Boolean(success ?? fail ?? complete)

/** Without a callback of any kind: a promise. */
function promised<C extends Call, R>(start: (call: C) => R): (call: C) => R {
  return (call) => {
    if (isHeard(call)) return start(call)
    return new Promise((success, fail) => start({ ...call, success, fail })) as R
  }
}

export function fakeUniOverWx(phone: Phone) {
  const wx = fakeWx(phone)
  return {
    ...wx,
    connectSocket: promised(wx.connectSocket),
    request: promised(wx.request),
    uploadFile: promised(wx.uploadFile),
    getAppBaseInfo: () => ({ uniPlatform: 'mp-weixin' }),
  }
}

export function fakeUniOverTt(phone: Phone) {
  const tt = fakeTt(phone)
  return {
    ...tt,
    connectSocket: promised(tt.connectSocket),
    request: promised(tt.request),
    uploadFile: promised(tt.uploadFile),
    getSystemInfoSync: () => ({ uniPlatform: 'mp-toutiao' }),
    // "isConnected: 头条小程序不支持".
    onNetworkStatusChange: (fn: (state: unknown) => void) =>
      tt.onNetworkStatusChange(translated(fn, ({ networkType }) => ({ networkType }))),
    offNetworkStatusChange: (fn: (state: unknown) => void) =>
      tt.offNetworkStatusChange(translated(fn, ({ networkType }) => ({ networkType }))),
  }
}

interface NetworkState {
  isConnected: boolean
  networkType: string
}
const translations = new WeakMap<object, (state: unknown) => void>()

function translated(fn: (state: unknown) => void, to: (state: NetworkState) => unknown): (state: unknown) => void {
  const held = translations.get(fn) ?? ((state: unknown) => fn(to(state as NetworkState)))
  translations.set(fn, held)
  return held
}

/** `status` and `headers` of an answer under the names of WeChat, in every callback. */
function renamed(call: Call): Call {
  const rename = (value: unknown) => {
    const { status, headers, ...rest } = value as { status?: number; headers?: object }
    return { ...rest, ...(status !== undefined && { statusCode: status }), ...(headers && { header: headers }) }
  }
  return {
    success: (value) => call.success?.(rename(value)),
    fail: (value) => call.fail?.(rename(value)),
    complete: (value) => call.complete?.(rename(value)),
  }
}

export function fakeUniOverMy(phone: Phone) {
  const { my } = fakeMy(phone)
  return {
    ...my,
    connectSocket: promised(my.connectSocket),
    request: promised(({ header, ...call }: RequestCall) =>
      my.request({ ...call, ...renamed(call), headers: header ?? {} }),
    ),
    uploadFile: promised(({ name, ...call }: UploadCall) => my.uploadFile({ ...call, fileName: name })),
    getSystemInfoSync: () => ({ uniPlatform: 'mp-alipay' }),
    onNetworkStatusChange: (fn: (state: unknown) => void) => my.onNetworkStatusChange(translated(fn, withoutShouting)),
    offNetworkStatusChange: (fn: (state: unknown) => void) =>
      my.offNetworkStatusChange(translated(fn, withoutShouting)),
  }
}

const withoutShouting = ({ isConnected, networkType }: NetworkState) => ({
  isConnected,
  networkType: networkType === 'NOTREACHABLE' ? 'none' : networkType.toLowerCase(),
})
