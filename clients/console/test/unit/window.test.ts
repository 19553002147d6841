import { expect, it } from 'vitest'
import { anchorsAt, Heights, rowAt, scrollFor, visibleRange } from '@/components/chat/window'

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
  const anchors = anchorsAt(old, before, 815, 600)
  expect(anchors[0]).toEqual({ key: 'm-121', offset: -25 })
  const grown = [...keys(100), ...old]
  const after = heights.offsets(grown)
  expect(after[grown.indexOf('m-121')]! - scrollFor(anchors, grown, after)!).toBe(25)
})

it('holds on to the next row in view when the first is gone', () => {
  const all = keys(50)
  const tops = new Heights(() => 40).offsets(all)
  const left = all.filter((key) => key !== 'm-21')
  const anchors = anchorsAt(all, tops, 815, 600)
  expect(scrollFor(anchors, left, new Heights(() => 40).offsets(left))).toBe(815 - 40)
  expect(scrollFor(anchors, ['other'], Float64Array.from([0, 40]))).toBeNull()
})

it('does not hold on to what older rows change: a day line, the first message; nor to a row cut off above', () => {
  const rows = ['start', 'day-1', 'm-1', 'm-2', 'm-3']
  const tops = new Heights(() => 40).offsets(rows)
  expect(anchorsAt(rows, tops, 0, 600).map(({ key }) => key)).toEqual(['m-2', 'm-3', 'm-1'])
  expect(anchorsAt(rows, tops, 130, 600).map(({ key }) => key)).toEqual(['m-3', 'm-2'])
})

it('holds on to a row that fills the view', () => {
  expect(anchorsAt(['m-1'], Float64Array.from([0, 5_000]), 2_000, 600)).toEqual([{ key: 'm-1', offset: 2_000 }])
})

it('says whether a measured height is news', () => {
  const heights = new Heights(() => 40)
  expect(heights.set('m-1', 62)).toBe(true)
  expect(heights.set('m-1', 62.01)).toBe(false)
  expect(heights.offsets(['m-0', 'm-1'])[2]).toBe(102)
})
