/** All that a shop says to customers by itself, in one list: what, in which languages, and where it is written. Pure. */
import type { BotSettings, ClosingSettings, Texts } from '@/api/automation'
import type { DeskSettings } from '@/api/desk'

type Place = 'bot' | 'hours' | 'closing'

/** Without a text of the shop's own the built-in one is said. */
export interface SaidRow {
  /** Name of a sentence of `side.said`. */
  name: string
  /** Which of several: the pages or apps that a greeting is for. */
  of: string
  texts: Texts
  place: Place
}

export function saidRows(
  desk: DeskSettings,
  bot: BotSettings,
  closing: ClosingSettings,
  appName: (id: string) => string,
): SaidRow[] {
  const greetings = (bot.greetings ?? []).flatMap(({ texts, closed_texts = {}, apps = [], pages = [] }) => {
    const of = [...apps.map(appName), ...pages].join(', ')
    const open: SaidRow = { name: 'greeting', of, texts, place: 'bot' }
    return hasAny(closed_texts) ? [open, { ...open, name: 'closedGreeting', texts: closed_texts }] : [open]
  })
  const one = (name: string, texts: Texts | undefined, place: Place): SaidRow => {
    return { name, of: '', texts: texts ?? {}, place }
  }
  return [
    ...(greetings.length ? greetings : [one('greeting', {}, 'bot')]),
    one('handingOver', bot.handing_over, 'bot'),
    one('notUnderstood', bot.not_understood, 'bot'),
    one('outOfHours', desk.out_of_hours, 'hours'),
    one('warning', closing.warning, 'closing'),
    one('farewell', closing.farewell, 'closing'),
  ]
}

/** Said in one language only: who reads the other is told this one. */
export function isHalf({ texts }: SaidRow): boolean {
  return hasAny(texts) && !(texts['zh-CN'] && texts.en)
}

function hasAny(texts: Texts): boolean {
  return Object.values(texts).some(Boolean)
}
