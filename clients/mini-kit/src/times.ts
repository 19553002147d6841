import type { Texts } from './texts'

const DAY_MS = 86_400_000
const two = (value: number) => (value < 10 ? `0${value}` : String(value))
const clock = (at: Date) => `${two(at.getHours())}:${two(at.getMinutes())}`
const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()

/** Days between two moments by the calendar, not by 24 hours. */
function daysAgo(at: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(at)) / DAY_MS)
}

/** Above messages: `14:05`, `昨天 14:05`, `星期三 14:05`, `3月5日 14:05`, `2025年3月5日 14:05`. */
export function momentText(at_ms: number, now_ms: number, texts: Texts): string {
  const at = new Date(at_ms)
  const day = dayText(at, new Date(now_ms), texts)
  return day ? `${day} ${clock(at)}` : clock(at)
}

/** In lists: the clock today, else the day. */
export function shortText(at_ms: number, now_ms: number, texts: Texts): string {
  const at = new Date(at_ms)
  return dayText(at, new Date(now_ms), texts) || clock(at)
}

function dayText(at: Date, now: Date, texts: Texts): string {
  const days = daysAgo(at, now)
  if (days <= 0) return texts.today
  if (days === 1) return texts.yesterday
  if (days < 7) return texts.weekdays.split(',')[at.getDay()] ?? ''
  return dateText(at, at.getFullYear() === now.getFullYear(), texts)
}

function dateText(at: Date, thisYear: boolean, texts: Texts): string {
  const month = texts.months.split(',')[at.getMonth()]
  if (!month) return `${thisYear ? '' : `${at.getFullYear()}年`}${at.getMonth() + 1}月${at.getDate()}日`
  return `${at.getDate()} ${month}${thisYear ? '' : ` ${at.getFullYear()}`}`
}

/** `0:07`, `1:05`. */
export function lengthText(duration_ms: number): string {
  const seconds = Math.max(1, Math.round(duration_ms / 1000))
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
}
