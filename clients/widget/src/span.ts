/**
 * Which of the messages stand in the page: few of however many, so that a long conversation stays light. Kept by seq, so
 * that it stays where it is when older messages come in before it.
 */

/** Lines in the page at most. */
export const MOST = 120
/** How many come in at one edge, and leave at the other, at a time. */
const STEP = 40

export interface Range {
  from: number
  to: number
}

/** Messages in order; those that are not in the log yet have seq 0 and stand at the end. */
type Messages = readonly { readonly seq: number }[]

export class Span {
  /** Seq of the first and the last line; null: the end, whatever comes. */
  private first: number | null = null
  private last: number | null = null

  range(messages: Messages): Range {
    const { length } = messages
    const { first, last } = this
    const after = last === null ? -1 : messages.findIndex(({ seq }) => seq > last || seq === 0)
    // Where all that stood here is gone, what comes next stands in its place.
    const to = after < 0 ? length : after || Math.min(length, MOST)
    const start = first === null ? -1 : messages.findIndex(({ seq }) => seq >= first || seq === 0)
    return { from: Math.max(0, start < 0 ? to - MOST : Math.max(start, to - MOST)), to }
  }

  /** Further up; false if the first message stands there already. */
  up(messages: Messages): boolean {
    const { from, to } = this.range(messages)
    if (from === 0) return false
    const next = Math.max(0, from - STEP)
    this.set(messages, next, Math.min(to, next + MOST))
    return true
  }

  /** Further down; false if the last message stands there already. */
  down(messages: Messages): boolean {
    const { from, to } = this.range(messages)
    if (to === messages.length) return false
    const next = Math.min(messages.length, to + STEP)
    this.set(messages, Math.max(from, next - MOST), next)
    return true
  }

  /** With the message at `index` in the middle. */
  around(messages: Messages, index: number): void {
    const from = Math.max(0, Math.min(index - MOST / 2, messages.length - MOST))
    this.set(messages, from, Math.min(messages.length, from + MOST))
  }

  toEnd(): void {
    this.first = this.last = null
  }

  private set(messages: Messages, from: number, to: number): void {
    // Where it reaches the end, or what is not in the log yet, it follows the end.
    const last = to < messages.length ? messages[to - 1]?.seq : 0
    this.last = last || null
    this.first = last ? (messages[from]?.seq ?? null) : null
  }
}
