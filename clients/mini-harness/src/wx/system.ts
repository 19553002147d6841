// What the device, the window and the account are.
import { Emitter } from '../runtime/emitter'
import { currentPage } from '../runtime/pages'
import { capsuleRect, screenRoot, screenWidth } from '../runtime/screen'
import { config } from '../runtime/settings'
import { themeChanged, toldTheme } from '../runtime/theme'
import { word } from '../runtime/words'
import { api } from './api'

const SDK_VERSION = '3.8.0'

/** The program's own listeners: `offThemeChange()` takes all of them away. */
const heard = new Emitter<{ theme: string }>()
themeChanged.on((change) => heard.emit(change))

function getWindowInfo() {
  const screenHeight = screenRoot.clientHeight
  const bottom = screenHeight - config.safeAreaBottom
  const viewport = currentPage()?.viewport
  const width = screenWidth()
  return {
    pixelRatio: devicePixelRatio,
    screenWidth: width,
    screenHeight,
    windowWidth: width,
    windowHeight: viewport?.clientHeight ?? screenHeight,
    statusBarHeight: config.statusBarHeight,
    screenTop: viewport ? viewport.getBoundingClientRect().top : 0,
    safeArea: {
      left: 0,
      right: width,
      top: config.statusBarHeight,
      bottom,
      width,
      height: bottom - config.statusBarHeight,
    },
  }
}

const getDeviceInfo = () => ({
  abi: '',
  benchmarkLevel: 50,
  brand: 'harness',
  model: 'harness',
  platform: config.platform,
  system: 'iOS 17.0',
  cpuType: '',
  memorySize: '4096',
})

const getAppBaseInfo = () => ({
  SDKVersion: SDK_VERSION,
  enableDebug: false,
  host: { appId: '', env: 'WeChat' },
  language: config.language,
  version: '8.0.50',
  theme: toldTheme(),
  fontSizeSetting: 16,
  fontSizeScaleFactor: 1,
})

const getSystemSetting = () => ({
  bluetoothEnabled: true,
  locationEnabled: true,
  wifiEnabled: true,
  deviceOrientation: 'portrait',
})

const getAppAuthorizeSetting = () => ({
  albumAuthorized: 'authorized',
  cameraAuthorized: 'authorized',
  locationAuthorized: 'authorized',
  notificationAuthorized: 'authorized',
  microphoneAuthorized: config.recordPermission ? 'authorized' : 'denied',
})

const getSystemInfoSync = () => ({ ...getWindowInfo(), ...getDeviceInfo(), ...getAppBaseInfo(), ...getSystemSetting() })

const getAccountInfoSync = () => ({
  miniProgram: { appId: config.appId, envVersion: config.envVersion, version: '' },
  plugin: {},
})

export const system = {
  getWindowInfo,
  getDeviceInfo,
  getAppBaseInfo,
  getSystemSetting,
  getAppAuthorizeSetting,
  getSystemInfoSync,
  getAccountInfoSync,
  getSystemInfo: api('getSystemInfo', getSystemInfoSync),
  getSystemInfoAsync: api('getSystemInfoAsync', getSystemInfoSync),
  getMenuButtonBoundingClientRect: capsuleRect,
  getExtConfigSync: () => structuredClone(config.ext),
  getExtConfig: api('getExtConfig', () => ({ extConfig: structuredClone(config.ext) })),
  onThemeChange: (listener: (change: { theme: string }) => void) => heard.on(listener),
  offThemeChange: (listener?: (change: { theme: string }) => void) => heard.off(listener),
  vibrateShort: api('vibrateShort', () => void navigator.vibrate?.(15)),
  vibrateLong: api('vibrateLong', () => void navigator.vibrate?.(400)),
  getRandomValues: api('getRandomValues', ({ length }: { length: number }) => ({
    randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer,
  })),
  ...clipboard(),
}

/** Kept here too: browsers refuse the clipboard to frames without focus. */
function clipboard() {
  let copied = ''
  return {
    setClipboardData: api('setClipboardData', async ({ data }: { data: string }) => {
      copied = data
      await navigator.clipboard?.writeText(data).catch(() => undefined)
      await globalThis.wx.showToast({ title: word('copied'), icon: 'none' })
    }),
    getClipboardData: api('getClipboardData', () => ({ data: copied })),
  }
}

declare global {
  var wx: { showToast(options: { title: string; icon: string }): Promise<unknown> }
}
