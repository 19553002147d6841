/** How customers are asked what they think, as a form has it. Pure. */
import type { RatingReason, RatingSettings } from '@/api/desk'

export const MOST_REASONS = 20
const WINDOW_S = 72 * 3_600
const HOUR_S = 3_600

export interface ReasonRow {
  id: string
  zh: string
  en: string
  least: number
  most: number
  /** Texts of other languages, which this form does not show. */
  others: Record<string, string>
}

export interface RatingForm {
  on: boolean
  resolved: boolean
  abandoned: boolean
  hours: number
  reasons: ReasonRow[]
}

export function formOf({
  on = true,
  outcomes = ['resolved'],
  window_s = WINDOW_S,
  reasons = [],
}: RatingSettings): RatingForm {
  return {
    on,
    resolved: outcomes.includes('resolved'),
    abandoned: outcomes.includes('abandoned'),
    hours: window_s / HOUR_S,
    reasons: reasons.map(({ id, texts, least = 1, most = 5 }) => {
      const { 'zh-CN': zh = '', en = '', ...others } = texts
      return { id, zh, en, least, most, others }
    }),
  }
}

export function settingsOf(form: RatingForm, former: RatingSettings): RatingSettings {
  const known = ['resolved', 'abandoned']
  return {
    on: form.on,
    outcomes: [
      ...(form.resolved ? ['resolved'] : []),
      ...(form.abandoned ? ['abandoned'] : []),
      ...(former.outcomes ?? []).filter((one) => !known.includes(one)),
    ],
    window_s: Math.round(form.hours * HOUR_S),
    reasons: form.reasons.map(reasonOf),
  }
}

function reasonOf({ id, zh, en, least, most, others }: ReasonRow): RatingReason {
  const texts = { ...(zh.trim() && { 'zh-CN': zh.trim() }), ...(en.trim() && { en: en.trim() }), ...others }
  return { id, texts, least, most }
}

/** An id that no other reason has, nor one that was here before: ratings of then still name it. */
export function another(reasons: readonly ReasonRow[], now: number): ReasonRow {
  const id = `r_${now.toString(36)}_${reasons.length}`
  return { id, zh: '', en: '', least: 1, most: 5, others: {} }
}

/** Name of a sentence of `side.ratings.problem`; empty: nothing is wrong. */
export function problemOf({ on, resolved, abandoned, reasons }: RatingForm): string {
  if (on && !resolved && !abandoned) return 'outcomes'
  if (reasons.some(({ zh, en, others }) => !zh.trim() && !en.trim() && Object.keys(others).length === 0)) return 'text'
  return reasons.some(({ least, most }) => least > most) ? 'stars' : ''
}
