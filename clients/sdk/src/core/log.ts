import type { ConversationSync, Entry, History, MessageSent, Reaction } from '@chaguan/protocol'

/** Entries that change messages; the latest are kept, for pages that were read before them and arrive after. */
export type Change = Extract<
  Entry,
  { type: 'message_edited' | 'message_recalled' | 'reaction_set' | 'messages_erased' }
>

/** What is told in words between the messages: who joined, left or got another role, a new name, a case. */
export type Notice = Extract<
  Entry,
  { type: 'member_joined' | 'member_left' | 'member_changed' | 'conversation_changed' | 'case_changed' }
>

/** What a page holds: everything that is read, in order. */
export type Shown = MessageSent | Notice

/** A page of the log without a hole. `before` and `after`: seqs to ask with, 0 the end, null not asked yet. */
export interface Page {
  readonly shown: readonly Shown[]
  readonly before: number | null
  readonly after: number
}

/** What the client holds of one conversation's log. Never changed in place. */
export interface Log {
  /** Everything up to this seq was applied. */
  readonly upTo: number
  /** The end of the log. */
  readonly live: Page
  /** A page elsewhere, if the reader jumped to an older message. */
  readonly away: Page | null
  /** Entries that arrived before the ones they follow. */
  readonly held: readonly Entry[]
  readonly changes: readonly Change[]
  /** `changes` has every change after this seq. */
  readonly changesFrom: number
}

export interface Applied {
  readonly log: Log
  /** Entries that became part of the log, in order. */
  readonly entries: readonly Entry[]
}

const MAX_CHANGES = 100
const MAX_HELD = 500

export function messagesOf(page: Page | null | undefined): MessageSent[] {
  return (page?.shown || []).filter((entry) => entry.type === 'message_sent')
}

export function newLog(upTo: number, last: MessageSent | null | undefined): Log {
  // What was told after the last message comes with the first page, which then begins at the end of the log.
  const shown = last && last.seq === upTo ? [last] : []
  return { upTo, live: { shown, before: null, after: 0 }, away: null, held: [], changes: [], changesFrom: upTo }
}

/** Takes a pushed entry: applies it if it is the next one, holds it if some are missing, ignores it if it is old. */
export function receive(log: Log, entry: Entry, firstSeq: number): Applied {
  if (entry.seq <= log.upTo || log.held.some((other) => other.seq === entry.seq)) return { log, entries: [] }
  // Above the bound the pull brings them anyway.
  const held = log.held.length < MAX_HELD ? [...log.held, entry].sort((a, b) => a.seq - b.seq) : log.held
  return release({ ...log, held }, firstSeq)
}

function release(log: Log, firstSeq: number): Applied {
  let next: Log = { ...log, held: log.held.filter((entry) => entry.seq > log.upTo) }
  const entries: Entry[] = []
  for (const entry of next.held) {
    // What lies before the first visible entry is not missing.
    if (entry.seq !== Math.max(next.upTo + 1, firstSeq)) break
    next = apply(next, entry)
    entries.push(entry)
  }
  const upTo = next.upTo
  return { log: { ...next, held: next.held.filter((entry) => entry.seq > upTo) }, entries }
}

/**
 * Takes the answer to a pull or resume that was asked with `askedUpTo`. The server's answer is complete for this
 * reader, so a hole in it is not a gap.
 */
export function mergeSync(log: Log, sync: ConversationSync, askedUpTo: number, firstSeq: number): Applied {
  const entries = sync.entries || []
  if (sync.reset) {
    // An answer that was overtaken by newer entries says nothing about them.
    if (log.upTo > askedUpTo && sync.head_seq <= log.upTo) return { log, entries: [] }
    return release(resetTo(log, sync), firstSeq)
  }
  const applied: Entry[] = []
  let next = log
  for (const entry of entries) {
    if (entry.seq <= next.upTo) continue
    next = apply(next, entry)
    applied.push(entry)
  }
  if (!sync.more && sync.head_seq > next.upTo) next = { ...next, upTo: sync.head_seq }
  next = dropBelow(next, sync.floor_seq || 0)
  const released = release(next, firstSeq)
  return { log: released.log, entries: [...applied, ...released.entries] }
}

function resetTo(log: Log, sync: ConversationSync): Log {
  const entries = sync.entries || []
  let fresh: Log = { ...newLog(0, null), held: log.held, away: log.away }
  for (const entry of entries) fresh = apply(fresh, entry)
  return { ...fresh, upTo: Math.max(sync.head_seq, fresh.upTo), changesFrom: sync.head_seq }
}

function apply(log: Log, entry: Entry): Log {
  const upTo = entry.seq
  switch (entry.type) {
    case 'message_sent':
    case 'member_joined':
    case 'member_left':
    case 'member_changed':
    case 'conversation_changed':
    case 'case_changed':
      return { ...log, upTo, live: { ...log.live, shown: unite(log.live.shown, [entry]) } }
    case 'message_edited':
    case 'message_recalled':
    case 'reaction_set':
    case 'messages_erased':
      return { ...remember(log, entry), upTo, ...mapPages(log, (shown) => changeAll(shown, entry)) }
    case 'floor_raised':
      return { ...dropBelow(log, entry.floor_seq), upTo }
    default:
      return { ...log, upTo }
  }
}

function remember(log: Log, change: Change): Log {
  const changes = [...log.changes, change]
  if (changes.length <= MAX_CHANGES) return { ...log, changes }
  return { ...log, changesFrom: changes[0]?.seq ?? log.upTo, changes: changes.slice(1) }
}

function mapPages(log: Log, fn: (shown: readonly Shown[]) => readonly Shown[]): Pick<Log, 'live' | 'away'> {
  const live = { ...log.live, shown: fn(log.live.shown) }
  return { live, away: log.away && { ...log.away, shown: fn(log.away.shown) } }
}

function changeAll(shown: readonly Shown[], change: Change): readonly Shown[] {
  return shown.map((entry) => (entry.type === 'message_sent' ? changeMessage(entry, change) : entry))
}

/** When an entry was last changed by another; notices never are. */
function changedSeq(entry: Shown): number {
  return (entry as MessageSent).changed_seq || 0 // notices have none
}

/** Applies a change to the message that it names, once and never after a later one. */
export function changeMessage(message: MessageSent, change: Change): MessageSent {
  if (change.type === 'messages_erased') {
    if (change.target_seqs.indexOf(message.seq) < 0) return message
  } else if (change.target_seq !== message.seq) {
    return message
  }
  if (change.seq <= (message.changed_seq || 0)) return message
  return { ...message, ...changed(message, change), changed_seq: change.seq }
}

function changed(message: MessageSent, change: Change): Partial<MessageSent> {
  switch (change.type) {
    case 'message_edited':
      return { content: change.content || null, mentions: change.mentions || [], edited_at: change.created_at }
    case 'message_recalled':
      return { content: null, mentions: [], quote: null, reactions: [], edited_at: 0, recalled_by: change.actor_id }
    case 'messages_erased':
      return { content: null }
    case 'reaction_set':
      return { reactions: react(message.reactions || [], change.emoji, change.actor_id, change.on) }
  }
}

function react(reactions: readonly Reaction[], emoji: string, userId: string, on: boolean): Reaction[] {
  const found = reactions.some((reaction) => reaction[0] === emoji)
  if (on && !found) return [...reactions, [emoji, [userId]]]
  const next = reactions.map(([other, ids]): Reaction => {
    if (other !== emoji) return [other, ids]
    const without = ids.filter((id) => id !== userId)
    if (on) return [other, without.length < ids.length ? ids : [...ids, userId]]
    return [other, without]
  })
  return next.filter(([, ids]) => ids.length > 0)
}

/** Both lists as one in order of seq; of an entry that is in both, the later state. */
export function unite(held: readonly Shown[], incoming: readonly Shown[]): readonly Shown[] {
  const last = held[held.length - 1]
  const first = incoming[0]
  if (!first) return held
  if (!last || first.seq > last.seq) return [...held, ...incoming]
  const bySeq = new Map<number, Shown>()
  for (const entry of held) bySeq.set(entry.seq, entry)
  for (const entry of incoming) {
    const known = bySeq.get(entry.seq)
    if (!known || changedSeq(entry) >= changedSeq(known)) bySeq.set(entry.seq, entry)
  }
  return Array.from(bySeq.values()).sort((a, b) => a.seq - b.seq)
}

/** The page as it would read now, or null if changes since it was read are not known any more: ask again. */
export function current(log: Log, history: History): readonly Shown[] | null {
  const readAt = history.head_seq || 0
  if (readAt > 0 && readAt < log.changesFrom) return null
  // The server gives no entries of other types as notices.
  let shown = unite(history.messages, (history.notices || []) as Notice[])
  for (const change of log.changes) if (change.seq > readAt) shown = changeAll(shown, change)
  return shown
}

export function mergeOlder(log: Log, shown: readonly Shown[], history: History): Log {
  const page = log.away ?? log.live
  const older = { ...page, shown: unite(page.shown, shown), before: history.before || 0 }
  return log.away ? join({ ...log, away: older }) : { ...log, live: older }
}

export function mergeNewer(log: Log, shown: readonly Shown[], history: History): Log {
  if (!log.away) return log
  return join({
    ...log,
    away: { ...log.away, shown: unite(log.away.shown, shown), after: history.after || 0 },
  })
}

/** Shows the neighbourhood of an older message. */
export function mergeAround(log: Log, shown: readonly Shown[], history: History): Log {
  return join({ ...log, away: { shown, before: history.before || 0, after: history.after || 0 } })
}

/** Where the page elsewhere has grown to touch the end of the log, both become one. */
function join(log: Log): Log {
  const { away, live } = log
  if (!away) return log
  const first = live.shown[0]
  const last = away.shown[away.shown.length - 1]
  if (away.after > 0 && first && last && last.seq < first.seq) return log
  return { ...log, away: null, live: { ...away, shown: unite(live.shown, away.shown), after: 0 } }
}

export function backToEnd(log: Log): Log {
  return { ...log, away: null }
}

/** Takes fresh copies of messages that are held already. */
export function refreshPage(log: Log, shown: readonly Shown[], _history: History): Log {
  const fresh = new Map(shown.map((entry): [number, Shown] => [entry.seq, entry]))
  const take = (entry: Shown): Shown => {
    const copy = fresh.get(entry.seq)
    return copy && changedSeq(copy) >= changedSeq(entry) ? copy : entry
  }
  return { ...log, ...mapPages(log, (held) => held.map(take)) }
}

/** Forgets what lies below a seq: it is gone for everyone, or not this reader's to see any more. */
export function dropBelow(log: Log, floor: number): Log {
  const isBelow = (entry: Shown) => entry.seq < floor
  // Entries ascend, so the first of a page tells whether there is anything to drop.
  const reaches = (page: Page | null) => page !== null && page.shown.slice(0, 1).some(isBelow)
  if (!reaches(log.live) && !reaches(log.away)) return log
  return {
    ...log,
    ...mapPages(log, (shown) => (shown.some(isBelow) ? shown.filter((entry) => !isBelow(entry)) : shown)),
  }
}

/** Forgets all but the last `count` entries of the end of the log. */
export function trim(log: Log, count: number): Log {
  if (log.live.shown.length <= count) return log
  return { ...log, live: { ...log.live, shown: log.live.shown.slice(-count), before: null } }
}
