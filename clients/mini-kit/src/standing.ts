import type { RatingInvitation, Service, Waiting } from '@chaguan/sdk'
import type { Standing } from '@chaguan/sdk/service'
import { ordinal, serviceTexts, type ServiceTexts } from './service-texts'
import { fill, type Language } from './texts'

/** What stands above the messages. Of the actions those that make sense now. */
export interface Strip {
  state: 'idle' | 'bot' | 'waiting' | 'agent' | 'ended'
  /** Under the name. */
  line: string
  /** For who hears the screen: changes with the place and with the state, not with every minute. */
  spoken: string
  canLeave: boolean
  canReopen: boolean
  /** A message can be left instead of waiting. */
  canMessage: boolean
  /** `asks`: nobody has answered yet; `changes`: what was said may be changed. */
  rating: '' | 'asks' | 'changes'
}

/** More than this over what was told before is "longer than we thought". */
const LONGER_MS = 60_000

/** What a customer was told of their wait: an expectation that grows needs other words than one that shrinks. */
export class Hope {
  longer = false
  private caseId = ''
  private end = 0

  hear({ case_id = '', expected_ms = -1, at = 0 }: Waiting): void {
    if (case_id !== this.caseId) Object.assign(this, { caseId: case_id, end: 0, longer: false })
    if (expected_ms < 0) return
    const end = at + expected_ms
    if (this.end && end > this.end + LONGER_MS) this.longer = true
    else if (end < this.end) this.longer = false
    // What is said of now is what the next one is measured by.
    if (!this.end || end < this.end || this.longer) this.end = end
  }
}

/** Says the same thing at most once, and places in the line not more often than a person wants to hear. */
export class Quiet {
  private said = ''
  private place = false
  private at = -Infinity

  constructor(private readonly apart_ms = 20_000) {}

  /** What a live region should hold. `isPlace`: it is about the place, and can wait. */
  next(text: string, isPlace: boolean, now: number): string {
    if (text === this.said || (isPlace && this.place && now - this.at < this.apart_ms)) return this.said
    Object.assign(this, { said: text, place: isPlace, at: now })
    return text
  }

  /** How long until `text` may be said; 0: it is, or may be now. */
  waits(text: string, isPlace: boolean, now: number): number {
    if (text === this.said || !isPlace || !this.place) return 0
    return Math.max(0, this.at + this.apart_ms - now)
  }
}

export interface Seen {
  language: Language
  now: number
  hope: Hope
  /** Somebody writes at the other end. */
  typing: boolean
}

export function stripOf({ service, kept }: Standing, seen: Seen): Strip {
  const words = serviceTexts(seen.language)
  const blank: Strip = {
    state: 'idle',
    line: '',
    spoken: '',
    canLeave: false,
    canReopen: false,
    canMessage: false,
    rating: '',
  }
  if (!service) return blank
  const held = service.case
  const said = (line: string, more: Partial<Strip> = {}): Strip => ({ ...blank, line, spoken: line, ...more })
  const closed = closedLine(service, seen, words)
  if (!held) return said(closed || words.idle, { canMessage: !!closed })
  if (held.status === 'resolved') return endedStrip(service, !!kept, seen, words, said)
  if (held.status === 'open') {
    const name = service.agent?.name || words.someone
    const line = fill(words.agent, { name })
    return said(seen.typing ? fill(words.typing, { name }) : line, { state: 'agent', spoken: line })
  }
  if (held.bot_id) return said(words.bot, { state: 'bot' })
  const waits = { state: 'waiting', canLeave: true, canMessage: true } as const
  const away = closed || (service.nobody_there ? words.nobody : '')
  return away
    ? said(away, waits)
    : said(waitingLine(service.waiting, seen, words), { ...waits, ...spokenOf(service, words) })
}

function spokenOf({ waiting }: Service, words: ServiceTexts): { spoken: string } {
  const { position = 0 } = waiting
  if (!position) return { spoken: words.finding }
  return { spoken: position === 1 ? words.spokenNext : fill(words.spokenPlace, { n: position - 1 }) }
}

function waitingLine(waiting: Waiting, { language, hope }: Seen, words: ServiceTexts): string {
  const { position = 0, expected_ms = -1 } = waiting
  if (!position) return words.finding
  const place = position === 1 ? words.next : fill(words.place, { n: ordinal(position, language) })
  const time = timeText(expected_ms, words)
  if (!time) return place
  return fill(hope.longer ? words.longer : words.placeAndTime, { place, time })
}

/** In words that stay true for a while: nobody counts the seconds of an expectation. */
export function timeText(expected_ms: number, words: ServiceTexts): string {
  if (expected_ms < 0) return ''
  if (expected_ms === 0) return words.now
  if (expected_ms < 45_000) return words.soon
  const minutes = Math.max(1, Math.round(expected_ms / 60_000))
  return minutes > 60 ? words.hours : fill(words.minutes, { n: minutes })
}

function closedLine(service: Service, { language, now }: Seen, words: ServiceTexts): string {
  const { opens_at = 0 } = service.waiting
  const own = inLanguage(service.out_of_hours ?? {}, language)
  if (opens_at <= now && !own) return ''
  const until = opens_at > now ? fill(words.closedUntil, { time: openingText(opens_at, now, words) }) : words.closed
  return own || until
}

function endedStrip(
  service: Service,
  kept: boolean,
  { now }: Seen,
  words: ServiceTexts,
  said: (line: string, more: Partial<Strip>) => Strip,
): Strip {
  const { invitation, rating, can_reopen = false } = service
  const open = invitation && invitation.until > now ? invitation : null
  const answered = kept || !!rating
  const more: Partial<Strip> = { state: 'ended', canReopen: can_reopen, rating: '' }
  if (open) more.rating = answered ? 'changes' : 'asks'
  if (kept) return said(words.keptShort, more)
  if (rating) return said(words.thanks, more)
  const { callback, case: held } = service
  if (callback && held?.outcome === 'callback') {
    const time = openingText(callback.due_at, now, words)
    return said(callback.due_at > now ? fill(words.messageUntil, { time }) : words.messageLeft, more)
  }
  if (held?.outcome === 'abandoned') return said(words.left, more)
  return said(open ? words.asks : words.ended, more)
}

/** When a desk opens, by the reader's own clock and calendar. */
export function openingText(at_ms: number, now_ms: number, words: ServiceTexts): string {
  const at = new Date(at_ms)
  const two = (n: number) => (n < 10 ? `0${n}` : String(n))
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`
  const days = Math.round((midnight(at) - midnight(new Date(now_ms))) / 86_400_000)
  if (days <= 0) return fill(words.today, { clock })
  if (days === 1) return fill(words.tomorrow, { clock })
  if (days < 7) return fill(words.onWeekday, { day: words.weekdays.split(',')[at.getDay()] ?? '', clock })
  const month = words.months.split(',')[at.getMonth()] || at.getMonth() + 1
  return fill(words.onDate, { month, date: at.getDate(), clock })
}

const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()

/** A shop's words in the reader's language, else in the one that there is. */
export function inLanguage(texts: Record<string, string>, language: string): string {
  const keys = Object.keys(texts)
  const key =
    keys.find((each) => each === language) ??
    keys.find((each) => each.split('-')[0] === language.split('-')[0]) ??
    keys.find((each) => each === 'en') ??
    keys[0]
  return (key && texts[key]) || ''
}

export interface Chip {
  id: string
  text: string
  on: boolean
}

/** What can be tapped beside so many stars; what was tapped and does not fit them any more falls away. */
export function chipsOf(
  invitation: RatingInvitation | null | undefined,
  stars: number,
  tapped: readonly string[],
  language: Language,
): Chip[] {
  if (!stars) return []
  return (invitation?.reasons ?? [])
    .filter(({ least = 1, most = 5 }) => least <= stars && stars <= most)
    .map(({ id, texts }) => ({ id, text: inLanguage(texts, language), on: tapped.indexOf(id) >= 0 }))
}
