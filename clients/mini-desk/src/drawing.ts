import { kit } from '@chaguan/mini-kit/kit'
import type { Seat } from './seat'
import { wordsOf } from './words'

/** Of `values` those that the view does not have yet, or null: what is the same does not cross to it again. */
export function changedIn(held: object, values: Record<string, unknown>): Record<string, unknown> | null {
  const before = held as Record<string, unknown>
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(values))
    if (JSON.stringify(values[key]) !== JSON.stringify(before[key])) patch[key] = values[key]
  return Object.keys(patch).length ? patch : null
}

/** A short break is nobody's business. */
const BANNER_AFTER_MS = 2_500

/** What is told of the connection, once it lasts. */
export class Banner {
  private timer: ReturnType<typeof setTimeout> | null = null
  private shown = ''

  constructor(
    private readonly seat: Seat,
    private readonly draw: (text: string) => void,
  ) {}

  look(): void {
    const text = this.text()
    if (text && !this.shown) this.timer = this.timer ?? setTimeout(() => this.late(), BANNER_AFTER_MS)
    else this.say(text)
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }

  private late(): void {
    this.timer = null
    this.say(this.text())
  }

  private say(text: string): void {
    if (!text) this.stop()
    if (text === this.shown) return
    this.shown = text
    this.draw(text)
  }

  private text(): string {
    const { client, state } = this.seat
    if (!client || state === 'out' || client.state === 'online') return ''
    return client.state === 'offline' ? kit.texts.offline : wordsOf(kit.language).connecting
  }
}
