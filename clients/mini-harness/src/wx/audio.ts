// wx.createInnerAudioContext over an HTML audio element.
import { assetUrl } from '../runtime/assets'
import { Emitter } from '../runtime/emitter'
import { deliver } from '../runtime/timers'

const EVENTS = {
  Canplay: 'canplay',
  Play: 'play',
  Pause: 'pause',
  Ended: 'ended',
  TimeUpdate: 'timeupdate',
  Waiting: 'waiting',
  Seeking: 'seeking',
  Seeked: 'seeked',
} as const

class InnerAudioContext {
  [listenerRegistration: `on${string}` | `off${string}`]: (listener?: (detail?: unknown) => void) => void
  private readonly element = new Audio()
  private readonly stopped = new Emitter<unknown>()
  private readonly failed = new Emitter<unknown>()
  private path = ''
  obeyMuteSwitch = true
  startTime = 0

  constructor() {
    for (const [name, type] of Object.entries(EVENTS)) this.bridge(name, type)
    this.element.onerror = () => deliver(() => this.failed.emit({ errCode: 10004, errMsg: 'audio format error' }))
    this.expose('Stop', this.stopped)
    this.expose('Error', this.failed)
  }

  private bridge(name: string, type: string): void {
    const emitter = new Emitter<unknown>()
    this.element.addEventListener(type, () => deliver(() => emitter.emit(undefined)))
    this.expose(name, emitter)
  }

  private expose(name: string, emitter: Emitter<unknown>): void {
    this[`on${name}`] = (listener) => listener && emitter.on(listener)
    this[`off${name}`] = (listener) => emitter.off(listener)
  }

  get src(): string {
    return this.path
  }
  set src(path: string) {
    this.path = path
    this.element.src = assetUrl(path, 'app')
  }
  get duration(): number {
    return Number.isFinite(this.element.duration) ? this.element.duration : 0
  }
  get currentTime(): number {
    return this.element.currentTime
  }
  get paused(): boolean {
    return this.element.paused
  }
  get buffered(): number {
    return this.element.buffered.length ? this.element.buffered.end(0) : 0
  }
  get volume(): number {
    return this.element.volume
  }
  set volume(value: number) {
    this.element.volume = value
  }
  get loop(): boolean {
    return this.element.loop
  }
  set loop(value: boolean) {
    this.element.loop = value
  }
  get autoplay(): boolean {
    return this.element.autoplay
  }
  set autoplay(value: boolean) {
    this.element.autoplay = value
  }
  get playbackRate(): number {
    return this.element.playbackRate
  }
  set playbackRate(value: number) {
    this.element.playbackRate = value
  }

  play(): void {
    this.element.play().catch((error: Error) => {
      // A stop right after a play aborts it: no failure.
      if (error.name !== 'AbortError') deliver(() => this.failed.emit({ errCode: 10001, errMsg: error.message }))
    })
  }

  pause(): void {
    this.element.pause()
  }

  stop(): void {
    this.element.pause()
    this.element.currentTime = 0
    deliver(() => this.stopped.emit(undefined))
  }

  seek(seconds: number): void {
    this.element.currentTime = seconds
  }

  destroy(): void {
    this.element.pause()
    this.element.removeAttribute('src')
  }
}

export const audio = {
  createInnerAudioContext: () => new InnerAudioContext(),
  setInnerAudioOption: () => undefined,
  onAudioInterruptionBegin: () => undefined,
  onAudioInterruptionEnd: () => undefined,
  offAudioInterruptionBegin: () => undefined,
  offAudioInterruptionEnd: () => undefined,
}
