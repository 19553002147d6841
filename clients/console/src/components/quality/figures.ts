/** How long times and the marks of an axis are written. Pure but for the language. */
import { i18n } from '@/i18n'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** As a clock that counts: `0:42`, `12:07`, `3:05:09`; whole days in words. */
export function counting(ms: number): string {
  const past = Math.max(0, ms)
  if (past >= 2 * DAY) return days(past)
  const two = (value: number) => String(value).padStart(2, '0')
  const [h, m, s] = [Math.floor(past / HOUR), Math.floor((past % HOUR) / MINUTE), Math.floor((past % MINUTE) / 1000)]
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** In words, as exact as its size deserves; nothing to say is a dash. */
export function lasting(ms: number): string {
  const { t } = i18n.global
  if (ms < 0) return t('quality.nothing')
  if (ms < MINUTE) return t('time.s', { s: ms > 0 && ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000) })
  if (ms < HOUR) return t('time.ms', { m: Math.floor(ms / MINUTE), s: Math.floor((ms % MINUTE) / 1000) })
  return ms < 2 * DAY ? t('time.hm', { h: Math.floor(ms / HOUR), m: Math.floor((ms % HOUR) / MINUTE) }) : days(ms)
}

function days(ms: number): string {
  return i18n.global.t('quality.daysHours', { d: Math.floor(ms / DAY), h: Math.floor((ms % DAY) / HOUR) })
}

const COUNT_STEPS = [1, 2, 5, 10, 20, 25, 50]
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400]

/** The marks of an axis from 0 to above the largest value: four or fewer, at round figures. */
export function marks(largest: number, isTime: boolean): number[] {
  const unit = isTime ? 1000 : 1
  const wanted = Math.max(largest / unit, isTime ? 1 : 1) / 4
  let step = (isTime ? TIME_STEPS : COUNT_STEPS).find((each) => each >= wanted)
  if (step === undefined) {
    const size = isTime ? 86_400 : 10 ** Math.floor(Math.log10(wanted))
    step = Math.ceil(wanted / size) * size
  }
  const found = [0]
  while ((found.at(-1) ?? 0) < largest) found.push((found.at(-1) ?? 0) + step * unit)
  return found.length > 1 ? found : [0, step * unit]
}

/** The days of a range that ends today, by the calendar of `zone`, without one by this place's: `2027-02-06`. */
export function lastDays(count: number, now: number, zone?: string): [string, string] {
  const last = dayOf(now, zone)
  // Counted from noon in UTC, where each day has as many hours as the next.
  return [dayOf(Date.parse(`${last}T12:00:00Z`) - (count - 1) * DAY, 'UTC'), last]
}

function dayOf(at: number, timeZone?: string): string {
  // Of Swedish because it writes days as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', timeZone ? { timeZone } : {}).format(at)
}
