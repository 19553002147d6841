/**
 * A list that keeps still while a pointer rests on it or the keyboard is in it: rows stay where they are, what is new is
 * counted and comes when the list is left or asked for.
 */
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { type DeskRow, held } from './listing'

/** After a finger is lifted its tap is still on the way. */
const AFTER_TOUCH_MS = 800

interface Still {
  wanted: () => readonly DeskRow[]
  /** Every open case, for rows that have left this list. */
  open: () => readonly DeskRow[]
  /** What is asked for. Whoever asks for something else wants to see it at once. */
  asked: () => string
}

export function useStill({ wanted, open, asked }: Still) {
  const pointed = ref(false)
  const focused = ref(false)
  const holding = computed(() => pointed.value || focused.value)
  const rows = shallowRef<readonly DeskRow[]>([])
  const news = ref(0)
  let lifted = 0

  watch(
    [wanted, holding, asked],
    ([now, hold, question], before) => {
      if (hold && question === before[2]) {
        const next = held(rows.value, now, open())
        rows.value = next.rows
        news.value = next.news
      } else show()
    },
    { immediate: true },
  )

  function show(): void {
    rows.value = wanted()
    news.value = 0
  }

  function touched(on: boolean): void {
    clearTimeout(lifted)
    if (on) pointed.value = true
    else lifted = window.setTimeout(() => (pointed.value = false), AFTER_TOUCH_MS)
  }
  onScopeDispose(() => clearTimeout(lifted))

  const listeners = {
    pointerenter: (event: PointerEvent) => event.pointerType !== 'touch' && (pointed.value = true),
    pointerleave: (event: PointerEvent) => event.pointerType !== 'touch' && (pointed.value = false),
    touchstart: () => touched(true),
    touchend: () => touched(false),
    touchcancel: () => touched(false),
    // A click focuses too, and leaves the focus behind; only who moves by keys is still here.
    focusin: (event: FocusEvent) => (focused.value = (event.target as HTMLElement).matches(':focus-visible')),
    focusout: () => (focused.value = false),
  }

  return { rows, news, show, listeners }
}
