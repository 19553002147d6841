import type { ListHost } from './list-host'

const FLASH_MS = 2000
/** From so many unread on a way to the first of them is offered. */
const JUMP_FROM = 10

/** What was unread above the screen when the conversation was opened: the way to it is offered until it is in sight. */
export class UnreadAbove {
  private count = 0
  private looking = false

  constructor(private readonly host: ListHost) {}

  begin(unread: number): void {
    this.count = unread >= JUMP_FROM ? unread : 0
  }

  end(): Promise<void> {
    this.count = 0
    return this.host.draw({ above: 0 })
  }

  /** `first`: key of the first unread message, or empty while it is not held. */
  async look(first: string): Promise<void> {
    if (!this.count || this.looking) return
    this.looking = true
    const [top, measures] = await Promise.all([first ? this.host.topOf(first) : null, this.host.measure()])
    this.looking = false
    if (!this.count || !measures) return
    if (top !== null && top >= measures.list.top) return this.end()
    await this.host.draw({ above: this.count })
  }
}

/** A message that was sought shines for a moment. */
export class Flash {
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(private readonly host: ListHost) {}

  show(): void {
    this.stop()
    this.timer = setTimeout(() => void this.host.draw({ flash: '' }), FLASH_MS)
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer)
  }
}
