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

  /** True if the height is news. A measured row differs from itself by hair's breadths, depending on where it stands. */
  set(key: string, height: number): boolean {
    if (Math.abs((this.measured.get(key) ?? Infinity) - height) < 0.1) return false
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

/**
 * The rows in view, those first that are best held on to. A day or the start of the conversation moves when older
 * messages come, and the first message may lose its head to them; a row that is cut off may grow above the view.
 */
export function anchorsAt(keys: readonly string[], tops: Float64Array, scrollTop: number, view: number): Anchor[] {
  const whole: Anchor[] = []
  const others: Anchor[] = []
  const first = keys.findIndex((key) => !moves(key))
  if (first < 0) return []
  for (let index = rowAt(tops, scrollTop); index < keys.length && tops[index]! < scrollTop + view; index += 1) {
    const anchor = { key: keys[index]!, offset: scrollTop - tops[index]! }
    if (moves(anchor.key)) continue
    if (index > first && anchor.offset <= 0) whole.push(anchor)
    else others.push(anchor)
  }
  return [...whole, ...others]
}

function moves(key: string): boolean {
  return key === 'start' || key.startsWith('day-')
}

/** Where to scroll so that the first anchor still there stays where it was; null if all are gone. */
export function scrollFor(anchors: readonly Anchor[], keys: readonly string[], tops: Float64Array): number | null {
  for (const { key, offset } of anchors) {
    const index = keys.indexOf(key)
    if (index >= 0) return tops[index]! + offset
  }
  return null
}
