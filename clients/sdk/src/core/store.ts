import type {
  ConversationSync,
  ConversationView,
  Entry,
  History,
  Inbox,
  Limits,
  MessageSent,
  User,
  UserChanged,
  Welcome,
} from '@chaguan/protocol'
import * as logs from './log'
import type { Log } from './log'
import * as rows from './rows'

/** What changed since the last `take`. */
export interface Changes {
  rows: Set<string>
  logs: Set<string>
  messages: MessageSent[]
  users: boolean
}

export const DEFAULT_LIMITS: Required<Limits> = {
  text_length: 5000,
  frame: 65536,
  image: 20 * 1024 * 1024,
  voice_ms: 60000,
  video: 100 * 1024 * 1024,
  file: 100 * 1024 * 1024,
  recall_window_s: 120,
  reaction_kinds: 20,
}

const noChanges = (): Changes => ({ rows: new Set(), logs: new Set(), messages: [], users: false })

/**
 * Everything that the client holds: rows, logs, users. It applies what the server says through the pure reducers
 * in `log` and `rows`, and never talks to the network.
 */
export class Store {
  epoch: string | null = null
  userVersion = 0
  me: User | null = null
  role = ''
  limits = DEFAULT_LIMITS
  nextCursor = ''
  /** Every row is held; else more are listed from `nextCursor`. */
  listEnd = false
  /** The server's clock when the rows were last known to be complete. */
  seenAt = 0
  readonly rows = new Map<string, ConversationView>()
  readonly logs = new Map<string, Log>()
  readonly users = new Map<string, User>()
  /** How often the log of a conversation began anew. */
  readonly births = new Map<string, number>()
  private changes = noChanges()

  take(): Changes {
    const changes = this.changes
    this.changes = noChanges()
    return changes
  }

  clear(): void {
    for (const id of Array.from(this.rows.keys())) this.forget(id)
    this.users.clear()
    this.epoch = null
    this.userVersion = 0
    this.nextCursor = ''
    this.listEnd = false
    this.seenAt = 0
    this.role = ''
    this.me = null
  }

  /** `[conversation, seq]` of what is held, the most recent first. */
  known(): [string, number][] {
    const held = Array.from(this.rows.values()).sort((a, b) => rows.lastAt(b) - rows.lastAt(a))
    return held.map((row): [string, number] => [row.conversation.id, this.upTo(row.conversation.id)])
  }

  upTo(id: string): number {
    return this.logs.get(id)?.upTo || 0
  }

  /** Conversations of which a part is missing. */
  gaps(): string[] {
    return Array.from(this.rows.keys()).filter((id) => this.isBehind(id))
  }

  isBehind(id: string): boolean {
    const log = this.logs.get(id)
    const row = this.rows.get(id)
    if (!log || !row) return false
    return log.held.length > 0 || log.upTo < (row.conversation.head_seq || 0)
  }

  /** Another epoch: the logs of this deployment are not the ones we hold. The caller asks again from nothing. */
  isOtherEpoch(welcome: Welcome): boolean {
    return this.epoch !== null && this.epoch !== welcome.epoch
  }

  /** Takes the answer to hello or resume; `asked` is what was said to be known. */
  applyWelcome(welcome: Welcome, asked: ReadonlyMap<string, number>, askedVersion: number): void {
    this.me = welcome.user
    this.epoch = welcome.epoch
    this.role = welcome.role || ''
    this.limits = { ...DEFAULT_LIMITS, ...welcome.limits }
    this.addUsers([welcome.user, ...(welcome.users || [])])
    const views = welcome.conversations || []
    if (welcome.full) {
      const listed = new Set(views.map((view) => view.conversation.id))
      for (const id of Array.from(this.rows.keys())) if (!listed.has(id)) this.forget(id)
    }
    if (welcome.full || askedVersion === 0) {
      this.nextCursor = welcome.next_cursor || ''
      this.listEnd = !this.nextCursor
    }
    for (const view of views) this.addView(view)
    // An answer that a push has overtaken may lack what the push brought, never the other way round.
    this.userVersion = Math.max(this.userVersion, welcome.user_version)
    for (const sync of welcome.syncs || []) this.applySync(sync, asked.get(sync.conversation_id) || 0)
  }

  /** False: rows in between are missing, ask with resume. */
  applyUserChanged(push: UserChanged): boolean {
    if (push.version <= this.userVersion) return true
    if (push.previous !== this.userVersion) return false
    this.addUsers(push.users)
    for (const view of push.conversations || []) this.addView(view)
    for (const inbox of push.inboxes || []) this.putInbox(inbox)
    this.userVersion = push.version
    return true
  }

  applyInbox(inbox: Inbox, version: number): void {
    this.putInbox(inbox)
    if (version === this.userVersion + 1) this.userVersion = version
  }

  private putInbox(inbox: Inbox): void {
    if (inbox.removed) return this.forget(inbox.conversation_id)
    const row = this.rows.get(inbox.conversation_id)
    if (row) this.setRow({ ...row, inbox: rows.mergeInbox(row.inbox, inbox) })
  }

  addUsers(users: readonly User[] | undefined): void {
    for (const user of users || []) {
      this.users.set(user.id, user)
      this.changes.users = true
    }
  }

  addView(view: ConversationView): void {
    const id = view.conversation.id
    if (view.inbox.removed) return this.forget(id)
    const row = rows.mergeView(this.rows.get(id), view)
    if (!this.logs.has(id)) this.births.set(id, (this.births.get(id) || 0) + 1)
    const log = this.logs.get(id) ?? logs.newLog(row.conversation.head_seq || 0, row.last)
    // Who left and came back may see less than before.
    const visible = logs.dropBelow(log, row.inbox.from_seq ?? 1)
    if (visible !== this.logs.get(id)) this.setLog(id, visible)
    this.setRow(row)
  }

  forget(id: string): void {
    if (this.rows.delete(id)) this.changes.rows.add(id)
    if (this.logs.delete(id)) this.changes.logs.add(id)
  }

  /** Applies a pushed entry. False: the conversation is not held. */
  applyEntry(entry: Entry): boolean {
    const id = entry.conversation_id
    const log = this.logs.get(id)
    if (!log) return false
    this.applied(id, log, logs.receive(log, entry, this.firstSeq(id)))
    return true
  }

  applySync(sync: ConversationSync, askedUpTo: number): void {
    const id = sync.conversation_id
    const log = this.logs.get(id)
    const row = this.rows.get(id)
    if (!log || !row) return
    if (sync.reset && sync.head_seq === 0) return this.forget(id)
    const applied = logs.mergeSync(log, sync, askedUpTo, this.firstSeq(id))
    const isReset = sync.reset && applied.log !== log
    if (isReset) {
      const { head_seq, head_ordinal, floor_seq = 0 } = sync
      const last = applied.log.live.messages[applied.log.live.messages.length - 1] || row.last || null
      this.setRow({ ...row, last, conversation: { ...row.conversation, head_seq, head_ordinal, floor_seq } })
    }
    this.applied(id, log, applied)
    const after = this.rows.get(id)
    // Entries that are not for this reader raise the head without showing anything.
    if (after && !sync.more && sync.head_seq > (after.conversation.head_seq || 0)) {
      const { head_seq, head_ordinal } = sync
      this.setRow({ ...after, conversation: { ...after.conversation, head_seq, head_ordinal } })
    }
  }

  private applied(id: string, before: Log, applied: logs.Applied): void {
    if (applied.log !== before) this.setLog(id, applied.log)
    const me = this.me?.id || ''
    for (const entry of applied.entries) {
      const row = this.rows.get(id)
      if (row) this.setRow(rows.entryOnRow(row, entry, me))
      if (entry.type === 'message_sent') this.changes.messages.push(entry)
    }
  }

  private firstSeq(id: string): number {
    const row = this.rows.get(id)
    return Math.max(row?.inbox.from_seq ?? 1, row?.conversation.floor_seq ?? 1)
  }

  /** Puts a page of history into the log. False: it was overtaken by changes that are not known any more. */
  mergeHistory(id: string, history: History, merge: typeof logs.mergeOlder): boolean {
    const log = this.logs.get(id)
    if (!log) return true
    this.addUsers(history.users)
    const messages = logs.current(log, history)
    if (!messages) return false
    this.setLog(id, merge(log, messages, history))
    return true
  }

  updateLog(id: string, fn: (log: Log) => Log): void {
    const log = this.logs.get(id)
    if (log) this.setLog(id, fn(log))
  }

  updateInbox(id: string, fn: (inbox: Inbox) => Inbox): void {
    const row = this.rows.get(id)
    if (row) this.setRow({ ...row, inbox: fn(row.inbox) })
  }

  /** The peer of a conversation, or I on another device, has read up to a seq. */
  moveMark(id: string, userId: string, seq: number): void {
    if (userId === this.me?.id)
      return this.updateInbox(id, (inbox) => rows.markRead(inbox, seq, this.ordinalAt(id, seq)))
    this.updateInbox(id, (inbox) => rows.peerRead(inbox, seq))
  }

  /** Ordinal of the last countable message up to a seq, 0 if it is not held. */
  ordinalAt(id: string, seq: number): number {
    const row = this.rows.get(id)
    if (row && seq >= (row.conversation.head_seq || 0)) return row.conversation.head_ordinal || 0
    const messages = this.logs.get(id)?.live.messages || []
    for (let i = messages.length - 1; i >= 0; i--) {
      const message = messages[i]
      if (message && message.seq <= seq && message.ordinal) return message.ordinal
    }
    return 0
  }

  setRow(row: ConversationView): void {
    const id = row.conversation.id
    if (this.rows.get(id) === row) return
    this.rows.set(id, row)
    this.changes.rows.add(id)
  }

  setLog(id: string, log: Log): void {
    this.logs.set(id, log)
    this.changes.logs.add(id)
  }
}
