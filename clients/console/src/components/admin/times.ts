/** Hours of a day as a form has them: texts for the inputs, minutes for the server. Pure. */
import type { Interval } from '@/api/desk'

const DAY = 1_440

/** `09:30`; the end of the day is `00:00`, which is what a time input can show. */
export function timeText(minutes: number): string {
  const of = minutes % DAY
  return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`
}

export function fromText(text: string): number {
  const [h = 0, m = 0] = text.split(':').map(Number)
  return h * 60 + m
}

/** Midnight as an end is that of this day, not of the one before. */
export function untilText(text: string): number {
  return fromText(text) || DAY
}

/** Intervals are in order and do not overlap, else the server refuses them. */
export function isInOrder(day: readonly Interval[]): boolean {
  let last = 0
  for (const [from, until] of day) {
    if (from < last || until <= from) return false
    last = until
  }
  return true
}

/** What one more interval begins with: an hour after the last, or the usual morning. */
export function another(day: readonly Interval[]): Interval {
  const last = day.at(-1)?.[1] ?? 8 * 60
  const from = Math.min(last + 60, DAY - 60)
  return [Math.max(from, Math.min(last, DAY - 1)), Math.min(from + (day.length ? 4 : 9) * 60, DAY)]
}
