/** A voice message while it is spoken, in the place of the input: how long it is, sent or let go. */
import { record, type Recording as Take } from '@chaguan/console/recorder'
import { h, icon, tool } from './dom'
import { fill, type Texts } from './texts'

const LEAST_MS = 1_000

export interface RecordingWishes {
  voice: (file: File, duration_ms: number) => void
  warn: (text: string) => void
  /** The input comes back. */
  ended: () => void
}

export class Recording {
  readonly element: HTMLElement
  private readonly told = h('p', { role: 'status' })
  private readonly send: HTMLButtonElement
  private take: Take | null = null
  /** The visitor is being asked for the microphone: for which recording, else null. */
  private asked: symbol | null = null
  private since = 0
  private ticks: ReturnType<typeof setInterval> | undefined
  private most_ms = 0

  constructor(
    private readonly texts: Texts,
    private readonly wish: RecordingWishes,
  ) {
    const { sendVoice: label } = texts
    const named = {
      class: 'send',
      type: 'button',
      'aria-label': label,
      title: label,
      onclick: () => void this.finish(),
    }
    this.send = h('button', named, icon('send'))
    const cancel = tool('close', texts.cancel, () => this.cancel())
    this.element = h('div', { class: 'recording', hidden: true }, cancel, this.told, this.send)
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      this.cancel()
    })
  }

  /** At most so long; then it goes out by itself. Answers whether it has begun. */
  async begin(most_ms: number): Promise<boolean> {
    if (this.take || this.asked) return false
    const asked = (this.asked = Symbol())
    const take = await record().catch(() => null)
    if (this.asked !== asked) {
      // Let go while the question was still there.
      take?.cancel()
      return false
    }
    this.asked = null
    this.take = take
    // No microphone, or the visitor said no, or the page's own policy does.
    if (take) this.show(most_ms)
    else this.wish.warn(this.texts.noMicrophone)
    return take !== null
  }

  focus(): void {
    this.send.focus({ preventScroll: true })
  }

  cancel(): void {
    const { take } = this
    this.asked = null
    if (!take) return
    this.end()
    take.cancel()
    this.wish.ended()
  }

  private show(most_ms: number): void {
    this.most_ms = most_ms
    this.since = Date.now()
    this.ticks = setInterval(() => this.tick(), 250)
    this.element.hidden = false
    this.tick()
  }

  private async finish(): Promise<void> {
    const { take, since } = this
    if (!take) return
    const duration_ms = Date.now() - since
    if (duration_ms < LEAST_MS) {
      this.wish.warn(this.texts.tooShort)
      return this.cancel()
    }
    this.end()
    this.wish.ended()
    this.wish.voice(await take.stop(), duration_ms)
  }

  private end(): void {
    clearInterval(this.ticks)
    this.take = null
    this.element.hidden = true
  }

  private tick(): void {
    const ms = Date.now() - this.since
    const text = fill(this.texts.recording, { n: Math.floor(ms / 1000) })
    if (this.told.textContent !== text) this.told.textContent = text
    if (this.most_ms && ms >= this.most_ms) void this.finish()
  }
}
