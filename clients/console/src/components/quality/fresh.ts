/** Reads again what is on screen: soon after it was asked for, then less and less often, and only while somebody looks. */
import { onBeforeUnmount, onMounted } from 'vue'

export const SOON_MS = 1_000
const SELDOM_MS = 60_000
/** A pause is at least so many times as long as reading took. */
const TIMES = 20

/** `isWanted`: whether what is shown can change at all. Call what it gives whenever something else is asked for. */
export function useFresh(read: () => Promise<unknown>, isWanted: () => boolean): () => void {
  let pause = SOON_MS
  let timer = 0

  function plan(): void {
    clearTimeout(timer)
    timer = window.setTimeout(() => void step(), pause)
  }

  async function step(): Promise<void> {
    if (document.hidden) return // comes back with the eyes
    const began = Date.now()
    if (isWanted()) await read()
    // What takes long to answer is asked for less often.
    pause = Math.max(Math.min(pause * 2, SELDOM_MS), TIMES * (Date.now() - began))
    if (timer) plan()
  }

  function soon(): void {
    pause = SOON_MS
    plan()
  }

  function looked(): void {
    if (!document.hidden) soon()
  }

  onMounted(() => {
    document.addEventListener('visibilitychange', looked)
    soon()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', looked)
    clearTimeout(timer)
    timer = 0
  })
  return soon
}
