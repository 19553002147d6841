import { expect, it } from 'vitest'
import { anchorAt, Heights, rowAt, scrollFor, visibleRange } from '@/components/chat/window'

const keys = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `m-${from + i}`)

it('draws only the rows in view and a margin, of ten thousand', () => {
  const all = keys(10_000)
  const tops = new Heights(() => 50).offsets(all)
  expect(tops[10_000]).toBe(500_000)
  const { start, end } = visibleRange(tops, 250_000, 800, 500)
  expect(start).toBe(4_990)
  expect(end - start).toBeLessThan(40)
})

it('draws nothing of an empty list', () => {
  expect(visibleRange(new Heights(() => 50).offsets([]), 0, 800, 500)).toEqual({ start: 0, end: 0 })
})

it('finds the row of a pixel at every border', () => {
  const tops = Float64Array.from([0, 10, 30, 60])
  expect([0, 9, 10, 29, 30, 59, 1_000].map((y) => rowAt(tops, y))).toEqual([0, 0, 1, 1, 2, 2, 2])
})

it('keeps the anchored row where it was when older rows come above it', () => {
  const heights = new Heights(() => 40)
  const old = keys(50, 100)
  const before = heights.offsets(old)
  const anchor = anchorAt(old, before, 815)!
  const grown = [...keys(100), ...old]
  const after = heights.offsets(grown)
  const scroll = scrollFor(anchor, grown, after)!
  expect(scroll - after[grown.indexOf(anchor.key)]!).toBe(815 - before[old.indexOf(anchor.key)]!)
})

it('does not hold on to a day line or to a row that is gone', () => {
  const rows = ['start', 'day-1', 'm-1', 'm-2']
  const tops = new Heights(() => 40).offsets(rows)
  expect(anchorAt(rows, tops, 0)?.key).toBe('m-1')
  expect(anchorAt(rows, tops, 0, (key) => key !== 'm-1')?.key).toBe('m-2')
  expect(anchorAt(rows, tops, 0, () => false)).toBeNull()
})

it('says whether a measured height is news', () => {
  const heights = new Heights(() => 40)
  expect(heights.set('m-1', 62)).toBe(true)
  expect(heights.set('m-1', 62)).toBe(false)
  expect(heights.offsets(['m-0', 'm-1'])[2]).toBe(102)
})
