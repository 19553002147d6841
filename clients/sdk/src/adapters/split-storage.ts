import type { KeyValueStorage } from '../core/adapter'

/** Parts stand under `<key>␟<number>`; no key of the SDK has this sign. */
const MARK = '\u241f'

/**
 * Keeps long values in several parts: Alipay takes at most 200 KB a key (opendocs.alipay.com, my.setStorage), where the
 * SDK counts on a megabyte. Every part bears the stamp of its writing, so that what was half written when the program
 * was killed reads as nothing, never as a mixture.
 */
export function splitStorage(storage: KeyValueStorage, most: number): KeyValueStorage {
  let last = 0
  const isPartOf = (key: string) => (name: string) => name.indexOf(key + MARK) === 0
  const removeFrom = async (key: string, first: number): Promise<void> => {
    const parts = (await storage.keys()).filter(isPartOf(key))
    await Promise.all(parts.filter((name) => Number(name.split(MARK)[1]) >= first).map((name) => storage.remove(name)))
  }
  return {
    get: async (key) => {
      const head = await storage.get(key)
      if (head === null || head[0] !== MARK) return head
      const [, stamp, count] = head.split(MARK)
      const parts = await Promise.all(
        Array.from({ length: Number(count) }, (_, i) => storage.get(`${key}${MARK}${i}`)),
      )
      const begin = `${stamp}${MARK}`
      return parts.every((part) => part !== null && part.indexOf(begin) === 0)
        ? parts.map((part) => (part ?? '').slice(begin.length)).join('')
        : null
    },
    set: async (key, value) => {
      if (value.length <= most) {
        await storage.set(key, value)
        return
      }
      const stamp = `${Date.now()}.${++last}`
      const parts = split(value, most)
      for (let i = 0; i < parts.length; i++) await storage.set(`${key}${MARK}${i}`, `${stamp}${MARK}${parts[i]}`)
      await storage.set(key, `${MARK}${stamp}${MARK}${parts.length}`)
      await removeFrom(key, parts.length)
    },
    remove: async (key) => {
      await storage.remove(key)
      await removeFrom(key, 0)
    },
    // A part whose head was never written still belongs to its key, or nobody would ever remove it.
    keys: async () => Array.from(new Set((await storage.keys()).map((name) => name.split(MARK)[0] ?? name))),
  }
}

/** Pieces of at most `most` units of UTF-16, none of which ends between the two of one character. */
function split(value: string, most: number): string[] {
  const parts: string[] = []
  for (let at = 0; at < value.length; ) {
    const unit = value.charCodeAt(at + most - 1)
    const end = at + most - (unit >= 0xd800 && unit < 0xdc00 ? 1 : 0)
    parts.push(value.slice(at, end))
    at = end
  }
  return parts
}
