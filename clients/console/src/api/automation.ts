/** What a desk does by itself: its list of questions, its bot, its rules, the end of silent cases. */
import { requestFile } from './http'
import type { Authorized } from './me'

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
export type Texts = Partial<Record<Language, string>>

export interface FaqText {
  question: string
  answer: string
  similar?: string[]
}

export interface FaqSpec {
  texts: Partial<Record<Language, FaqText>>
  /** Pictures and cards, as content. */
  contents?: unknown[]
  position?: number
  enabled?: boolean
}

export interface FaqEntry extends FaqSpec {
  id: string
}

export interface FaqPage {
  entries: FaqEntry[]
  total: number
  next_offset: number
}

export interface FaqFault {
  line: number
  reason: string
  column?: string
}

export interface FaqImported {
  stored: boolean
  added?: number
  changed?: number
  removed?: number
  bad_rows?: number
  faults?: FaqFault[]
}

export interface FaqRanked {
  entry_id: string
  language: Language
  question: string
  score?: number
  signs?: Record<string, number>
}

export interface FaqTrial {
  decision: 'answer' | 'offer' | 'unknown'
  ranked: FaqRanked[]
  entries?: number
}

export interface Greeting {
  texts: Texts
  closed_texts?: Texts
  apps?: string[]
  pages?: string[]
}

export interface Keyword {
  words: string[]
  texts: Texts
  exact?: boolean
  priority?: number
  hand_over?: boolean
  enabled?: boolean
  contents?: unknown[]
}

export interface BotSettings {
  enabled?: boolean
  faq?: boolean
  suggest?: boolean
  greetings?: Greeting[]
  keywords?: Keyword[]
  misses?: number
  human_words?: string[]
  handing_over?: Texts
  not_understood?: Texts
  end_after_s?: number
}

export interface ClosingRule {
  warn_after_s: number
  close_after_s: number
}

export interface ClosingSettings {
  default?: ClosingRule | null
  queues?: Record<string, ClosingRule>
  warning?: Texts
  farewell?: Texts
}

const path = encodeURIComponent

export function automationApi(call: Authorized, shop: string) {
  const at = `/v1/admin/shops/${path(shop)}`
  return {
    page: (words: string, offset: number) => call<FaqPage>('GET', `${at}/faq?words=${path(words)}&offset=${offset}`),
    save: (id: string, entry: FaqSpec) =>
      id ? call<FaqEntry>('PUT', `${at}/faq/${path(id)}`, entry) : call<FaqEntry>('POST', `${at}/faq`, entry),
    remove: (id: string) => call<void>('DELETE', `${at}/faq/${path(id)}`),
    tryOut: (text: string) => call<FaqTrial>('POST', `${at}/faq/try`, { text }),
    take: (file: Blob, replace: boolean, goodOnly: boolean) =>
      call<FaqImported>('POST', `${at}/faq/import?replace=${replace}&good_only=${goodOnly}`, file),
    give: async (token: () => Promise<string>) =>
      requestFile({ method: 'GET', path: `${at}/faq/export?format=csv`, token: await token() }),
    bot: () => call<BotSettings>('GET', `${at}/bot`),
    saveBot: (bot: BotSettings) => call<BotSettings>('PUT', `${at}/bot`, bot),
    closing: () => call<ClosingSettings>('GET', `${at}/closing`),
    saveClosing: (closing: ClosingSettings) => call<ClosingSettings>('PUT', `${at}/closing`, closing),
  }
}

export type AutomationApi = ReturnType<typeof automationApi>
