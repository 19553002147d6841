/** The rows of a long list that are drawn, where all are equally high: what is seen and a little more. */
import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

const MORE = 6

export function useEqualRows(scroller: Ref<HTMLElement | null>, count: () => number, height: number) {
  const top = ref(0)
  const view = ref(800)
  const range = computed(() => {
    const start = Math.max(0, Math.min(Math.floor(top.value / height), count()) - MORE)
    return { start, end: Math.min(count(), Math.ceil((top.value + view.value) / height) + MORE) }
  })
  const padding = computed(() => ({
    paddingTop: `${range.value.start * height}px`,
    paddingBottom: `${(count() - range.value.end) * height}px`,
  }))

  function scrolled(): void {
    top.value = scroller.value?.scrollTop ?? 0
  }

  /** Scrolls as little as is needed for a row to be seen whole. */
  function reveal(index: number): void {
    const element = scroller.value
    if (!element || index < 0) return
    const at = index * height
    if (at < element.scrollTop) element.scrollTop = at
    else if (at + height > element.scrollTop + element.clientHeight)
      element.scrollTop = at + height - element.clientHeight
    scrolled()
  }

  const observer = new ResizeObserver(() => {
    view.value = scroller.value?.clientHeight || view.value
    scrolled()
  })
  onMounted(() => scroller.value && observer.observe(scroller.value))
  onBeforeUnmount(() => observer.disconnect())

  return { range, padding, scrolled, reveal }
}
