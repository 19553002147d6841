import type { KeyValueStorage } from '../../src/core/adapter'

const bytesOf = (text: string) => new TextEncoder().encode(text).length

/**
 * Storage with a mini program's limits, in bytes of UTF-8: what is too much is refused in WeChat's words, and what
 * stood under the key stays.
 */
export class FullStorage implements KeyValueStorage {
  readonly kept = new Map<string, string>()
  /** Bytes of all keys and values. */
  used = 0
  /** Writes that were refused. */
  refused = 0
  /** The most that was ever kept, in all and under one key. */
  readonly most = { total: 0, key: 0 }
  /** Called before each write. */
  onSet: (key: string) => void = () => undefined

  constructor(
    public total = 10 * 1024 * 1024,
    private readonly perKey = 1024 * 1024,
  ) {}

  async get(key: string): Promise<string | null> {
    return this.kept.get(key) ?? null
  }

  async set(key: string, value: string): Promise<void> {
    this.onSet(key)
    const bytes = bytesOf(value)
    const used = this.used - this.bytesUnder(key) + bytesOf(key) + bytes
    if (bytes > this.perKey || used > this.total) {
      this.refused++
      throw new Error(`setStorage:fail exceed ${bytes > this.perKey ? 'max size of a key' : 'storage max size'}`)
    }
    this.kept.set(key, value)
    this.used = used
    this.most.key = Math.max(this.most.key, bytes)
    this.most.total = Math.max(this.most.total, used)
  }

  async remove(key: string): Promise<void> {
    this.used -= this.bytesUnder(key)
    this.kept.delete(key)
  }

  async keys(): Promise<string[]> {
    return Array.from(this.kept.keys())
  }

  private bytesUnder(key: string): number {
    const held = this.kept.get(key)
    return held === undefined ? 0 : bytesOf(key) + bytesOf(held)
  }
}
