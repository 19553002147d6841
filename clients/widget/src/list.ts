/** The lines on the screen: by key, and a place that stays where the reader is, whatever comes or goes around it. */
import { lineOf, type BubbleContext } from './bubble'
import { focusedIn, h, icon, unseen } from './dom'
import type { Row } from './rows'
import { fill } from './texts'
import { walk } from './walk'

const NEAR_END_PX = 60
/** This near to the first or last line, more of what is held comes in; */
const NEAR_EDGE_PX = 800
/** this near, what is not held is asked for. */
const AT_EDGE_PX = 240

export interface ListWishes {
  /** More above or below; `asks`: also what the server has. */
  above: (asks: boolean) => void
  below: (asks: boolean) => void
  /** The reader sees the end of what there is. */
  seen: () => void
  /** To the newest message, and to the first that was unread. */
  end: () => void
  unread: () => void
}

export interface Shows {
  rows: readonly Row[]
  /** Whether the conversation goes on below the last line. */
  goesOn: boolean
  /** Above the oldest line. */
  note: string
  /** Messages below that nobody has seen; unread ones above what is held. */
  fresh: number
  unreadAbove: number
}

interface Held {
  line: HTMLElement
  drawn: string
}

interface Anchor {
  key: string
  /** In the list, and the list's own, in fractions of a px: whole ones would add up to a jump. */
  top: number
  scrollTop: number
}

export class MessageList {
  readonly element: HTMLElement
  private readonly log: HTMLElement
  private readonly top = h('p', { class: 'top', role: 'status' })
  private readonly toEnd: HTMLButtonElement
  private readonly toUnread: HTMLButtonElement
  private lines = new Map<string, Held>()
  private fresh = 0
  private goesOn = false
  private sticks = true
  private filled = false

  constructor(
    private readonly context: BubbleContext,
    private readonly wish: ListWishes,
  ) {
    const { texts } = context
    // It scrolls, so keys must reach it. New messages are announced elsewhere: here lines come and go for other reasons.
    const named = { 'aria-label': texts.messages, 'aria-description': texts.walkHint, 'aria-live': 'off' }
    this.log = h('div', { class: 'log', role: 'log', tabindex: 0, ...named })
    this.log.append(this.top)
    this.log.addEventListener('scroll', () => this.scrolled(), { passive: true })
    walk(this.log, (key) => this.context.menu(key))
    this.toEnd = h('button', {
      class: 'jump to-end',
      type: 'button',
      hidden: true,
      onclick: () => this.leave(wish.end),
    })
    const unread = { class: 'jump to-unread', type: 'button', hidden: true, onclick: () => this.leave(wish.unread) }
    this.toUnread = h('button', unread)
    this.element = h('div', { class: 'list' }, this.log, this.toUnread, this.toEnd)
    // The keyboard of a phone, a taller input: the end stays in sight.
    new ResizeObserver(() => this.sticks && this.bottom()).observe(this.log)
  }

  get isAtEnd(): boolean {
    return this.sticks && !this.goesOn
  }

  /** Forgets where the reader was: the panel was opened anew. */
  restart(): void {
    this.filled = false
    this.sticks = true
  }

  /** What comes next is seen at the end: the reader has written, or wants to be there. */
  stick(): void {
    this.sticks = true
  }

  redraw(): void {
    this.lines.forEach((held) => (held.drawn = ''))
  }

  show({ rows, goesOn, note, fresh, unreadAbove }: Shows): void {
    const anchor = this.anchor()
    const focus = focusedIn(this.log)?.closest<HTMLElement>('.row')?.dataset['key']
    this.goesOn = goesOn
    this.fresh = fresh
    this.draw(rows)
    this.top.textContent = note
    this.toUnread.hidden = !unreadAbove
    this.toUnread.replaceChildren(icon('up'), fill(this.context.texts.unreadAbove, { n: unreadAbove }))
    if (rows.length && !this.filled) this.begin()
    else if (this.isAtEnd) this.bottom()
    else this.stay(anchor)
    this.offer()
    if (focus && !focusedIn(this.log)) (this.lineOf(focus) ?? this.log).focus({ preventScroll: true })
    // Too little to scroll, and so nothing that would ever ask for more.
    if (this.log.scrollHeight <= this.log.clientHeight + AT_EDGE_PX) this.wish.above(true)
  }

  lineOf(key: string): HTMLElement | undefined {
    return this.lines.get(key)?.line
  }

  bubbleOf(key: string): HTMLElement | null {
    return this.lineOf(key)?.querySelector<HTMLElement>('.bubble') ?? null
  }

  /** Brings a line into view, `at` the top or in the middle, and gives it the focus. */
  reveal(key: string, at: 'start' | 'center'): void {
    const line = this.lineOf(key)
    if (!line) return
    this.sticks = false
    const space = at === 'center' ? Math.max(0, (this.log.clientHeight - line.offsetHeight) / 2) : 0
    this.log.scrollTop = line.offsetTop - space
    line.focus({ preventScroll: true })
    this.scrolled()
  }

  bottom(): void {
    this.log.scrollTop = this.log.scrollHeight
    this.scrolled()
  }

  private draw(rows: readonly Row[]): void {
    const before = this.lines
    this.lines = new Map(rows.map((row) => [row.key, this.held(row, before.get(row.key))]))
    before.forEach(({ line }, key) => {
      if (this.lines.get(key)?.line !== line) line.remove()
    })
    let at: Element = this.top
    for (const { line } of this.lines.values()) {
      if (at.nextElementSibling !== line) at.after(line)
      at = line
    }
  }

  private held(row: Row, held: Held | undefined): Held {
    const drawn = JSON.stringify(row)
    return held?.drawn === drawn ? held : { line: lineOf(row, this.context), drawn }
  }

  /**
   * A line that is seen, and where; it keeps its key when it is drawn anew. Not the oldest: with something above it that
   * one loses its time or its name, and what is below would move by as much.
   */
  private anchor(): Anchor | null {
    if (this.isAtEnd) return null
    const { scrollTop } = this.log
    const [, ...others] = this.lines
    const found = others.find(([, { line }]) => line.offsetTop >= scrollTop)
    return found ? { key: found[0], top: this.topOf(found[1].line), scrollTop } : null
  }

  /** From what was noted before: what left below may have moved the browser's own place. */
  private stay(anchor: Anchor | null): void {
    const line = anchor && this.lineOf(anchor.key)
    if (line) this.log.scrollTop = anchor.scrollTop + this.topOf(line) - anchor.top
  }

  private topOf(line: HTMLElement): number {
    return line.getBoundingClientRect().top + this.log.scrollTop
  }

  private begin(): void {
    this.filled = true
    const line = this.log.querySelector('.divider')?.closest<HTMLElement>('.row')
    this.bottom()
    if (!line || line.offsetTop >= this.log.scrollTop) return
    this.log.scrollTop = line.offsetTop
    this.scrolled()
  }

  /** The button goes; the focus does not get lost with it. */
  private leave(go: () => void): void {
    if (focusedIn(this.element)) this.log.focus({ preventScroll: true })
    go()
  }

  private offer(): void {
    const { texts } = this.context
    this.toEnd.hidden = this.isAtEnd
    const words = this.fresh ? fill(texts.newMessages, { n: this.fresh }) : unseen(texts.toEnd)
    this.toEnd.replaceChildren(words, icon('down'))
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.log
    const below = scrollHeight - scrollTop - clientHeight
    this.sticks = below < NEAR_END_PX
    if (this.isAtEnd) this.wish.seen()
    this.offer()
    if (!this.filled || scrollHeight <= clientHeight) return
    if (scrollTop < NEAR_EDGE_PX) this.wish.above(scrollTop < AT_EDGE_PX)
    if (this.goesOn && below < NEAR_EDGE_PX) this.wish.below(below < AT_EDGE_PX)
  }
}
