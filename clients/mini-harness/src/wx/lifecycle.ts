// App-level events and launch options.
import { appError, appHidden, appShown, launchOptions, type LaunchOptions } from '../runtime/app'
import { keyboardHeightChanged, hideKeyboard } from '../runtime/keyboard'
import { Emitter } from '../runtime/emitter'
import { api } from './api'

type Listener<T> = (value: T) => void
const pair = <T>(emitter: Emitter<T>) =>
  [(listener: Listener<T>) => emitter.on(listener), (listener?: Listener<T>) => emitter.off(listener)] as const

const [onAppShow, offAppShow] = pair<LaunchOptions>(appShown)
const [onAppHide, offAppHide] = pair<void>(appHidden)
const [onError, offError] = pair<string>(appError)
const [onKeyboardHeightChange, offKeyboardHeightChange] = pair<{ height: number }>(keyboardHeightChanged)
const [onMemoryWarning, offMemoryWarning] = pair(new Emitter<{ level: number }>())
const [onUnhandledRejection, offUnhandledRejection] = pair(new Emitter<{ reason: unknown }>())
const [onPageNotFound, offPageNotFound] = pair(new Emitter<{ path: string }>())
const [onWindowResize, offWindowResize] = pair(new Emitter<unknown>())

export const lifecycle = {
  onAppShow,
  offAppShow,
  onAppHide,
  offAppHide,
  onError,
  offError,
  onKeyboardHeightChange,
  offKeyboardHeightChange,
  onMemoryWarning,
  offMemoryWarning,
  onUnhandledRejection,
  offUnhandledRejection,
  onPageNotFound,
  offPageNotFound,
  onWindowResize,
  offWindowResize,
  hideKeyboard: api('hideKeyboard', hideKeyboard),
  getLaunchOptionsSync: launchOptions,
  getEnterOptionsSync: launchOptions,
  nextTick: (callback: () => void) => void setTimeout(callback, 0),
  getUpdateManager: () => ({
    onCheckForUpdate: () => undefined,
    onUpdateReady: () => undefined,
    onUpdateFailed: () => undefined,
    applyUpdate: () => undefined,
  }),
  onShareAppMessage: () => undefined,
  showShareMenu: api('showShareMenu', () => undefined),
  hideShareMenu: api('hideShareMenu', () => undefined),
  setKeepScreenOn: api('setKeepScreenOn', () => undefined),
  reportEvent: () => undefined,
  getLogManager: () => console,
  getRealtimeLogManager: () => console,
}
