/** What is on screen is read again by itself: soon at first, then seldom, and never for who does not look. */
import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { useFresh } from '@/components/quality/fresh'

let drawn: VueWrapper
let soon: () => void
let reads: number
let isWanted: boolean

beforeEach(() => {
  vi.useFakeTimers()
  reads = 0
  isWanted = true
  const read = async () => void (reads += 1)
  const page = defineComponent({
    setup() {
      soon = useFresh(read, () => isWanted)
      return () => h('i')
    },
  })
  drawn = mount(page)
})
afterEach(() => {
  drawn.unmount()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('the pauses grow from a second to a minute, and begin anew with another question', async () => {
  await vi.advanceTimersByTimeAsync(1_000)
  expect(reads).toBe(1)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(reads).toBe(2)
  await vi.advanceTimersByTimeAsync(10 * 60_000)
  const later = reads
  expect(later).toBeLessThan(20)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(reads).toBe(later + 1)
  soon()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(reads).toBe(later + 2)
})

it('what can’t change any more is not read', async () => {
  isWanted = false
  await vi.advanceTimersByTimeAsync(120_000)
  expect(reads).toBe(0)
  isWanted = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(reads).toBeGreaterThan(0)
})

it('a page that nobody looks at asks nothing, and asks at once when somebody does again', async () => {
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
  await vi.advanceTimersByTimeAsync(300_000)
  expect(reads).toBe(0)
  hidden.mockReturnValue(false)
  document.dispatchEvent(new Event('visibilitychange'))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(reads).toBe(1)
})

it('a page that is left asks nothing more', async () => {
  drawn.unmount()
  await vi.advanceTimersByTimeAsync(300_000)
  expect(reads).toBe(0)
})
