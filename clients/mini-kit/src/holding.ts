import type { PickedMedia } from './choosing'
import { tellFailure } from './hosts'
import { kit } from './kit'
import { startRecording, stopRecording, type Recording } from './recorder'
import { fill } from './texts'
import { lengthText } from './times'

const CANCEL_PX = 70
const SHORTEST_MS = 1000
const LONGEST_S = 60
const WARN_S = 10

export interface HoldHost {
  draw(patch: { hold?: '' | 'on' | 'cancel'; left?: string; elapsed?: string }): void
  picked(media: PickedMedia): void
}

/** A finger that holds the button and speaks: it records until the finger leaves, and for nothing if it slid away. */
export class Hold {
  private released = false
  private cancelled = false
  private startedAt = 0
  private timer: ReturnType<typeof setInterval> | null = null

  constructor(
    private readonly host: HoldHost,
    private readonly startY: number,
  ) {
    host.draw({ hold: 'on', left: '', elapsed: '' })
    if (typeof wx.vibrateShort === 'function') wx.vibrateShort({ type: 'light', fail: () => undefined })
    startRecording({
      started: () => this.started(),
      done: (recording) => this.recorded(recording),
      failed: (errMsg) => {
        this.end(true)
        tellFailure(errMsg)
      },
    })
  }

  move(y: number): void {
    const cancelled = this.startY - y > CANCEL_PX
    if (cancelled !== this.cancelled) this.host.draw({ hold: cancelled ? 'cancel' : 'on' })
    this.cancelled = cancelled
  }

  end(cancelled: boolean): void {
    if (this.released) return
    this.released = true
    this.cancelled = this.cancelled || cancelled
    if (this.timer) clearInterval(this.timer)
    this.host.draw({ hold: '' })
    // A recorder that has not started yet refuses to stop; it is stopped when it has.
    if (this.startedAt) stopRecording()
  }

  private started(): void {
    this.startedAt = Date.now()
    if (this.released) return stopRecording()
    this.timer = setInterval(() => this.tick(), 1000)
  }

  private tick(): void {
    const spoken = Date.now() - this.startedAt
    const left = Math.max(0, LONGEST_S - Math.round(spoken / 1000))
    const warning = left <= WARN_S ? fill(kit.texts.secondsLeft, { n: left }) : ''
    this.host.draw({ elapsed: lengthText(spoken), left: warning })
  }

  private recorded({ path, duration_ms, size }: Recording): void {
    this.end(false)
    if (this.cancelled) return
    if (duration_ms < SHORTEST_MS) return void wx.showToast({ title: kit.texts.tooShort, icon: 'none' })
    this.host.picked({ kind: 'voice', path, duration_ms, size })
  }
}
