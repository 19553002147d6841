import { kit } from './kit'

/** What this phone keeps of whose voice notes were heard. */
interface Kept {
  user: string
  /** What is older counts as heard. */
  since: number
  /** Heard since then: key and time of the message. */
  heard: [key: string, at: number][]
}

type Listener = (key: string) => void

const STORED = 'cg-heard'
const MOST = 500
/** On a phone that is new to someone, what came in the last day is still unheard. */
const BACK_MS = 24 * 3_600_000

/** Which voice notes of others were not played on this phone yet. */
class Heard {
  private kept: Kept | null = null
  private keys = new Set<string>()
  private readonly listeners = new Set<Listener>()

  isFresh(key: string, at: number): boolean {
    return at > this.load().since && !this.keys.has(key)
  }

  mark(key: string, at: number): void {
    if (!this.isFresh(key, at)) return
    const kept = this.load()
    kept.heard.push([key, at])
    this.keys.add(key)
    if (kept.heard.length > MOST) this.shorten(kept)
    wx.setStorage({ key: STORED, data: kept, fail: () => undefined })
    this.listeners.forEach((listener) => listener(key))
  }

  /** Hears the key of what was just heard; the answer ends it. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  forget(): void {
    this.kept = null
    this.keys.clear()
    wx.removeStorage({ key: STORED, fail: () => undefined })
  }

  private load(): Kept {
    const user = kit.client?.me?.id ?? ''
    if (this.kept?.user === user) return this.kept
    const stored = wx.getStorageSync(STORED) as Kept | ''
    const begun = stored && stored.user === user ? stored : { user, since: Date.now() - BACK_MS, heard: [] }
    this.kept = begun
    this.keys = new Set(begun.heard.map(([key]) => key))
    if (begun !== stored && user) wx.setStorage({ key: STORED, data: begun, fail: () => undefined })
    return begun
  }

  /** The older half goes, and with it all that is as old counts as heard. */
  private shorten(kept: Kept): void {
    kept.heard.sort((a, b) => a[1] - b[1])
    const gone = kept.heard.splice(0, MOST / 2)
    kept.since = Math.max(kept.since, gone[gone.length - 1]?.[1] ?? 0)
    this.keys = new Set(kept.heard.map(([key]) => key))
  }
}

export const heard = new Heard()
kit.onForget(() => heard.forget())
