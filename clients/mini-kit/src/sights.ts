import type { ListHost } from './list-host'

const FLASH_MS = 2000
/** From so many unread on a way to the first of them is offered. */
const JUMP_FROM = 10

/** What was unread above the screen when the conversation was opened: the way to it is offered until it is in sight. */
export class UnreadAbove {
  private count = 0
  private called = ''
  private offered = ''
  private looking = false

  constructor(private readonly host: ListHost) {}

  begin(unread: number): void {
    this.count = unread >= JUMP_FROM ? unread : 0
  }

  /** There is the first unread message that mentions the reader: the way leads to that one first. */
  call(key: string): void {
    this.called = key
  }

  /** The way is taken; answers with the key of whoever called. */
  async take(): Promise<string> {
    const { called } = this
    if (!called) this.count = 0
    this.called = ''
    await this.offer()
    return called
  }

  /** `first`: key of the first unread message, or empty while it is not held. */
  async look(first: string): Promise<void> {
    if ((!this.count && !this.called) || this.looking) return
    this.looking = true
    const topOf = (key: string) => (key ? this.host.topOf(key) : null)
    const [top, called, measures] = await Promise.all([topOf(first), topOf(this.called), this.host.measure()])
    this.looking = false
    if (!measures) return
    const isSeen = (place: number | null) => place !== null && place >= measures.list.top
    if (isSeen(top)) this.count = 0
    if (isSeen(called)) this.called = ''
    await this.offer()
  }

  /** What is offered already does not cross to the view again. */
  private async offer(): Promise<void> {
    const { count: above, called } = this
    if (this.offered === `${above} ${called}`) return
    this.offered = `${above} ${called}`
    await this.host.draw({ above, called })
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
