import type { Message } from '@chaguan/sdk'
import type { Row } from './rows'

/** Rows of a page: small enough to cross to the view at once, large enough for few placeholders. */
export const PAGE_ROWS = 20

/** Some rows in a frame. Off screen only the frame remains, with the height it had. */
export interface Page {
  id: string
  rows: Row[]
  height: number
}

/** Paths and values for setData. */
export type Patch = Record<string, unknown>
export type MakeRow = (message: Message, previous: Message | undefined) => Row

interface Held extends Page {
  /** In the view with its rows. */
  shown: boolean
}

/**
 * The part of a conversation that is in the view: a run of messages up to the newest, cut into pages. Older ones
 * join only when the reader comes near, so that every page was drawn, and measured, before it becomes a frame.
 * Pure: it answers with what setData must change.
 */
export class Pages {
  private pages: Held[] = []
  private shown: Message[] = []
  private all: readonly Message[] = []
  private made = 0

  constructor(private make: MakeRow) {}

  get count(): number {
    return this.pages.length
  }

  /** Messages that are held but not in the view yet. */
  get hidden(): number {
    return this.all.length - this.shown.length
  }

  isShown(index: number): boolean {
    return this.pages[index]?.shown ?? false
  }

  find(key: string): Message | undefined {
    return this.shown.find((message) => message.client_msg_id === key)
  }

  /** Starts from the newest messages, more than a screen of them, or from `atLeast`; the next come once these stand. */
  reset(all: readonly Message[], atLeast = PAGE_ROWS): Patch {
    this.all = all
    const start = Math.max(0, all.length - Math.max(atLeast, PAGE_ROWS))
    this.shown = all.slice(start)
    this.pages = this.cut(start)
    return { pages: this.pages.map(visible) }
  }

  /** Takes a page of older messages that are held into the view. */
  prepend(): Patch | null {
    const from = this.hidden
    if (from <= 0) return null
    const start = Math.max(0, from - PAGE_ROWS)
    this.shown = this.all.slice(start)
    const rows = this.all.slice(start, from).map((message, i) => this.make(message, this.all[start + i - 1]))
    this.pages.unshift(this.page(rows))
    const patch: Patch = { pages: this.pages.map(visible) }
    // The row that was first may have lost its time.
    const next = this.pages[1]
    if (next?.rows[0] && next.shown)
      next.rows[0] = this.make(this.shown[rows.length] as Message, this.shown[rows.length - 1])
    return patch
  }

  /** Takes the messages as they are now. `touched`: rows that depend on something else that changed. */
  update(all: readonly Message[], touched: ReadonlySet<string> = new Set()): Patch {
    const first = this.shown[0]?.client_msg_id
    const start = first === undefined ? -1 : indexOfKey(all, first)
    // Another window (a jump, a reset): nothing of it is in the view.
    if (start < 0) return this.reset(all)
    this.all = all
    const before = this.shown
    this.shown = all.slice(start)
    const same = commonKeys(before, this.shown)
    if (same < before.length) return this.rebuild(same)
    return { ...this.change(before, touched), ...this.append(same) }
  }

  /** Makes all rows again: another language, other names. */
  renew(): Patch {
    return this.change([], new Set())
  }

  /** Shows the pages that `near` names and frames the others at their measured heights. */
  frame(heights: readonly number[], near: (index: number) => boolean): Patch {
    const patch: Patch = {}
    this.pages.forEach((page, i) => {
      if (near(i) === page.shown) return
      page.shown = !page.shown
      page.height = page.shown ? 0 : (heights[i] ?? 0)
      patch[`pages[${i}].rows`] = page.shown ? page.rows : []
      patch[`pages[${i}].height`] = page.height
    })
    return patch
  }

  private page(rows: Row[]): Held {
    this.made += 1
    return { id: `cg-page-${this.made}`, rows, height: 0, shown: true }
  }

  private cut(start: number): Held[] {
    const pages: Held[] = []
    for (let at = 0; at < this.shown.length; at += PAGE_ROWS) {
      pages.push(
        this.page(
          this.shown.slice(at, at + PAGE_ROWS).map((message, i) => this.make(message, this.all[start + at + i - 1])),
        ),
      )
    }
    return pages
  }

  /** Rows from `same` on are others: a message went, or took its place in the log. */
  private rebuild(same: number): Patch {
    let at = 0
    let index = 0
    while (index < this.pages.length && at + this.pages[index]!.rows.length <= same)
      at += this.pages[index++]!.rows.length
    const kept = this.pages.slice(0, index)
    const patch: Patch = {}
    const start = this.hidden
    let next = index
    for (let from = at; from < this.shown.length; from += PAGE_ROWS) {
      const rows = this.shown
        .slice(from, from + PAGE_ROWS)
        .map((message, i) => this.make(message, this.all[start + from + i - 1]))
      const page = this.page(rows)
      // The frame stays the same element, so that nothing flashes.
      page.id = this.pages[next]?.id ?? page.id
      kept.push(page)
      patch[`pages[${next}]`] = visible(page)
      next += 1
    }
    if (next < this.pages.length) Object.assign(patch, { pages: kept.map(visible) })
    this.pages = kept
    return patch
  }

  private change(before: readonly Message[], touched: ReadonlySet<string>): Patch {
    const patch: Patch = {}
    let at = 0
    this.pages.forEach((page, p) => {
      page.rows.forEach((row, r) => {
        const message = this.shown[at] as Message
        if (message !== before[at] || touched.has(row.key)) {
          const made = this.make(message, this.shown[at - 1] ?? this.all[this.hidden - 1])
          if (page.shown) Object.assign(patch, difference(row, made, `pages[${p}].rows[${r}]`))
          page.rows[r] = made
        }
        at += 1
      })
    })
    return patch
  }

  private append(from: number): Patch {
    const patch: Patch = {}
    for (let at = from; at < this.shown.length; at++) {
      const row = this.make(this.shown[at] as Message, this.shown[at - 1])
      const last = this.pages[this.pages.length - 1]
      if (last && last.rows.length < PAGE_ROWS) {
        last.rows.push(row)
        if (last.shown) patch[`pages[${this.pages.length - 1}].rows[${last.rows.length - 1}]`] = row
        continue
      }
      const page = this.page([row])
      this.pages.push(page)
      patch[`pages[${this.pages.length - 1}]`] = { ...visible(page), rows: [row] }
    }
    return patch
  }
}

function visible({ id, rows, height, shown }: Held): Page {
  return { id, height, rows: shown ? rows.slice() : [] }
}

function indexOfKey(messages: readonly Message[], key: string): number {
  // Appends leave it where it was, prepends move it by a page: near the front either way.
  for (let i = 0; i < messages.length; i++) if (messages[i]!.client_msg_id === key) return i
  return -1
}

function commonKeys(a: readonly Message[], b: readonly Message[]): number {
  const most = Math.min(a.length, b.length)
  let same = 0
  while (same < most && a[same]!.client_msg_id === b[same]!.client_msg_id) same += 1
  return same
}

/** Only the fields that changed, each by its path. */
function difference(old: Row, made: Row, path: string): Patch {
  const patch: Patch = {}
  for (const name of Object.keys(made) as (keyof Row)[]) {
    if (JSON.stringify(old[name]) !== JSON.stringify(made[name])) patch[`${path}.${name}`] = made[name]
  }
  return patch
}
