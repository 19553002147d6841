// createSelectorQuery: positions count from the page's corner, below the navigation bar.
import { currentPage } from '../runtime/pages'
import { deliver } from '../runtime/timers'
import type { BackedElement, GeComponent, GeElement } from '../runtime/types'

interface Fields {
  id?: boolean
  dataset?: boolean
  mark?: boolean
  rect?: boolean
  size?: boolean
  scrollOffset?: boolean
  node?: boolean
  context?: boolean
  properties?: string[]
  computedStyle?: string[]
}

type Found = Record<string, unknown> | null
type Callback = (result: never) => void
interface Owner {
  _$: GeComponent
}

interface Request {
  read: () => Found | Found[]
  callback: Callback | undefined
}

export class SelectorQuery {
  private readonly requests: Request[] = []

  constructor(private owner: Owner | undefined) {}

  in(owner: Owner): this {
    this.owner = owner
    return this
  }

  select(selector: string): NodesRef {
    return new NodesRef(this, (fields) => {
      const found = this.root()?.querySelector(selector)
      return found ? readFields(found, fields) : null
    })
  }

  selectAll(selector: string): NodesRef {
    return new NodesRef(this, (fields) =>
      (this.root()?.querySelectorAll(selector) ?? []).map((found) => readFields(found, fields)),
    )
  }

  selectViewport(): NodesRef {
    return new NodesRef(this, readViewport)
  }

  add(read: Request['read'], callback: Callback | undefined): this {
    this.requests.push({ read, callback })
    return this
  }

  /** Answers after pending rendering, in the order asked. */
  exec(done?: (results: (Found | Found[])[]) => void): this {
    const requests = this.requests.splice(0)
    requestAnimationFrame(() =>
      deliver(() => {
        const results = requests.map(({ read }) => read())
        requests.forEach(({ callback }, index) => callback?.(results[index] as never))
        done?.(results)
      }),
    )
    return this
  }

  private root() {
    return (this.owner ?? currentPage()?.instance)?._$.getShadowRoot()
  }
}

class NodesRef {
  constructor(
    private readonly query: SelectorQuery,
    private readonly read: (fields: Fields) => Found | Found[],
  ) {}

  fields = (fields: Fields, callback?: Callback) => this.query.add(() => this.read(fields), callback)
  boundingClientRect = (callback?: Callback) =>
    this.fields({ id: true, dataset: true, rect: true, size: true }, callback)
  scrollOffset = (callback?: Callback) => this.fields({ id: true, dataset: true, scrollOffset: true }, callback)
  context = (callback?: Callback) => this.fields({ context: true }, callback)
  node = (callback?: Callback) => this.fields({ node: true }, callback)
}

const scrollOf = ({ scrollLeft, scrollTop, scrollWidth, scrollHeight }: HTMLElement) => ({
  scrollLeft,
  scrollTop,
  scrollWidth,
  scrollHeight,
})

function readViewport(fields: Fields): Found {
  const page = currentPage()
  if (!page) return null
  const { clientWidth: width, clientHeight: height } = page.viewport
  return {
    id: '',
    dataset: {},
    ...(fields.rect && { left: 0, top: 0, right: width, bottom: height }),
    ...(fields.size && { width, height }),
    ...(fields.scrollOffset && scrollOf(page.scroller)),
  }
}

function readFields(element: GeElement, fields: Fields): Found {
  const dom = domOf(element)
  if (!dom) return null
  const rect = relativeRect(dom)
  const { left, top, right, bottom, width, height } = rect
  return {
    ...(fields.id && { id: element.id }),
    ...(fields.dataset && { dataset: { ...element.dataset } }),
    ...(fields.mark && { mark: element.collectMarks() }),
    ...(fields.rect && { left, top, right, bottom }),
    ...(fields.size && { width, height }),
    ...(fields.scrollOffset && scrollOf(dom)),
    ...(fields.node && { node: contextOf(dom) }),
    ...(fields.context && { context: contextOf(dom) }),
    ...readProperties(element, fields.properties),
    ...readStyles(dom, fields.computedStyle),
  }
}

function readProperties(element: GeElement, names: string[] = []): Record<string, unknown> {
  const data = (element as { data?: Record<string, unknown> }).data ?? {}
  const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(names.map((name) => [name, data[camel(name)]]))
}

function readStyles(dom: HTMLElement, names: string[] = []): Record<string, string> {
  const style = getComputedStyle(dom)
  const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(dashed(name))]))
}

/** A scroll-view's node can be scrolled by code. */
function contextOf(dom: HTMLElement): Record<string, unknown> {
  return {
    scrollTo: ({ top, left, animated = true }: { top?: number; left?: number; animated?: boolean }) =>
      dom.scrollTo({
        ...(top !== undefined && { top }),
        ...(left !== undefined && { left }),
        behavior: animated ? 'smooth' : 'instant',
      }),
    scrollIntoView: (selector: string, { animated = true } = {}) =>
      dom
        .querySelector(`[exparser\\:info-attr-id="${selector.replace('#', '')}"]`)
        ?.scrollIntoView({ behavior: animated ? 'smooth' : 'instant' }),
  }
}

export function domOf(element: GeElement): BackedElement | null {
  const own = (element as unknown as { $$: BackedElement | null }).$$
  if (own) return own
  // A component with virtualHost has no element of its own: its first child stands for it.
  const root = (element as unknown as GeComponent).getShadowRoot?.()
  const first = root?.childNodes.find((child) => (child as { $$?: unknown }).$$) as { $$: BackedElement } | undefined
  return first?.$$ ?? null
}

export function relativeRect(dom: Element): DOMRect {
  const rect = dom.getBoundingClientRect()
  const page = dom.closest('.mp-viewport')?.getBoundingClientRect()
  return new DOMRect(rect.x - (page?.x ?? 0), rect.y - (page?.y ?? 0), rect.width, rect.height)
}
