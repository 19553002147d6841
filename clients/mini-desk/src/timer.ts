import type { Queue } from '@chaguan/sdk'
import { fill } from '@chaguan/mini-kit/texts'
import type { Words } from './words'

/** How long a customer's words have been without an answer: digits, a word beside the colour, and a sentence. */
export interface Timer {
  digits: string
  word: string
  warmth: 'calm' | 'warn' | 'late'
  /** For who hears the screen: changes once a minute. */
  said: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** Of who promised nothing. */
const USUAL = { warn_ms: 2 * MINUTE_MS, late_ms: 5 * MINUTE_MS }

const two = (n: number) => (n < 10 ? `0${n}` : String(n))

/** `0:07`, `12:40`; hours are not counted in seconds by anybody. */
export function digitsOf(past_ms: number, words: Words): string {
  const seconds = Math.max(0, Math.floor(past_ms / 1000))
  if (past_ms >= HOUR_MS) return spanText(past_ms, words)
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
}

export function spanText(past_ms: number, words: Words): string {
  const minutes = Math.floor(past_ms / MINUTE_MS)
  if (minutes < 1) return words.lessThanMinute
  if (minutes < 60) return fill(words.minutes, { n: minutes })
  const [h, m] = [Math.floor(minutes / 60), minutes % 60]
  return m ? fill(words.hoursMinutes, { h, m }) : fill(words.hours, { n: h })
}

/** When a wait becomes warm: as the queue has promised, else as is usual. */
export function limitsOf(queue: Queue | undefined, isWaiting: boolean): typeof USUAL {
  const target_s = isWaiting ? (queue?.target_wait_s ?? 0) : 0
  if (target_s <= 0) return USUAL
  const percent = queue?.targets?.warn_percent || 80
  return { warn_ms: target_s * 10 * percent, late_ms: target_s * 1000 }
}

export function timerOf(past_ms: number, isWaiting: boolean, queue: Queue | undefined, words: Words): Timer {
  const { warn_ms, late_ms } = limitsOf(queue, isWaiting)
  const warmth = past_ms >= late_ms ? 'late' : past_ms >= warn_ms ? 'warn' : 'calm'
  return {
    digits: digitsOf(past_ms, words),
    word: warmth === 'calm' ? '' : words[warmth],
    warmth,
    said: fill(isWaiting ? words.waited : words.unanswered, { time: spanText(past_ms, words) }),
  }
}
