// What the embedding page or the test configures, and defaults that look like a common phone.

export interface HarnessConfig {
  /** What wx.getExtConfigSync() returns: how a program learns its API address without a build step. */
  ext: Record<string, unknown>
  appId: string
  envVersion: 'develop' | 'trial' | 'release'
  /** GET here answers {code}; when absent wx.login makes a code up. */
  loginUrl?: string
  statusBarHeight: number
  safeAreaBottom: number
  /** Height of the drawn keyboard; 0 (a computer) shows none. */
  keyboardHeight: number
  language: string
  /** The phone's theme; `auto` is the browser's. */
  theme: 'auto' | 'light' | 'dark'
  platform: string
  /** What wx.requestPayment answers. */
  payment: 'fail' | 'cancel' | 'ok'
  /** What wx.requestSubscribeMessage answers for every template. */
  subscribe: 'accept' | 'reject'
  /** What wx.chooseLocation answers; null: the user goes back without choosing. */
  place: { name: string; address: string; latitude: number; longitude: number } | null
  /** Deny the microphone, as a user may. */
  recordPermission: boolean
  suspendAfterMs: number
  /** Some devices never report the socket that died during suspension. */
  socketCloseSilent: boolean
  /** Every setData goes through JSON, as between the two threads. */
  twoThreads: boolean
  /** Prefix of the keys in localStorage, for several programs on one origin. */
  storagePrefix: string
}

function initial(): HarnessConfig {
  const written = document.getElementById('harness-config')?.textContent ?? '{}'
  const tall = innerHeight >= 720
  const defaults: HarnessConfig = {
    ext: {},
    appId: 'wx0000000000000000',
    envVersion: 'develop',
    statusBarHeight: tall ? 44 : 20,
    safeAreaBottom: tall ? 34 : 0,
    keyboardHeight: 0,
    language: 'zh_CN',
    theme: 'auto',
    platform: 'ios',
    payment: 'fail',
    subscribe: 'accept',
    place: { name: '龙井村', address: '浙江省杭州市西湖区龙井路', latitude: 30.2213, longitude: 120.1042 },
    recordPermission: true,
    suspendAfterMs: 5000,
    socketCloseSilent: false,
    twoThreads: true,
    storagePrefix: 'mp',
  }
  // A test or an embedding page may set window.__harnessConfig before the runtime loads.
  const early = (window as { __harnessConfig?: Partial<HarnessConfig> }).__harnessConfig
  return { ...defaults, ...(JSON.parse(written) as Partial<HarnessConfig>), ...early, ...fromQuery() }
}

/** `?config={…}` of the address, for a page that embeds the harness in an iframe. */
function fromQuery(): Partial<HarnessConfig> {
  const given = new URLSearchParams(location.search).get('config')
  return given ? (JSON.parse(given) as Partial<HarnessConfig>) : {}
}

export const config: HarnessConfig = initial()
