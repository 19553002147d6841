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
import { current, dropBelow, mergeSync, messagesOf, newLog, receive } from './log'
import type { Applied, Log, mergeOlder } from './log'
import { entryOnRow, lastAt, markRead, mergeInbox, mergeView, peerRead } from './rows'

/** What changed since the last `take`. */
export interface Changes {
  rows: Set<string>
  logs: Set<string>
  messages: MessageSent[]
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

const noChanges = (): Changes => ({ rows: new Set(), logs: new Set(), messages: [] })

export type Store = ReturnType<typeof createStore>

/**
 * Everything that the client holds: rows, logs, users. It applies what the server says through the pure reducers
 * in `log` and `rows`, and never talks to the network.
 */
export function createStore() {
  const store = {
    epoch: null as string | null,
    userVersion: 0,
    me: null as User | null,
    role: '',
    limits: DEFAULT_LIMITS,
    nextCursor: '',
    /** Every row is held; else more are listed from `nextCursor`. */
    listEnd: false,
    /** The server's clock when the rows were last known to be complete. */
    seenAt: 0,
  }
  const rows = new Map<string, ConversationView>()
  const logs = new Map<string, Log>()
  const people = new Map<string, User>()
  /** How often the log of a conversation began anew. */
  const births = new Map<string, number>()
  let news = noChanges()

  const take = (): Changes => {
    const changes = news
    news = noChanges()
    return changes
  }

  const clear = (): void => {
    for (const id of Array.from(rows.keys())) forget(id)
    people.clear()
    store.epoch = null
    store.userVersion = 0
    store.nextCursor = ''
    store.listEnd = false
    store.seenAt = 0
    store.role = ''
    store.me = null
  }

  /** `[conversation, seq]` of what is held, the most recent first. */
  const known = (): [string, number][] => {
    const held = Array.from(rows.values()).sort((a, b) => lastAt(b) - lastAt(a))
    return held.map((row): [string, number] => [row.conversation.id, upTo(row.conversation.id)])
  }

  const upTo = (id: string): number => {
    return logs.get(id)?.upTo || 0
  }

  /** Conversations of which a part is missing. */
  const gaps = (): string[] => {
    return Array.from(rows.keys()).filter((id) => isBehind(id))
  }

  const isBehind = (id: string): boolean => {
    const log = logs.get(id)
    const row = rows.get(id)
    if (!log || !row) return false
    return log.held.length > 0 || log.upTo < (row.conversation.head_seq || 0)
  }

  /**
   * Another epoch, or a state before the one we asked with: the logs of this deployment are not the ones we hold. The
   * caller asks again from nothing.
   */
  const isOtherEpoch = (welcome: Welcome, askedVersion: number): boolean => {
    return store.epoch !== null && (store.epoch !== welcome.epoch || welcome.user_version < askedVersion)
  }

  /** Takes the answer to hello or resume; `asked` is what was said to be known. */
  const applyWelcome = (welcome: Welcome, asked: ReadonlyMap<string, number>, askedVersion: number): void => {
    store.me = welcome.user
    store.epoch = welcome.epoch
    store.role = welcome.role || ''
    store.limits = { ...DEFAULT_LIMITS, ...welcome.limits }
    addUsers([welcome.user, ...(welcome.users || [])])
    const views = welcome.conversations || []
    if (welcome.full) {
      const listed = new Set(views.map((view) => view.conversation.id))
      for (const id of Array.from(rows.keys())) if (!listed.has(id)) forget(id)
    }
    if (welcome.full || askedVersion === 0) {
      store.nextCursor = welcome.next_cursor || ''
      store.listEnd = !store.nextCursor
    }
    for (const view of views) addView(view)
    // An answer that a push has overtaken may lack what the push brought, never the other way round.
    store.userVersion = Math.max(store.userVersion, welcome.user_version)
    for (const sync of welcome.syncs || []) applySync(sync, asked.get(sync.conversation_id) || 0)
  }

  /** False: rows in between are missing, ask with resume. */
  const applyUserChanged = (push: UserChanged): boolean => {
    if (push.version <= store.userVersion) return true
    if (push.previous !== store.userVersion) return false
    addUsers(push.users)
    for (const view of push.conversations || []) addView(view)
    for (const inbox of push.inboxes || []) putInbox(inbox)
    store.userVersion = push.version
    return true
  }

  const applyInbox = (inbox: Inbox, version: number): void => {
    putInbox(inbox)
    if (version === store.userVersion + 1) store.userVersion = version
  }

  const putInbox = (inbox: Inbox): void => {
    if (inbox.removed) return forget(inbox.conversation_id)
    const row = rows.get(inbox.conversation_id)
    if (row) setRow({ ...row, inbox: mergeInbox(row.inbox, inbox) })
  }

  const addUsers = (users: readonly User[] | undefined): void => {
    for (const user of users || []) people.set(user.id, user)
  }

  const addView = (view: ConversationView): void => {
    const id = view.conversation.id
    if (view.inbox.removed) return forget(id)
    const row = mergeView(rows.get(id), view)
    if (!logs.has(id)) births.set(id, (births.get(id) || 0) + 1)
    const log = logs.get(id) ?? newLog(row.conversation.head_seq || 0, row.last)
    // Who left and came back may see less than before.
    const visible = dropBelow(log, row.inbox.from_seq ?? 1)
    if (visible !== logs.get(id)) setLog(id, visible)
    setRow(row)
  }

  const forget = (id: string): void => {
    if (rows.delete(id)) news.rows.add(id)
    if (logs.delete(id)) news.logs.add(id)
  }

  /** Applies a pushed entry. False: the conversation is not held. */
  const applyEntry = (entry: Entry): boolean => {
    const id = entry.conversation_id
    const log = logs.get(id)
    if (!log) return false
    adopt(id, log, receive(log, entry, firstSeq(id)))
    return true
  }

  const applySync = (sync: ConversationSync, askedUpTo: number): void => {
    const id = sync.conversation_id
    const log = logs.get(id)
    const row = rows.get(id)
    if (!log || !row) return
    if (sync.reset && sync.head_seq === 0) return forget(id)
    const applied = mergeSync(log, sync, askedUpTo, firstSeq(id))
    const isReset = sync.reset && applied.log !== log
    if (isReset) {
      const { head_seq, head_ordinal, floor_seq = 0 } = sync
      const last = messagesOf(applied.log.live).pop() || row.last || null
      setRow({ ...row, last, conversation: { ...row.conversation, head_seq, head_ordinal, floor_seq } })
    }
    adopt(id, log, applied)
    const after = rows.get(id)
    // Entries that are not for this reader raise the head without showing anything.
    if (after && !sync.more && sync.head_seq > (after.conversation.head_seq || 0)) {
      const { head_seq, head_ordinal } = sync
      setRow({ ...after, conversation: { ...after.conversation, head_seq, head_ordinal } })
    }
  }

  const adopt = (id: string, before: Log, applied: Applied): void => {
    if (applied.log !== before) setLog(id, applied.log)
    const me = store.me?.id || ''
    for (const entry of applied.entries) {
      const row = rows.get(id)
      if (row) setRow(entryOnRow(row, entry, me))
      if (entry.type === 'message_sent') news.messages.push(entry)
    }
  }

  const firstSeq = (id: string): number => {
    const row = rows.get(id)
    return Math.max(row?.inbox.from_seq ?? 1, row?.conversation.floor_seq ?? 1)
  }

  /** Puts a page of history into the log. False: it was overtaken by changes that are not known any more. */
  const mergeHistory = (id: string, history: History, merge: typeof mergeOlder): boolean => {
    const log = logs.get(id)
    if (!log) return true
    addUsers(history.users)
    const shown = current(log, history)
    if (!shown) return false
    setLog(id, merge(log, shown, history))
    return true
  }

  const updateLog = (id: string, fn: (log: Log) => Log): void => {
    const log = logs.get(id)
    if (log) setLog(id, fn(log))
  }

  const updateInbox = (id: string, fn: (inbox: Inbox) => Inbox): void => {
    const row = rows.get(id)
    if (row) setRow({ ...row, inbox: fn(row.inbox) })
  }

  /** The peer of a conversation, or I on another device, has read up to a seq. */
  const moveMark = (id: string, userId: string, seq: number): void => {
    updateInbox(id, (inbox) =>
      userId === store.me?.id ? markRead(inbox, seq, ordinalAt(id, seq)) : peerRead(inbox, seq),
    )
  }

  /** Ordinal of the last countable message up to a seq, 0 if it is not held. */
  const ordinalAt = (id: string, seq: number): number => {
    const row = rows.get(id)
    if (row && seq >= (row.conversation.head_seq || 0)) return row.conversation.head_ordinal || 0
    const messages = messagesOf(logs.get(id)?.live)
    for (let i = messages.length - 1; i >= 0; i--) {
      const message = messages[i]
      if (message && message.seq <= seq && message.ordinal) return message.ordinal
    }
    return 0
  }

  const setRow = (row: ConversationView): void => {
    const id = row.conversation.id
    if (rows.get(id) === row) return
    rows.set(id, row)
    news.rows.add(id)
  }

  const setLog = (id: string, log: Log): void => {
    logs.set(id, log)
    news.logs.add(id)
  }

  return Object.assign(store, {
    rows,
    logs,
    users: people,
    births,
    take,
    clear,
    known,
    upTo,
    gaps,
    isBehind,
    isOtherEpoch,
    applyWelcome,
    applyUserChanged,
    applyInbox,
    addUsers,
    addView,
    forget,
    applyEntry,
    applySync,
    mergeHistory,
    updateLog,
    updateInbox,
    moveMark,
    ordinalAt,
    setRow,
    setLog,
  })
}
