// createIntersectionObserver over the browser's, relative to the page or to an element of the component.
import { currentPage } from '../runtime/pages'
import { deliver } from '../runtime/timers'
import type { GeComponent } from '../runtime/types'
import { domOf } from './query'

interface Options {
  thresholds?: number[]
  initialRatio?: number
  observeAll?: boolean
}

interface Margins {
  left?: number
  right?: number
  top?: number
  bottom?: number
}

type Listener = (result: Record<string, unknown>) => void

export class ProgramIntersectionObserver {
  private observer: IntersectionObserver | undefined
  private relative: string | undefined
  private margins: Margins = {}

  constructor(
    private readonly owner: { _$: GeComponent } | undefined,
    private readonly options: Options = {},
  ) {}

  relativeTo(selector: string, margins: Margins = {}): this {
    this.relative = selector
    this.margins = margins
    return this
  }

  relativeToViewport(margins: Margins = {}): this {
    this.relative = undefined
    this.margins = margins
    return this
  }

  observe(selector: string, listener: Listener): void {
    const root = (this.owner ?? currentPage()?.instance)?._$.getShadowRoot()
    const all = root?.querySelectorAll(selector) ?? []
    const targets = this.options.observeAll ? all : all.slice(0, 1)
    const reference = this.relative ? root?.querySelector(this.relative) : undefined
    const { top = 0, right = 0, bottom = 0, left = 0 } = this.margins
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.report(entry, listener)), {
      root: (reference && domOf(reference)) ?? currentPage()?.scroller ?? null,
      rootMargin: `${top}px ${right}px ${bottom}px ${left}px`,
      threshold: this.options.thresholds ?? [0],
    })
    for (const target of targets) {
      const dom = domOf(target)
      if (dom) this.observer.observe(dom)
    }
  }

  disconnect(): void {
    this.observer?.disconnect()
  }

  private readonly seen = new WeakSet<Element>()

  private report(entry: IntersectionObserverEntry, listener: Listener): void {
    const first = !this.seen.has(entry.target)
    this.seen.add(entry.target)
    // The first answer only counts when it differs from the ratio assumed at the start.
    if (first && entry.intersectionRatio === (this.options.initialRatio ?? 0) && !entry.isIntersecting) return
    const element = (entry.target as { __wxElement?: { id: string; dataset: Record<string, unknown> } }).__wxElement
    deliver(() =>
      listener({
        id: element?.id ?? '',
        dataset: { ...element?.dataset },
        time: Date.now(),
        intersectionRatio: entry.intersectionRatio,
        boundingClientRect: entry.boundingClientRect,
        intersectionRect: entry.intersectionRect,
        relativeRect: entry.rootBounds,
      }),
    )
  }
}
