/** A rule as one reads it: when, if, then. */
import type { Rule, Texts } from '@/api/automation'
import { i18n } from '@/i18n'

/** Names of what a rule only has ids of; what is gone has none. */
export interface Names {
  queue: (id: string) => string
  agent: (id: string) => string
  app: (id: string) => string
}

export function whenText({ when, minutes = 0 }: Rule): string {
  return i18n.global.t(`rules.when.${when}`, { minutes }, minutes)
}

/** One sentence a condition; none: always. */
export function ifTexts({ if: wanted = {} }: Rule, names: Names): string[] {
  const { t } = i18n.global
  const { words, queues, hours, languages, apps, pages, tags } = wanted
  const rows: [string, readonly string[]][] = [
    ['words', words ?? []],
    ['queues', (queues ?? []).map((id) => names.queue(id) || t('rules.gone'))],
    ['languages', languages ?? []],
    ['apps', (apps ?? []).map((id) => names.app(id) || t('rules.gone'))],
    ['pages', pages ?? []],
    ['tags', tags ?? []],
  ]
  const said = rows.flatMap(([kind, values]) =>
    values.length ? [t(`rules.is.${kind}`, { values: either(values) })] : [],
  )
  return hours ? [...said, t(`rules.is.${hours}`)] : said
}

/** One sentence an action. */
export function thenTexts({ then }: Rule, names: Names): string[] {
  const { t } = i18n.global
  const told = (then.notify ?? []).map((one) => t(`rules.told.${one}`))
  return [
    then.queue_id && t('rules.does.queue', { value: names.queue(then.queue_id) || t('rules.gone') }),
    then.agent_id && t('rules.does.agent', { value: names.agent(then.agent_id) || t('rules.gone') }),
    then.close && t('rules.does.close'),
    then.reply && textIn(then.reply) && t('rules.does.reply', { value: textIn(then.reply) }),
    then.tags?.length && t('rules.does.tags', { values: then.tags.join(t('common.listSeparator')) }),
    told.length && t('rules.does.notify', { values: both(told) }),
  ].filter((one): one is string => typeof one === 'string' && one !== '')
}

/** In the language shown, else in the one there is. */
function textIn(texts: Texts): string {
  return texts[i18n.global.locale.value] ?? Object.values(texts)[0] ?? ''
}

function either(values: readonly string[]): string {
  return values.join(` ${i18n.global.t('rules.or')} `)
}

function both([a = '', b]: readonly string[]): string {
  return b === undefined ? a : i18n.global.t('rules.both', { a, b })
}
