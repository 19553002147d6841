import type { KeyValueStorage } from '../core/adapter'

/** Parts stand under `<key>␟<number>`; no key of the SDK has this sign. */
const MARK = '\u241f'

/**
 * Keeps long values in several parts: Alipay takes at most 200 KB a key (opendocs.alipay.com, my.setStorage), where the
 * SDK counts on a megabyte. Every part bears the stamp of its writing, so that what was half written when the program
 * was killed reads as nothing, never as a mixture.
 */
export function splitStorage(storage: KeyValueStorage, most: number): KeyValueStorage {
  /** Keys that may have parts, as far as this session has seen: nobody asks for all keys at every short value. */
  const long = new Set<string>()
  const removeFrom = async (key: string, first: number): Promise<void> => {
    const isSuperfluous = (name: string) =>
      name.indexOf(key + MARK) === 0 && Number(name.slice(key.length + 1)) >= first
    await Promise.all((await storage.keys()).filter(isSuperfluous).map((name) => storage.remove(name)))
    if (first === 0) long.delete(key)
  }
  return {
    get: async (key) => {
      const head = await storage.get(key)
      if (head === null || head[0] !== MARK) return head
      long.add(key)
      const [, stamp, count] = head.split(MARK)
      const parts = await Promise.all(Array.from({ length: Number(count) }, (_, i) => storage.get(`${key}${MARK}${i}`)))
      const begin = `${stamp}${MARK}`
      return parts.every((part) => part !== null && part.indexOf(begin) === 0)
        ? parts.map((part) => (part ?? '').slice(begin.length)).join('')
        : null
    },
    set: async (key, value) => {
      if (value.length <= most) {
        await storage.set(key, value)
        return long.has(key) ? removeFrom(key, 0) : undefined
      }
      long.add(key)
      const stamp = Math.random().toString(36).slice(2)
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
    keys: async () => {
      const names = await storage.keys()
      const keyOf = (name: string) => name.split(MARK)[0] ?? name
      for (const name of names) if (name.indexOf(MARK) > 0) long.add(keyOf(name))
      return Array.from(new Set(names.map(keyOf)))
    },
  }
}

/** Pieces of at most `most` units of UTF-16, none of which ends between the two of one character. */
function split(value: string, most: number): string[] {
  const parts: string[] = []
  for (let at = 0; at < value.length;) {
    const unit = value.charCodeAt(at + most - 1)
    const end = at + most - (unit >= 0xd800 && unit < 0xdc00 ? 1 : 0)
    parts.push(value.slice(at, end))
    at = end
  }
  return parts
}
