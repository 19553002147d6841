import { checksEn, phrasesEn, type Words } from './en'
import { checksZh, phrasesZh } from './zh-CN'

export type CheckId = keyof typeof checksEn
export type Phrases = Record<keyof typeof phrasesEn, string>
export type Language = 'zh-CN' | 'en'

const CHECKS: Record<Language, Record<CheckId, Words>> = { 'zh-CN': checksZh, en: checksEn }
const PHRASES: Record<Language, Phrases> = { 'zh-CN': phrasesZh, en: phrasesEn }

/** The environment's language: Chinese of any kind, else English. */
export function languageOf(env: Record<string, string | undefined>): Language {
  const said = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return /^zh/i.test(said) ? 'zh-CN' : 'en'
}

/** Texts have braces of their own (JSON to be copied); a name that was not given stays as it stands. */
const fill = (text: string, data: Record<string, string>) =>
  text.replace(/\{(\w+)\}/g, (blank, name: string) => data[name] ?? blank)

export function wordsFor(language: Language, check: CheckId, data: Record<string, string> = {}): Words {
  const { what, why, fix } = CHECKS[language][check]
  return { what: fill(what, data), why: fill(why, data), fix: fill(fix, data) }
}

export function phrase(language: Language, name: keyof Phrases, data: Record<string, string> = {}): string {
  return fill(PHRASES[language][name], data)
}
