/** What a desk does by itself: its list of questions, its bot, its rules, the end of silent cases. */
import type { User } from '@chaguan/protocol'
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

export type RuleEvent = 'opened' | 'waiting' | 'said' | 'resolved' | 'tagged'
export type Told = 'robots' | 'agents'

/** All of it must fit; what is empty fits everything. */
export interface RuleIf {
  queues?: string[]
  languages?: string[]
  apps?: string[]
  pages?: string[]
  hours?: '' | 'open' | 'closed'
  words?: string[]
  tags?: string[]
}

export interface RuleThen {
  queue_id?: string
  agent_id?: string
  close?: boolean
  reply?: Texts
  tags?: string[]
  notify?: Told[]
}

export interface Rule {
  /** Given by the server; empty for a new one. */
  id?: string
  name: string
  when: RuleEvent
  if?: RuleIf
  then: RuleThen
  minutes?: number
  enabled?: boolean
}

/** How often a rule did something in 30 days, and where last. */
export interface RuleRuns {
  rule_id: string
  runs: number
  at: number
  conversation_id: string
}

/** A rule that went round and was stopped. */
export interface RuleCut {
  rule_id: string
  case_id: string
  at: number
}

export interface Rules {
  rules: Rule[]
  cuts: RuleCut[]
  runs: RuleRuns[]
}

/** `unmet`: the conditions that kept the rule from this case; none: it would have fired. */
export interface RuleTried {
  case_id: string
  conversation_id: string
  customer_id: string
  opened_at: number
  unmet?: string[]
}

export interface RuleTrial {
  cases: RuleTried[]
  users?: User[]
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
    rules: () => call<Rules>('GET', `${at}/rules`),
    saveRules: (rules: Rule[]) => call<Rules>('PUT', `${at}/rules`, { rules }),
    tryRule: (rule: Rule, text: string) => call<RuleTrial>('POST', `${at}/rules/try`, { rule, text }),
  }
}

export type AutomationApi = ReturnType<typeof automationApi>
