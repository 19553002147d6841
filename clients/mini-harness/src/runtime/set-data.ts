// setData as it is between two threads: the data crosses as JSON, and its cost is counted.
import { config } from './settings'

export interface SetDataStats {
  calls: number
  /** Of JSON in UTF-8. */
  bytes: number
  /** The dearest single call. */
  largest: number
}

const stats: SetDataStats = { calls: 0, bytes: 0, largest: 0 }
/** WeChat refuses a single call above this. */
const LIMIT = 1024 * 1024
const encoder = new TextEncoder()

type SetData = (this: { is: string }, data: Record<string, unknown>, done?: () => void) => void

export function setDataStats(): SetDataStats {
  return { ...stats }
}

export function resetSetDataStats(): void {
  Object.assign(stats, { calls: 0, bytes: 0, largest: 0 })
}

export function installSetData(prototype: { setData: SetData }): void {
  const original = prototype.setData
  prototype.setData = function setData(data, done) {
    if (!config.twoThreads) return original.call(this, data, done)
    const crossed = JSON.stringify(data) ?? '{}'
    stats.calls += 1
    const bytes = encoder.encode(crossed).length
    stats.bytes += bytes
    stats.largest = Math.max(stats.largest, bytes)
    if (bytes > LIMIT) console.error(`setData of ${this.is}: ${bytes} bytes, above the limit of ${LIMIT}`)
    return original.call(this, restore(data, crossed), done)
  }
}

/** JSON drops `undefined` and functions; WeChat warns of the former and keeps the key unset. */
function restore(data: Record<string, unknown>, crossed: string): Record<string, unknown> {
  const parsed = JSON.parse(crossed) as Record<string, unknown>
  for (const key of Object.keys(data)) {
    if (data[key] === undefined) console.warn(`setData: "${key}" is undefined, which does not cross to the view`)
  }
  return parsed
}
