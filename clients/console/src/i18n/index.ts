/** The two languages and which of them is shown. Only the chosen words; dates and sizes are in `format.ts`. */
import { createI18n } from 'vue-i18n'
import { en } from './en'
import { type Messages, zhCN } from './zh-CN'

export type Locale = 'zh-CN' | 'en'

export const LOCALES: Record<Locale, string> = { 'zh-CN': '中文', en: 'English' }

const STORED = 'chaguan.locale'

export function preferredLocale(): Locale {
  const stored = localStorage.getItem(STORED)
  if (stored === 'zh-CN' || stored === 'en') return stored
  const first = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? 'zh'
  return first.toLowerCase().startsWith('en') ? 'en' : 'zh-CN'
}

export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: preferredLocale(),
  fallbackLocale: 'en',
  messages: { 'zh-CN': zhCN, en },
})

export function setLocale(locale: Locale): void {
  localStorage.setItem(STORED, locale)
  show(locale)
}

/** Another tab, or the page around this one, chose a language. */
export function followLocale(event: StorageEvent): void {
  if (event.key === STORED) show(preferredLocale())
}

function show(locale: Locale): void {
  i18n.global.locale.value = locale
  applyLocale()
}

/** The page's language decides fonts, hyphenation and how a screen reader speaks. */
export function applyLocale(): void {
  document.documentElement.lang = i18n.global.locale.value
  document.title = i18n.global.t('app.title')
}
