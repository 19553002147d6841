import { heard } from './heard'

/** A voice note that can be played. */
export interface Track {
  key: string
  src: string
  /** UTC milliseconds of its message. */
  at: number
  duration_ms: number
  /** Of someone else, and not heard yet: what follows unheard is played after it. */
  fresh: boolean
}

export interface Playing {
  /** Of the message that plays, or empty. */
  key: string
  /** How much of it was heard, from 0 to 1. */
  progress: number
  /** It could not be played: its link may have expired. */
  failed: boolean
}

type Listener = (playing: Playing) => void
/** The unheard voice note after the one with that key. */
type Following = (key: string) => Track | null

const STORED = 'cg-earpiece'

/**
 * The one voice that is heard: starting another ends it. Phones allow few audio contexts, so there is one, made when
 * it is first needed.
 */
class Player {
  private context: WechatMiniprogram.InnerAudioContext | null = null
  private track: Track | null = null
  private following: Following | null = null
  private atEar: boolean | null = null
  private readonly listeners = new Set<Listener>()

  /** Key of the message that plays, or empty. */
  get playing(): string {
    return this.track?.key ?? ''
  }

  get earpiece(): boolean {
    if (this.atEar === null) this.atEar = wx.getStorageSync(STORED) === true
    return this.atEar
  }

  toggle(track: Track): void {
    if (this.track?.key === track.key) return this.stop()
    if (this.track) this.context?.stop()
    this.play(track)
  }

  stop(): void {
    this.context?.stop()
    this.set(null)
  }

  /** Where the next unheard voice note comes from: the list that is on screen. */
  follow(following: Following | null): void {
    this.following = following
  }

  /** Through the earpiece, or aloud; this phone keeps it. What plays begins anew there. */
  setEarpiece(on: boolean): void {
    this.atEar = on
    wx.setStorage({ key: STORED, data: on, fail: () => undefined })
    this.route()
    const { track } = this
    if (!track) return
    this.context?.stop()
    this.play(track)
  }

  /** Hears what plays now and how far; the answer ends it. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private play(track: Track): void {
    const context = this.context ?? (this.context = this.open())
    context.src = track.src
    context.play()
    this.set(track)
    if (track.fresh) heard.mark(track.key, track.at)
  }

  private open(): WechatMiniprogram.InnerAudioContext {
    this.route()
    const context = wx.createInnerAudioContext()
    context.onEnded(() => this.ended())
    context.onTimeUpdate(() => this.moved(context))
    context.onError(() => {
      const key = this.playing
      this.set(null)
      if (key) this.tell({ key, progress: 0, failed: true })
    })
    return context
  }

  private route(): void {
    // A voice note is heard though the phone is on silent, as in WeChat itself.
    wx.setInnerAudioOption?.({ obeyMuteSwitch: false, speakerOn: !this.earpiece, fail: () => undefined })
  }

  /** Who hears something new hears on. */
  private ended(): void {
    const { track } = this
    const next = track?.fresh ? this.following?.(track.key) : null
    if (next) this.play(next)
    else this.set(null)
  }

  /** Phones give the length of some files late or never; the message knows it. */
  private moved(context: WechatMiniprogram.InnerAudioContext): void {
    const { track } = this
    if (!track || !track.duration_ms) return
    this.tell({
      key: track.key,
      progress: Math.min(1, (context.currentTime * 1000) / track.duration_ms),
      failed: false,
    })
  }

  private set(track: Track | null): void {
    if (track === null && this.track === null) return
    this.track = track
    this.tell({ key: this.playing, progress: 0, failed: false })
  }

  private tell(playing: Playing): void {
    this.listeners.forEach((listener) => listener(playing))
  }
}

export const player = new Player()
