// @vitest-environment node
import { describe, expect, test } from 'vitest'
import { MOST, Span } from '../src/span'

const log = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }))
const pending = { seq: 0 }

/** What stands in the page, by seq: first, last. */
function shown(span: Span, messages: readonly { seq: number }[]): number[] {
  const { from, to } = span.range(messages)
  expect(to - from).toBeLessThanOrEqual(MOST)
  return [messages[from]!.seq, messages[to - 1]!.seq]
}

describe('what stands in the page of a long conversation', () => {
  test('is its end at first, and follows it', () => {
    const span = new Span()
    expect(shown(span, log(1, 10_000))).toEqual([9_881, 10_000])
    expect(shown(span, log(1, 10_001))).toEqual([9_882, 10_001])
    expect(shown(span, [...log(1, 10_001), pending])).toEqual([9_883, 0])
  })

  test('is all of a short one', () => {
    const span = new Span()
    expect(shown(span, log(1, 30))).toEqual([1, 30])
    expect(span.up(log(1, 30))).toBe(false)
    expect(span.down(log(1, 30))).toBe(false)
    expect(span.range([])).toEqual({ from: 0, to: 0 })
  })

  test('goes up and down in steps that overlap, and never holds more than it may', () => {
    const span = new Span()
    const all = log(1, 1_000)
    let before = shown(span, all)
    while (span.up(all)) {
      const now = shown(span, all)
      expect(now[0]).toBeLessThan(before[0]!)
      expect(now[1]).toBeGreaterThan(before[0]!)
      before = now
    }
    expect(before).toEqual([1, 120])
    while (span.down(all)) shown(span, all)
    expect(shown(span, all)).toEqual([881, 1_000])
    expect(shown(span, log(1, 1_001))).toEqual([882, 1_001])
  })

  test('stays where it is while older messages come in above and newer ones below', () => {
    const span = new Span()
    span.around(log(500, 1_000), 200)
    const held = shown(span, log(500, 1_000))
    expect(held).toEqual([640, 759])
    expect(shown(span, log(100, 1_000))).toEqual(held)
    expect(shown(span, [...log(100, 1_200), pending, pending])).toEqual(held)
  })

  test('survives the loss of the messages that it began and ended with', () => {
    const span = new Span()
    const all = log(1, 1_000)
    span.around(all, 500)
    const [first, last] = shown(span, all)
    const left = all.filter(({ seq }) => seq !== first && seq !== last)
    expect(shown(span, left)).toEqual([first! + 1, last! - 1])
    expect(shown(span, all.slice(700))).toEqual([701, 820])
    expect(shown(span, all.slice(0, 300))).toEqual([181, 300])
  })

  test('around a message has it in the middle, but at the ends', () => {
    const span = new Span()
    const all = log(1, 1_000)
    for (const [index, expected] of [
      [0, [1, 120]],
      [500, [441, 560]],
      [999, [881, 1_000]],
    ] as const) {
      span.around(all, index)
      expect(shown(span, all)).toEqual(expected)
    }
    span.around(all, 0)
    span.toEnd()
    expect(shown(span, all)).toEqual([881, 1_000])
  })
})
