// App(), getApp(), and the program's own life: launch, foreground, background, suspension.
import { Emitter } from './emitter'
import { setForeground } from './pages'
import { config } from './settings'
import { resumeTimers, suspendTimers } from './timers'
import type { Query } from './types'

export interface LaunchOptions {
  path: string
  query: Query
  scene: number
  referrerInfo: Record<string, unknown>
}

type AppInstance = Record<string, unknown>
export type LifeState = 'foreground' | 'background' | 'suspended'

let instance: AppInstance = {}
let launch: LaunchOptions = { path: '', query: {}, scene: 1001, referrerInfo: {} }
let state: LifeState = 'foreground'
let suspension: ReturnType<typeof setTimeout> | undefined

export const appShown = new Emitter<LaunchOptions>()
export const appHidden = new Emitter()
export const suspended = new Emitter()
export const resumed = new Emitter()
export const appError = new Emitter<string>()

export const lifeState = (): LifeState => state
export const launchOptions = (): LaunchOptions => launch

export function installAppGlobals(): void {
  Object.assign(globalThis, {
    App: (definition: AppInstance) => void (instance = definition),
    getApp: () => instance,
    // WXS knows no constructors, and `value.constructor` is the name of its type there: the build asks for it here.
    getDate: (...parts: [number]) => new Date(...parts),
    getRegExp: (pattern: string, flags?: string) => new RegExp(pattern, flags),
    getTypeName: (value: unknown) => Object.prototype.toString.call(value).slice(8, -1),
  })
  window.addEventListener('error', (event) =>
    reportToApp(`${event.message}\n${(event.error as Error | undefined)?.stack ?? ''}`),
  )
  window.addEventListener('unhandledrejection', (event) =>
    call('onUnhandledRejection', { reason: event.reason as unknown, promise: event.promise }),
  )
}

function reportToApp(text: string): void {
  call('onError', text)
  appError.emit(text)
}

export function launchApp(options: LaunchOptions): void {
  launch = options
  call('onLaunch', options)
  call('onShow', options)
  appShown.emit(options)
}

/** The user leaves the program. After `suspendAfterMs` its timers stop and its network is cut. */
export function background(suspendAfterMs = config.suspendAfterMs): void {
  if (state !== 'foreground') return
  state = 'background'
  setForeground(false)
  call('onHide')
  appHidden.emit()
  suspension = setTimeout(() => {
    state = 'suspended'
    suspendTimers()
    suspended.emit()
  }, suspendAfterMs)
}

/** The user returns: what was held back while suspended is delivered after onShow. */
export function foreground(): void {
  if (state === 'foreground') return
  clearTimeout(suspension)
  const wasSuspended = state === 'suspended'
  state = 'foreground'
  call('onShow', launch)
  appShown.emit(launch)
  setForeground(true)
  if (!wasSuspended) return
  resumeTimers()
  resumed.emit()
}

function call(name: string, ...args: unknown[]): void {
  const method = instance[name]
  if (typeof method === 'function') (method as (...values: unknown[]) => unknown).apply(instance, args)
}
