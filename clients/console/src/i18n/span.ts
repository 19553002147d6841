/** A length of time told roughly, as one says it: seconds, whole minutes, hours and minutes. */
import { duration } from './format'
import { i18n } from './index'

export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return i18n.global.t('time.s', { s: seconds })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return i18n.global.t('span.minutes', { count: minutes }, minutes)
  return minutes % 60 ? duration(ms) : i18n.global.t('span.hours', { count: minutes / 60 }, minutes / 60)
}
