/**
 * Draws the rows around the place the reader looks at, and keeps that place still. The place is what is known: a row
 * and how far it stands from the view's top, or how far it is to the end. Which rows are drawn and how far the list is
 * scrolled follow from it, not the other way round: scroll positions mean nothing once rows come or grow above.
 */
import { computed, onBeforeUnmount, onMounted, onUpdated, type Ref, ref, shallowRef, watch } from 'vue'
import { type Anchor, anchorsAt, Heights, scrollFor, visibleRange } from './window'

const MARGIN = 700
const NEAR_BOTTOM = 80
/** Rows that turn out lower than estimated make room for more, which have to be measured as well. */
const ROUNDS = 8

interface Windowed {
  /** Its one child holds the rows, which bear `data-key` and `v-measure`. */
  scroller: Ref<HTMLElement | null>
  keys: Ref<string[]>
  /** Whether the end of the rows is not the end of the conversation. */
  hasNewer: () => boolean
  estimate: (index: number) => number
}

export function useWindowed({ scroller, keys, hasNewer, estimate }: Windowed) {
  const heights = new Heights(estimate)
  const measured = ref(0)
  const scrollTop = ref(0)
  const view = ref(600)
  const atBottom = ref(true)
  /** How far it is to the end for those who are near it. */
  const rest = ref(0)
  const anchors = shallowRef<Anchor[]>([])
  /** Sent to a row: it counts more than being near the end, until the reader scrolls. */
  const held = ref(false)
  /** What the DOM shows; `keys` and `tops` are ahead of it until it is drawn. */
  let drawn: { keys: string[]; tops: Float64Array } = { keys: [], tops: new Float64Array(1) }
  /** Where the list was last left; if it stands elsewhere, the reader has scrolled. */
  let leftAt = 0
  let rounds = 0

  const tops = computed(() => {
    void measured.value
    return heights.offsets(keys.value)
  })
  const total = computed(() => tops.value.at(-1) ?? 0)
  const byEnd = computed(() => atBottom.value && !hasNewer() && !held.value)
  const wantedTop = computed(() => {
    if (byEnd.value) return Math.max(0, total.value - view.value - rest.value)
    return scrollFor(anchors.value, keys.value, tops.value) ?? scrollTop.value
  })
  const range = computed(() => visibleRange(tops.value, wantedTop.value, view.value, MARGIN))
  const padding = computed(() => ({
    paddingTop: `${tops.value[range.value.start] ?? 0}px`,
    paddingBottom: `${Math.max(0, total.value - (tops.value[range.value.end] ?? 0))}px`,
  }))

  /** Takes the heights of the rows that are drawn. True if one is news. */
  function measure(): boolean {
    let news = false
    for (const row of scroller.value!.firstElementChild!.children as HTMLCollectionOf<HTMLElement>) {
      if (heights.set(row.dataset['key']!, row.getBoundingClientRect().height)) news = true
    }
    return news
  }

  /** After each drawing. A list that is drawn again from here is so before the browser paints. */
  function settle(): void {
    const element = scroller.value
    if (!element?.clientHeight) return // hidden: nothing has its height
    if (measure() && rounds < ROUNDS) {
      rounds += 1
      measured.value += 1
      return
    }
    rounds = 0
    drawn = { keys: keys.value, tops: tops.value }
    if (Math.abs(element.scrollTop - wantedTop.value) > 0.5) element.scrollTop = wantedTop.value
    scrollTop.value = leftAt = element.scrollTop
    if (byEnd.value) anchors.value = anchorsAt(drawn.keys, drawn.tops, leftAt, view.value)
    // A short conversation is seen to its end without any scrolling.
    else if (total.value - leftAt - view.value < 1 && !hasNewer()) {
      atBottom.value = true
      rest.value = 0
    }
  }

  /** Takes the place the reader has scrolled to, if it was they. */
  function scrolled(): void {
    const element = scroller.value
    if (!element || Math.abs(element.scrollTop - leftAt) < 1) return
    scrollTop.value = leftAt = element.scrollTop
    const below = Math.max(0, drawn.tops.at(-1)! - leftAt - view.value)
    atBottom.value = below < NEAR_BOTTOM && !hasNewer()
    rest.value = below
    held.value = false
    anchors.value = anchorsAt(drawn.keys, drawn.tops, leftAt, view.value)
  }

  function toEnd(): void {
    held.value = false
    atBottom.value = true
    rest.value = 0
  }

  /** Brings a row to the upper third and leaves it there. False if there is none. */
  function hold(key: string): boolean {
    if (!keys.value.includes(key)) return false
    atBottom.value = false
    held.value = true
    anchors.value = [{ key, offset: -Math.round(view.value / 3) }]
    return true
  }

  // A scroll may not have been told yet when other rows come; afterwards it could not be told from their doing.
  watch(keys, scrolled)
  onUpdated(settle)

  const observer = new ResizeObserver(() => {
    const height = scroller.value?.clientHeight
    if (!height) return
    if (!measure() && view.value === height) return
    view.value = height
    measured.value += 1
  })
  const vMeasure = {
    mounted: (element: HTMLElement) => observer.observe(element),
    unmounted: (element: HTMLElement) => observer.unobserve(element),
  }
  onMounted(() => {
    observer.observe(scroller.value!)
    view.value = scroller.value!.clientHeight
    measured.value += 1
  })
  onBeforeUnmount(() => observer.disconnect())

  return { scrollTop, view, atBottom, total, range, padding, vMeasure, scrolled, toEnd, hold }
}
