import { make } from '../screen'
import { define, onDrag, type Host } from './define'

type Props = {
  scrollX: boolean
  scrollY: boolean
  scrollTop: number
  scrollLeft: number
  scrollIntoView: string
  scrollWithAnimation: boolean
  upperThreshold: number
  lowerThreshold: number
  scrollAnchoring: boolean
  refresherEnabled: boolean
  refresherTriggered: boolean
  refresherThreshold: number
  enableFlex: boolean
  scrollIntoViewOffset: number
  scrollIntoViewAlignment: string
}

const properties = {
  scrollX: Boolean,
  scrollY: Boolean,
  scrollTop: { type: Number, value: 0, optionalTypes: [String] },
  scrollLeft: { type: Number, value: 0, optionalTypes: [String] },
  scrollIntoView: String,
  scrollWithAnimation: Boolean,
  upperThreshold: { type: Number, value: 50 },
  lowerThreshold: { type: Number, value: 50 },
  scrollAnchoring: Boolean,
  refresherEnabled: Boolean,
  refresherTriggered: Boolean,
  refresherThreshold: { type: Number, value: 45 },
  refresherDefaultStyle: String,
  refresherBackground: String,
  refresherTwoLevelEnabled: Boolean,
  enableFlex: Boolean,
  enableBackToTop: Boolean,
  enhanced: Boolean,
  bounces: { type: Boolean, value: true },
  showScrollbar: { type: Boolean, value: true },
  pagingEnabled: Boolean,
  fastDeceleration: Boolean,
  enablePassive: Boolean,
  bindingTapResponder: Boolean,
  type: String,
  usingSticky: Boolean,
  reverse: Boolean,
  clip: Boolean,
  scrollIntoViewOffset: Number,
  scrollIntoViewAlignment: { type: String, value: 'start' },
  cacheExtent: Number,
  associativeContainer: String,
  scrollIntoViewWithinExtent: Boolean,
}

/** Tells each threshold once, when it is entered. */
function watchEdges(host: Host<Props>): () => void {
  const { dom } = host
  const near = { top: true, bottom: false, left: true, right: false }
  const judge = (edge: keyof typeof near, distance: number, limit: number, type: string) => {
    const inside = distance <= limit
    if (inside && !near[edge]) host.emit(type, { direction: edge })
    near[edge] = inside
  }
  return () => {
    const { scrollX, scrollY, upperThreshold, lowerThreshold } = host.props
    if (scrollY) {
      judge('top', dom.scrollTop, upperThreshold, 'scrolltoupper')
      judge('bottom', dom.scrollHeight - dom.clientHeight - dom.scrollTop, lowerThreshold, 'scrolltolower')
    }
    if (scrollX) {
      judge('left', dom.scrollLeft, upperThreshold, 'scrolltoupper')
      judge('right', dom.scrollWidth - dom.clientWidth - dom.scrollLeft, lowerThreshold, 'scrolltolower')
    }
  }
}

function refresher(host: Host<Props>) {
  const bar = make('div', 'mp-refresher')
  bar.innerHTML = '<i></i>'
  host.dom.prepend(bar)
  const show = (height: number) => (bar.style.height = `${height}px`)
  let pulled = 0
  onDrag(host.dom, {
    start: () => host.props.refresherEnabled && host.dom.scrollTop <= 0 && !host.props.refresherTriggered,
    move(_dx, dy) {
      pulled = host.dom.scrollTop <= 0 ? Math.max(0, dy / 2) : 0
      if (pulled > 0) host.emit('refresherpulling', { dy: pulled })
      show(pulled)
      return pulled > 0
    },
    end() {
      const far = pulled >= host.props.refresherThreshold
      if (far) host.set({ refresherTriggered: true })
      host.emit(far ? 'refresherrefresh' : 'refresherabort')
      show(far ? host.props.refresherThreshold : 0)
      pulled = 0
    },
  })
  return (triggered: boolean) => {
    show(triggered ? host.props.refresherThreshold : 0)
    if (!triggered) host.emit('refresherrestore')
  }
}

function mount(host: Host<Props>) {
  const { dom } = host
  const style = () => {
    const { scrollX, scrollY, scrollAnchoring, enableFlex } = host.props
    dom.style.overflowX = scrollX ? 'auto' : 'hidden'
    dom.style.overflowY = scrollY ? 'auto' : 'hidden'
    // Who has no finger scrolls with the arrow keys.
    dom.tabIndex = scrollX || scrollY ? 0 : -1
    dom.style.setProperty('overflow-anchor', scrollAnchoring ? 'auto' : 'none')
    if (enableFlex) dom.style.display = 'flex'
  }
  const behavior = (): ScrollBehavior => (host.props.scrollWithAnimation ? 'smooth' : 'instant')
  // The list the position refers to is rendered in the same update, after this property.
  const toPosition = (side: 'top' | 'left', value: unknown) =>
    queueMicrotask(() => dom.scrollTo({ [side]: Number(value), behavior: behavior() }))
  const toChild = (id: string) =>
    queueMicrotask(() => {
      const child = id ? dom.querySelector(`[exparser\\:info-attr-id="${CSS.escape(id)}"]`) : null
      if (!child) return
      const here = dom.getBoundingClientRect()
      const there = child.getBoundingClientRect()
      const { scrollX, scrollY, scrollIntoViewOffset: offset } = host.props
      dom.scrollTo({
        ...(scrollY && { top: dom.scrollTop + there.top - here.top - dom.clientTop + offset }),
        ...(scrollX && { left: dom.scrollLeft + there.left - here.left - dom.clientLeft + offset }),
        behavior: behavior(),
      })
    })
  const edges = watchEdges(host)
  let last = { left: 0, top: 0 }
  dom.addEventListener('scroll', () => {
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight } = dom
    host.emit('scroll', {
      scrollLeft,
      scrollTop,
      scrollWidth,
      scrollHeight,
      deltaX: last.left - scrollLeft,
      deltaY: last.top - scrollTop,
    })
    last = { left: scrollLeft, top: scrollTop }
    edges()
  })
  const setTriggered = host.props.refresherEnabled ? refresher(host) : () => undefined
  style()
  if (host.props.scrollTop) toPosition('top', host.props.scrollTop)
  if (host.props.scrollLeft) toPosition('left', host.props.scrollLeft)
  toChild(host.props.scrollIntoView)
  return {
    changed(name: string, value: unknown) {
      if (name === 'scrollTop') toPosition('top', value)
      else if (name === 'scrollLeft') toPosition('left', value)
      else if (name === 'scrollIntoView') toChild(String(value))
      else if (name === 'refresherTriggered') setTriggered(Boolean(value))
      else style()
    },
  }
}

export const defineScrollView = (): void => define<Props>('scroll-view', { properties, mount })
