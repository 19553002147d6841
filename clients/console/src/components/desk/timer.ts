/** How an unanswered time is written and how warm it is. Pure. */
export type Warmth = 'calm' | 'warn' | 'late'

export interface Thresholds {
  warnMs: number
  lateMs: number
}

/** Of who promised nothing. */
const USUAL: Thresholds = { warnMs: 120_000, lateMs: 300_000 }

/** A promise of so many seconds is near when so much of it is over; 0: nobody is warned. */
export function thresholdsOf(targetS: number, warnPercent = 80): Thresholds {
  return targetS > 0 ? { warnMs: targetS * 10 * (warnPercent || 100), lateMs: targetS * 1000 } : USUAL
}

export function warmthOf(ms: number, { warnMs, lateMs }: Thresholds): Warmth {
  if (ms >= lateMs) return 'late'
  return ms >= warnMs ? 'warn' : 'calm'
}

/** `0:07`, `12:40`, `3:05:00`: digits alone, so that it is as wide in every second and in every language. */
export function digits(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
