import type { ListHost } from './list-host'
import type { Pages } from './pages'

const NEAR_SCREENS = 1.5
const FRAME_EVERY_MS = 200
/** Fewer pages than this are not worth framing. */
const FRAME_FROM = 4

/** Pages far from the reader keep the height that they had and nothing else, as the reader goes on. */
export class Framing {
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(
    private readonly host: ListHost,
    private readonly pages: Pages,
    /** Rows are on their way: what is measured now would not hold. */
    private readonly isBusy: () => boolean,
  ) {}

  soon(): void {
    if (this.timer || this.pages.count < FRAME_FROM) return
    this.timer = setTimeout(() => {
      this.timer = null
      void this.frame()
    }, FRAME_EVERY_MS)
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer)
  }

  /** Every page with its rows, so that one of them can be brought into view. */
  async showAll(): Promise<void> {
    const measures = await this.host.measure()
    if (!measures) return
    const heights = measures.pages.map((page) => page.height)
    await this.host.draw(this.pages.frame(heights, () => true))
  }

  private async frame(): Promise<void> {
    if (this.isBusy()) return this.soon()
    const measures = await this.host.measure()
    if (!measures || measures.pages.length !== this.pages.count) return
    const { list, pages } = measures
    const margin = list.height * NEAR_SCREENS
    const near = (i: number) => {
      const page = pages[i]
      return !page || (page.bottom > list.top - margin && page.top < list.bottom + margin)
    }
    const heights = pages.map((page) => page.height)
    const patch = this.pages.frame(heights, near)
    if (Object.keys(patch).length) await this.host.draw(patch)
  }
}
