/**
 * Which rows of a long list are drawn. Heights are estimated until measured; offsets follow from them. Pure: the
 * component measures, scrolls and draws.
 */

export interface Range {
  start: number
  end: number
}

export class Heights {
  private readonly measured = new Map<string, number>()

  constructor(private readonly estimate: (index: number) => number) {}

  /** True if the height is news. */
  set(key: string, height: number): boolean {
    if (this.measured.get(key) === height) return false
    this.measured.set(key, height)
    return true
  }

  /** The top of every row, and at the end the height of all: n rows give n + 1 numbers. */
  offsets(keys: readonly string[]): Float64Array {
    const tops = new Float64Array(keys.length + 1)
    for (let i = 0; i < keys.length; i += 1) {
      tops[i + 1] = tops[i]! + (this.measured.get(keys[i]!) ?? this.estimate(i))
    }
    return tops
  }

  clear(): void {
    this.measured.clear()
  }
}

/** The row that the pixel `y` falls into. */
export function rowAt(tops: Float64Array, y: number): number {
  let low = 0
  let high = tops.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (tops[middle]! <= y) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

/** The rows that touch the view, and `margin` pixels more on both sides. */
export function visibleRange(tops: Float64Array, scrollTop: number, view: number, margin: number): Range {
  const count = tops.length - 1
  if (count === 0) return { start: 0, end: 0 }
  const start = rowAt(tops, Math.max(0, scrollTop - margin))
  const end = rowAt(tops, scrollTop + view + margin) + 1
  return { start, end: Math.min(count, end) }
}

/** What is held still while rows change: a row and how far its top is above the view's top. */
export interface Anchor {
  key: string
  offset: number
}

/** The first row in view, or below it, that `has` says is still there. */
export function anchorAt(
  keys: readonly string[],
  tops: Float64Array,
  scrollTop: number,
  has: (key: string) => boolean = () => true,
): Anchor | null {
  if (keys.length === 0) return null
  for (let index = rowAt(tops, scrollTop); index < keys.length; index += 1) {
    const key = keys[index]!
    // A day or the start of the conversation moves when older messages come; only messages stand still.
    if (!moves(key) && has(key)) return { key, offset: scrollTop - tops[index]! }
  }
  return null
}

function moves(key: string): boolean {
  return key === 'start' || key.startsWith('day-')
}

/** Where to scroll so that the anchor stays where it was; null if its row is gone. */
export function scrollFor(anchor: Anchor, keys: readonly string[], tops: Float64Array): number | null {
  const index = keys.indexOf(anchor.key)
  return index < 0 ? null : tops[index]! + anchor.offset
}
