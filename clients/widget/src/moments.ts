/** When something was said, in words. */
import type { Language } from './texts'

const DAY_MS = 86_400_000

const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()

/** `14:05`, `昨天 14:05`, `星期三 14:05`, `3月5日 14:05`: days by the calendar, words as the language has them. */
export function momentText(at_ms: number, now_ms: number, language: Language): string {
  const at = new Date(at_ms)
  const now = new Date(now_ms)
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  const days = Math.round((midnight(now) - midnight(at)) / DAY_MS)
  if (days <= 0) return clock
  if (days === 1) {
    const day = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-1, 'day')
    return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${clock}`
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  const form: Intl.DateTimeFormatOptions = days < 7 ? { weekday: 'long' } : { year, month: 'short', day: 'numeric' }
  return `${new Intl.DateTimeFormat(language, form).format(at)} ${clock}`
}
