/** How times, durations and sizes are written in the language shown. Pure but for the language. */
import { i18n } from './index'

const DAY = 86_400_000

function tag(): string {
  return i18n.global.locale.value
}

const formats = new Map<string, Intl.DateTimeFormat>()

function date(ms: number, options: Intl.DateTimeFormatOptions): string {
  const key = tag() + JSON.stringify(options)
  let format = formats.get(key)
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(tag(), options)))
  return format.format(ms)
}

export function startOfDay(ms: number): number {
  const day = new Date(ms)
  return day.setHours(0, 0, 0, 0)
}

export function clock(ms: number): string {
  return date(ms, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

export function dateTime(ms: number): string {
  return date(ms, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
}

/** The day above a run of messages: today, yesterday, a weekday within the week, else the date. */
export function dayName(ms: number, now: number): string {
  const days = Math.round((startOfDay(now) - startOfDay(ms)) / DAY)
  if (days === 0) return i18n.global.t('chat.today')
  if (days === 1) return i18n.global.t('chat.yesterday')
  if (days > 1 && days < 7) return date(ms, { weekday: 'long' })
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear()
  return date(ms, { ...(sameYear ? {} : { year: 'numeric' }), month: 'long', day: 'numeric' })
}

/** The short time in a list row: the clock today, else the day. */
export function shortTime(ms: number, now: number): string {
  if (!ms) return ''
  const days = Math.round((startOfDay(now) - startOfDay(ms)) / DAY)
  if (days <= 0) return clock(ms)
  if (days === 1) return i18n.global.t('chat.yesterday')
  if (days < 7) return date(ms, { weekday: 'short' })
  return date(ms, { month: 'numeric', day: 'numeric' })
}

export function ago(ms: number, now: number): string {
  const { t } = i18n.global
  const past = Math.max(0, now - ms)
  if (past < 60_000) return t('time.now')
  if (past < 3_600_000) return t('time.minutes', { count: Math.floor(past / 60_000) })
  if (past < DAY) return t('time.hours', { count: Math.floor(past / 3_600_000) })
  if (past < 30 * DAY) return t('time.days', { count: Math.floor(past / DAY) })
  return date(ms, { year: 'numeric', month: 'short', day: 'numeric' })
}

export function duration(ms: number): string {
  const { t } = i18n.global
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return t('time.s', { s: seconds })
  if (seconds < 3600) return t('time.ms', { m: Math.floor(seconds / 60), s: seconds % 60 })
  return t('time.hm', { h: Math.floor(seconds / 3600), m: Math.floor((seconds % 3600) / 60) })
}

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KB', 'MB', 'GB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
