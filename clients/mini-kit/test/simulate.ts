// Built components under WeChat's own template compiler, in jsdom.
import { createRequire } from 'node:module'
import path from 'node:path'
import { beforeAll, beforeEach, vi } from 'vitest'

export interface Rendered {
  dom: HTMLElement
  attach(parent: HTMLElement): void
  detach(): void
  instance: { setData(data: object): void; data: Record<string, unknown> } & Record<
    string,
    (detail?: unknown) => unknown
  >
  querySelector(selector: string): (Rendered & { dispatchEvent(name: string, options?: object): void }) | undefined
  querySelectorAll(selector: string): (Rendered & { dispatchEvent(name: string, options?: object): void })[]
  addEventListener(name: string, listener: (event: { detail: Record<string, unknown> }) => void): void
}

interface Simulate {
  load(path: string, tag?: string, options?: object): string
  render(id: string, properties?: object): Rendered
}

interface Kit {
  kit: { use(client: object, options: object): void; setLanguage(language: string): void }
}

const require = createRequire(import.meta.url)
export const built = path.join(import.meta.dirname, '../miniprogram_dist')
let simulate: Simulate | undefined

/** A module of the built kit: the very one that the components have. */
export function module<T>(name: string): T {
  return require(path.join(built, name)) as T
}

export function show(name: string, properties: object = {}): Rendered {
  simulate ??= require('miniprogram-simulate') as Simulate
  const id = simulate.load(path.join(built, 'components', name, 'index'), `cg-${name}`, {
    compiler: 'official',
    rootPath: built,
  })
  const rendered = simulate.render(id, properties)
  rendered.attach(document.body.appendChild(document.createElement('div')))
  return rendered
}

/** The host, before the first component is shown. */
export function host(more: object = {}): Record<string, unknown> {
  simulate ??= require('miniprogram-simulate') as Simulate
  const wx = (globalThis as unknown as { wx: Record<string, unknown> }).wx
  return Object.assign(wx, { getAppBaseInfo: () => ({ language: 'zh_CN' }) }, more)
}

/** Gives the kit a client; what the test does not name is not asked. */
export function use(client: object): void {
  module<Kit>('kit.js').kit.use({ on: () => () => undefined, ...client }, { endpoint: 'https://im.example.com' })
}

export function heardFrom(rendered: Rendered, name: string): Record<string, unknown>[] {
  const told: Record<string, unknown>[] = []
  rendered.addEventListener(name, (event) => told.push(event.detail))
  return told
}

/** What the app keeps and what toasts said, for a file of tests in which components are used as on a phone. */
export function phone(): { stored: Map<string, unknown>; toasts: string[] } {
  const stored = new Map<string, unknown>()
  const toasts: string[] = []
  beforeAll(() => {
    host({
      getStorageSync: (key: string) => stored.get(key) ?? '',
      setStorage: ({ key, data }: { key: string; data: unknown }) => stored.set(key, data),
      removeStorage: ({ key }: { key: string }) => stored.delete(key),
      showToast: ({ title }: { title: string }) => toasts.push(title),
      vibrateShort: () => undefined,
      nextTick: (fn: () => void) => void Promise.resolve().then(fn),
    })
  })
  beforeEach(() => {
    vi.useRealTimers()
    toasts.length = 0
  })
  return { stored, toasts }
}
