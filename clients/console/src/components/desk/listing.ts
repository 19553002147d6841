/** Which cases a list shows and in which order, and how it keeps still under a pointer. Pure. */
import type { Case, ConversationView, MessageSent } from '@/im'

export type Tab = 'mine' | 'waiting' | 'all'
export type Sort = 'wait' | 'recent'
export type Place = 'waiting' | 'bot' | 'open'

export interface DeskRow {
  case: Case
  view: ConversationView | undefined
  /** Since when a customer's words are without an answer, UTC milliseconds; 0: nothing is. */
  since: number
  /** How many of their messages that are; 0 or nothing: not known. */
  count?: number
  /** The last that somebody said; what the desk itself noted since is none. */
  words?: MessageSent
  /** It has left this list while a pointer rested on it, and keeps its place until the pointer goes. */
  gone?: boolean
}

/** Empty lists and 0 let everything through. */
export interface Filter {
  queues: string[]
  apps: string[]
  places: Place[]
  tags: string[]
  /** Unanswered for at least so many seconds. */
  over: number
}

export interface SavedFilter {
  name: string
  tab: Tab
  filter: Filter
}

/** Cases of no queue, in a filter. */
export const NO_QUEUE = '-'

export function noFilter(): Filter {
  return { queues: [], apps: [], places: [], tags: [], over: 0 }
}

export function isFiltered(filter: Filter): boolean {
  const { queues, apps, places, tags, over } = filter
  return queues.length + apps.length + places.length + tags.length > 0 || over > 0
}

export function placeOf(one: Case): Place {
  if (one.status === 'open') return 'open'
  return one.bot_id ? 'bot' : 'waiting'
}

export function appOf(one: Case): string {
  const app = one.context?.['app_id']
  return typeof app === 'string' ? app : ''
}

export function tagsOf(one: Case): string[] {
  return one.tags ?? []
}

export function isIn(tab: Tab, one: Case, me: string): boolean {
  if (one.status === 'resolved') return false
  if (tab === 'all') return true
  return tab === 'waiting' ? one.status === 'waiting' : one.status === 'open' && one.agent_id === me
}

export function matches(row: DeskRow, filter: Filter, now: number): boolean {
  const one = row.case
  return (
    has(filter.queues, one.queue_id || NO_QUEUE) &&
    has(filter.apps, appOf(one)) &&
    has(filter.places, placeOf(one)) &&
    (filter.tags.length === 0 || tagsOf(one).some((tag) => filter.tags.includes(tag))) &&
    (filter.over === 0 || (row.since > 0 && now - row.since >= filter.over * 1000))
  )
}

function has<T>(wanted: T[], value: T): boolean {
  return wanted.length === 0 || wanted.includes(value)
}

export function lastAt(row: DeskRow): number {
  return row.view?.conversation.last_at ?? row.case.taken_at ?? row.case.opened_at ?? 0
}

/** Who waits longest first, then what is answered, the latest first; or simply the latest first. */
export function compare(sort: Sort): (a: DeskRow, b: DeskRow) => number {
  const recent = (a: DeskRow, b: DeskRow) => lastAt(b) - lastAt(a) || (a.case.id < b.case.id ? -1 : 1)
  if (sort === 'recent') return recent
  return (a, b) => {
    if (a.since && b.since) return a.since - b.since || (a.case.id < b.case.id ? -1 : 1)
    return a.since || b.since ? b.since - a.since : recent(a, b)
  }
}

/**
 * What is shown of `wanted` while `shown` must not move: every row stays where it stands, also one that has left; those
 * that are new wait outside.
 */
export function held(shown: readonly DeskRow[], wanted: readonly DeskRow[], open: readonly DeskRow[]) {
  const fresh = new Map(wanted.map((row) => [row.case.id, row]))
  const known = new Map(open.map((row) => [row.case.id, row]))
  const rows = shown.map((row) => {
    const now = fresh.get(row.case.id)
    fresh.delete(row.case.id)
    if (now) return now
    // As it is elsewhere, or as it last was.
    const elsewhere = known.get(row.case.id) ?? row
    return row.gone && row.case === elsewhere.case ? row : { ...elsewhere, gone: true }
  })
  return { rows, news: fresh.size }
}
