type Listener = (key: string) => void

/**
 * The one voice that is heard: starting another ends it. Phones allow few audio contexts, so there is one, made when
 * it is first needed.
 */
class Player {
  private context: WechatMiniprogram.InnerAudioContext | null = null
  private current = ''
  private readonly listeners = new Set<Listener>()

  /** Key of the message that plays, or empty. */
  get playing(): string {
    return this.current
  }

  toggle(key: string, src: string): void {
    if (this.current === key) return this.stop()
    const context = this.context ?? (this.context = this.open())
    if (this.current) context.stop()
    context.src = src
    context.play()
    this.set(key)
  }

  stop(): void {
    this.context?.stop()
    this.set('')
  }

  /** Hears the key of what plays now; the answer ends it. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private open(): WechatMiniprogram.InnerAudioContext {
    // A voice note is heard though the phone is on silent, as in WeChat itself.
    wx.setInnerAudioOption?.({ obeyMuteSwitch: false, fail: () => undefined })
    const context = wx.createInnerAudioContext()
    context.onEnded(() => this.set(''))
    context.onError(() => this.set(''))
    return context
  }

  private set(key: string): void {
    if (this.current === key) return
    this.current = key
    this.listeners.forEach((listener) => listener(key))
  }
}

export const player = new Player()
