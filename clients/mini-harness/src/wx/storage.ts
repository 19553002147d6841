// Key-value storage with the platform's limits: 1 MB a key, 10 MB in all.
import { config } from '../runtime/settings'
import { api, Refusal } from './api'

const KEY_LIMIT = 1024 * 1024
const TOTAL_LIMIT = 10 * 1024 * 1024

interface Stored {
  type: string
  data: unknown
}

const prefix = () => `${config.storagePrefix}:${config.appId}:`

function keys(): string[] {
  const start = prefix()
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(start))
    .map((key) => key.slice(start.length))
}

function size(): number {
  return keys().reduce((sum, key) => sum + (localStorage.getItem(prefix() + key)?.length ?? 0), 0)
}

function write(key: string, data: unknown): void {
  if (typeof key !== 'string' || key === '')
    throw new Refusal('parameter error: parameter.key should be a non-empty String')
  const stored: Stored = { type: typeof data, data }
  const text = JSON.stringify(stored)
  if (text.length > KEY_LIMIT) throw new Refusal('entry size limit reached')
  const replaced = localStorage.getItem(prefix() + key)?.length ?? 0
  if (size() - replaced + text.length > TOTAL_LIMIT) throw new Refusal('exceed storage max size 10Mb')
  try {
    localStorage.setItem(prefix() + key, text)
  } catch {
    // A browser's own quota may be the smaller one.
    throw new Refusal('exceed storage max size 10Mb')
  }
}

function read(key: string): unknown {
  const text = localStorage.getItem(prefix() + key)
  return text === null ? undefined : (JSON.parse(text) as Stored).data
}

function info() {
  return { keys: keys(), currentSize: Math.ceil(size() / 1024), limitSize: TOTAL_LIMIT / 1024 }
}

const remove = (key: string) => localStorage.removeItem(prefix() + key)
const clear = () => keys().forEach(remove)

/** The synchronous forms throw an Error with the same message the asynchronous ones report. */
function sync<A extends unknown[], R>(name: string, work: (...args: A) => R) {
  return (...args: A): R => {
    try {
      return work(...args)
    } catch (error) {
      throw error instanceof Refusal ? new Error(`${name}:fail ${error.reason}`) : error
    }
  }
}

export const storage = {
  setStorageSync: sync('setStorageSync', write),
  // A missing key reads as the empty string.
  getStorageSync: sync('getStorageSync', (key: string) => read(key) ?? ''),
  removeStorageSync: sync('removeStorageSync', remove),
  clearStorageSync: sync('clearStorageSync', clear),
  getStorageInfoSync: sync('getStorageInfoSync', info),
  setStorage: api('setStorage', ({ key, data }: { key: string; data: unknown }) => write(key, data)),
  getStorage: api('getStorage', ({ key }: { key: string }) => {
    const data = read(key)
    if (data === undefined) throw new Refusal('data not found')
    return { data }
  }),
  removeStorage: api('removeStorage', ({ key }: { key: string }) => remove(key)),
  clearStorage: api('clearStorage', clear),
  getStorageInfo: api('getStorageInfo', info),
}
