/** Something that stands over a page until one goes back. */
export interface Way {
  /** Has it the page's `page-container`, shown or closing; `null`: none any more. */
  hold(shown: boolean | null): void
  back(): void
}

/**
 * What stands over a page, the innermost last. WeChat gives a page one `page-container`, so whoever came first holds it
 * for all, and it is taken out of the page only after it has closed.
 */
export class WaysBack {
  private readonly ways: Way[] = []
  private holder: Way | null = null
  private shown = false
  private closing = false

  add(way: Way): void {
    if (this.ways.indexOf(way) < 0) this.ways.push(way)
    this.look()
  }

  remove(way: Way): void {
    const at = this.ways.indexOf(way)
    if (at >= 0) this.ways.splice(at, 1)
    this.look()
  }

  /** Its component is gone, and the container with it if it held that. */
  forget(way: Way): void {
    if (this.holder === way) {
      this.holder = null
      this.shown = this.closing = false
    }
    this.remove(way)
  }

  /** The container has closed: somebody went back, unless it was told to. */
  closed(): void {
    const wentBack = !this.closing
    this.shown = this.closing = false
    if (wentBack) this.ways[this.ways.length - 1]?.back()
    if (this.ways.length) return this.look()
    this.holder?.hold(null)
    this.holder = null
  }

  private look(): void {
    const [first] = this.ways
    if (this.closing || !!first === this.shown) return
    this.closing = !first
    this.shown = true
    this.holder = this.holder ?? first ?? null
    this.holder?.hold(!this.closing)
  }
}

const pages = new WeakMap<object, WaysBack>()

/** Those of the page on screen. */
export function waysBack(): WaysBack {
  const open = getCurrentPages()
  const page = open[open.length - 1] ?? pages
  const ways = pages.get(page) ?? new WaysBack()
  pages.set(page, ways)
  return ways
}
