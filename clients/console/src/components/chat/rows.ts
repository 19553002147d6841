/** A log as the rows of the message list: days, the unread line, runs of one sender, notices. Pure. */
import type { Entry, Log, Message, Note } from '@/im'
import { startOfDay } from '@/i18n/format'

export type Row =
  | { type: 'day'; key: string; at: number }
  | { type: 'unread'; key: string }
  | { type: 'start'; key: string }
  | { type: 'notice'; key: string; entry: Entry }
  | { type: 'note'; key: string; note: Note }
  | { type: 'message'; key: string; message: Message; first: boolean; last: boolean }

/** Messages of one sender closer together than this share one head. */
const RUN_MS = 5 * 60_000

export interface RowOptions {
  /** The unread line stands above the first message of others after this seq; 0: no line. */
  unreadAfter: number
  me: string
  /** Whether an entry has something to tell here. */
  told: (entry: Entry) => boolean
  /** What staff wrote to one another, in order. */
  notes?: readonly Note[]
}

export function rowsOf(log: Log, options: RowOptions): Row[] {
  const rows: Row[] = []
  let day = 0
  let lineDrawn = options.unreadAfter === 0
  if (!log.hasOlder) rows.push({ type: 'start', key: 'start' })
  for (const item of inOrder(log, options)) {
    const at = startOfDay((item.note ?? item.entry).created_at)
    if (at !== day) {
      day = at
      rows.push({ type: 'day', key: `day-${at}`, at })
    }
    if (!lineDrawn && isNews(item.message, options)) {
      lineDrawn = true
      rows.push({ type: 'unread', key: 'unread' })
    }
    rows.push(rowOf(item))
  }
  closeRuns(rows)
  return rows
}

type Item = { entry: Entry; message: Message | null; note: null } | { entry: null; message: null; note: Note }

function rowOf({ entry, message, note }: Item): Row {
  if (note) return { type: 'note', key: `o-${note.seq}`, note }
  if (!message) return { type: 'notice', key: `n-${entry.seq}`, entry }
  // The key survives the way from pending to sent, so the row is neither measured nor drawn anew.
  return { type: 'message', key: message.client_msg_id || `m-${message.seq}`, message, first: true, last: true }
}

function inOrder(log: Log, { told, notes = [] }: RowOptions): Item[] {
  const items: Item[] = log.messages.map((message) => ({ entry: message, message, note: null }))
  const notices = log.notices.filter(told)
  const shown = notes.filter((note) => isOnPage(log, note))
  if (notices.length + shown.length === 0) return items
  for (const entry of notices) items.push({ entry, message: null, note: null })
  for (const note of shown) items.push({ entry: null, message: null, note })
  return items.sort((a, b) => rank(a) - rank(b))
}

/** A note stands where the messages around it stand; beyond the ends of what is held it comes with them. */
function isOnPage(log: Log, { seq }: Note): boolean {
  const sent = log.messages.filter((message) => message.status === 'sent')
  const isBelow = log.hasOlder && seq < (sent[0]?.seq ?? 0)
  return !isBelow && !(log.hasNewer && seq > (sent.at(-1)?.seq ?? 0))
}

/** Pending messages have no seq yet and stand last, in the order in which they were written (sort is stable). */
function rank(item: Item): number {
  if (item.message && item.message.status !== 'sent') return Number.MAX_SAFE_INTEGER
  return (item.note ?? item.entry).seq
}

function isNews(message: Message | null, { unreadAfter, me }: RowOptions): boolean {
  return message !== null && message.status === 'sent' && message.seq > unreadAfter && message.sender_id !== me
}

function closeRuns(rows: Row[]): void {
  for (let i = 1; i < rows.length; i += 1) {
    const above = rows[i - 1]!
    const row = rows[i]!
    if (above.type !== 'message' || row.type !== 'message') continue
    if (!sameRun(above.message, row.message)) continue
    above.last = false
    row.first = false
  }
}

function sameRun(above: Message, below: Message): boolean {
  return (
    above.sender_id === below.sender_id &&
    isBubble(above) &&
    isBubble(below) &&
    below.created_at - above.created_at < RUN_MS
  )
}

/** Recalled messages and the deployment's own words are lines, not bubbles. */
export function isBubble(message: Message): boolean {
  return Boolean(message.content) && message.content?.type !== 'system'
}
