/** The messages on the screen: lines by key, and a place that stays where the reader is. */
import type { MessageWindow } from '@chaguan/sdk'
import { lineOf, type BubbleContext } from './bubble'
import { h, icon } from './dom'
import type { Row } from './rows'
import { fill } from './texts'

const NEAR_PX = 60
const OLDER_WITHIN_PX = 240

interface Held {
  line: HTMLElement
  drawn: string
}

export class MessageList {
  readonly element: HTMLElement
  private readonly log: HTMLElement
  private readonly top = h('p', { class: 'top', role: 'status' })
  private readonly toEnd: HTMLButtonElement
  private lines = new Map<string, Held>()
  private last = ''
  private missed = 0
  private sticks = true
  private filled = false

  constructor(
    private readonly context: BubbleContext,
    private readonly wish: { older: () => void; seen: () => void },
  ) {
    const { texts } = context
    // It scrolls, so keys must reach it.
    this.log = h('div', { class: 'log', role: 'log', 'aria-label': texts.messages, tabindex: 0 })
    this.log.append(this.top)
    this.log.addEventListener('scroll', () => this.scrolled(), { passive: true })
    this.toEnd = h('button', { class: 'to-end', type: 'button', hidden: true, onclick: () => this.bottom() })
    this.element = h('div', { class: 'list' }, this.log, this.toEnd)
    // The keyboard of a phone, a taller input: the end stays in sight.
    new ResizeObserver(() => this.sticks && this.bottom()).observe(this.log)
  }

  get isAtEnd(): boolean {
    return this.sticks
  }

  /** Forgets where the reader was: the panel was opened anew. */
  restart(): void {
    this.filled = false
    this.sticks = true
    this.missed = 0
  }

  redraw(): void {
    this.lines.forEach((held) => (held.drawn = ''))
  }

  /** `note`: above the oldest line. */
  show(rows: readonly Row[], { hasOlder }: MessageWindow, note: string): void {
    const anchor = this.anchor()
    const before = this.lines
    // Only what follows what was already there is news to a screen reader.
    const news = this.filled && rows.length > 0 && before.has(rows[0]?.key ?? '')
    this.log.setAttribute('aria-live', news ? 'polite' : 'off')
    this.lines = new Map(rows.map((row) => [row.key, this.held(row, before.get(row.key))]))
    before.forEach(({ line }, key) => {
      if (this.lines.get(key)?.line !== line) line.remove()
    })
    this.place()
    this.top.textContent = note
    this.count(rows)
    if (rows.length && !this.filled) this.begin()
    else if (this.sticks) this.bottom()
    else if (anchor) this.log.scrollTop += (this.lines.get(anchor.key)?.line.offsetTop ?? anchor.at) - anchor.at
    if (hasOlder && this.log.scrollHeight <= this.log.clientHeight + OLDER_WITHIN_PX) this.wish.older()
  }

  bottom(): void {
    this.log.scrollTop = this.log.scrollHeight
    this.scrolled()
  }

  private held(row: Row, held: Held | undefined): Held {
    const drawn = JSON.stringify(row)
    return held?.drawn === drawn ? held : { line: lineOf(row, this.context), drawn }
  }

  private place(): void {
    let at: Element = this.top
    for (const { line } of this.lines.values()) {
      if (at.nextElementSibling !== line) at.after(line)
      at = line
    }
  }

  /**
   * A line that is seen, and where; it keeps its key when it is drawn anew. Not the oldest: with something above it that
   * one loses its time or its name, and what is below would move by as much.
   */
  private anchor(): { key: string; at: number } | null {
    if (this.sticks) return null
    const [, ...others] = this.lines
    const found = others.find(([, { line }]) => line.offsetTop >= this.log.scrollTop)
    return found ? { key: found[0], at: found[1].line.offsetTop } : null
  }

  private begin(): void {
    this.filled = true
    const divider = this.log.querySelector<HTMLElement>('.divider')
    const line = divider?.closest<HTMLElement>('.row')
    this.bottom()
    if (line && line.offsetTop < this.log.scrollTop) {
      this.log.scrollTop = line.offsetTop
      this.scrolled()
    }
  }

  private count(rows: readonly Row[]): void {
    const { length } = rows
    const last = rows[length - 1]
    if (!last || last.key === this.last) return
    const known = rows.findIndex(({ key }) => key === this.last)
    if (last.mine && last.status !== 'sent') this.sticks = true
    else if (known >= 0 && !this.sticks) this.missed += length - 1 - known
    this.last = last.key
    this.offer()
  }

  private offer(): void {
    const { texts } = this.context
    this.toEnd.hidden = this.sticks
    this.toEnd.replaceChildren(
      this.missed ? fill(texts.newMessages, { n: this.missed }) : h('span', { class: 'sr' }, texts.toEnd),
      icon('down'),
    )
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.log
    this.sticks = scrollHeight - scrollTop - clientHeight < NEAR_PX
    if (this.sticks) {
      this.missed = 0
      this.wish.seen()
    }
    this.offer()
    if (this.filled && scrollTop < OLDER_WITHIN_PX && scrollHeight > clientHeight) this.wish.older()
  }
}
