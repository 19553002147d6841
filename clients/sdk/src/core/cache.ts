import type { ConversationView, User } from '@chaguan/protocol'
import type { KeyValueStorage } from './adapter'
import { utf8Length } from './keys'
import type { Log } from './log'
import { newLog, trim } from './log'
import type { OutboxItem } from './outbox'
import { compareRows } from './rows'
import type { Store } from './store'

const MAX_KEY_BYTES = 900_000
const MAX_LOG_BYTES = 6_000_000
const MAX_ROWS = 200
const MESSAGES_KEPT = 50
const VERSION = 1

interface SavedState {
  version: number
  epoch: string | null
  userVersion: number
  nextCursor: string
  listEnd: boolean
  seenAt: number
  role: string
  me: User
  rows: ConversationView[]
  users: User[]
}

interface SavedLog {
  upTo: number
  messages: Log['live']['messages']
  before: number | null
}

export interface Session {
  user_id: string
  account: string
}

/**
 * What survives a restart: rows, the last messages of recent conversations, the outbox. Bounded by what mini
 * programs allow (1 MB a key, 10 MB in all). Writes happen in order; when there is no room the oldest logs go.
 */
export class Cache {
  private chain: Promise<unknown> = Promise.resolve()
  /** Bytes of the saved log of each conversation, the longest untouched first. */
  private sizes = new Map<string, number>()
  private userId = ''

  constructor(
    private readonly storage: KeyValueStorage,
    private readonly prefix: string,
    private readonly report: (error: unknown) => void,
  ) {}

  async deviceId(make: () => string): Promise<string> {
    const held = await this.read<string>('device')
    if (held) return held
    const id = make()
    this.write('device', id)
    return id
  }

  session(): Promise<Session | null> {
    return this.read<Session>('session')
  }

  saveSession(session: Session): void {
    this.userId = session.user_id
    this.write('session', session)
  }

  async restore(userId: string, store: Store): Promise<boolean> {
    this.userId = userId
    const state = await this.read<SavedState>(`${userId}:state`)
    if (!state || state.version !== VERSION) return false
    this.sizes = new Map((await this.read<[string, number][]>(`${userId}:logs`)) || [])
    const { epoch, userVersion, nextCursor, listEnd, seenAt, role, me } = state
    Object.assign(store, { epoch, userVersion, nextCursor, listEnd, seenAt, role, me })
    store.addUsers(state.users)
    const saved = await Promise.all(state.rows.map((row) => this.readLog(userId, row.conversation.id)))
    state.rows.forEach((row, i) => restoreRow(store, row, saved[i] || null))
    return true
  }

  private readLog(userId: string, id: string): Promise<SavedLog | null> {
    return this.sizes.has(id) ? this.read<SavedLog>(`${userId}:log:${id}`) : Promise.resolve(null)
  }

  async outbox(userId: string): Promise<OutboxItem[]> {
    await this.chain
    const begin = `${this.prefix}${userId}:out:`
    const keys = (await this.storage.keys().catch(() => [])).filter((key) => key.indexOf(begin) === 0)
    const items = await Promise.all(keys.map((key) => this.read<OutboxItem>(key.slice(this.prefix.length))))
    return items.filter((item): item is OutboxItem => item !== null)
  }

  saveItem(item: OutboxItem): void {
    // Only paths survive a restart; a Blob does not.
    const media = item.media && { ...item.media, file: typeof item.media.file === 'string' ? item.media.file : null }
    this.write(`${this.userId}:out:${item.client_msg_id}`, { ...item, media })
  }

  eraseItem(item: OutboxItem): void {
    this.enqueue(() => this.storage.remove(`${this.prefix}${this.userId}:out:${item.client_msg_id}`))
  }

  /** Writes rows, and the logs of the conversations named. */
  save(store: Store, changedLogs: Iterable<string>): void {
    if (!store.me || !this.userId) return
    for (const id of Array.from(changedLogs)) this.saveLog(store, id)
    this.evict(MAX_LOG_BYTES)
    this.write(`${this.userId}:state`, stateOf(store))
    this.write(`${this.userId}:logs`, Array.from(this.sizes))
  }

  private saveLog(store: Store, id: string): void {
    const log = store.logs.get(id)
    this.sizes.delete(id)
    const key = `${this.userId}:log:${id}`
    if (!log || log.live.messages.length < 2) return this.enqueue(() => this.storage.remove(this.prefix + key))
    const { upTo, live } = trim(log, MESSAGES_KEPT)
    const saved: SavedLog = { upTo, messages: live.messages, before: live.before }
    const bytes = utf8Length(JSON.stringify(saved))
    if (bytes > MAX_KEY_BYTES) return this.enqueue(() => this.storage.remove(this.prefix + key))
    this.sizes.set(id, bytes)
    this.write(key, saved)
  }

  private evict(limit: number): void {
    let total = 0
    this.sizes.forEach((bytes) => (total += bytes))
    for (const [id, bytes] of Array.from(this.sizes)) {
      if (total <= limit) return
      total -= bytes
      this.sizes.delete(id)
      this.enqueue(() => this.storage.remove(`${this.prefix}${this.userId}:log:${id}`))
    }
  }

  /** Forgets all of this prefix, of every user. */
  wipe(): Promise<void> {
    this.sizes.clear()
    this.userId = ''
    this.enqueue(async () => {
      const keys = (await this.storage.keys()).filter((key) => key.indexOf(this.prefix) === 0)
      await Promise.all(keys.map((key) => this.storage.remove(key)))
    })
    return this.settled()
  }

  /** Resolves when what was to be written is written. */
  settled(): Promise<void> {
    return this.chain.then(() => undefined)
  }

  private async read<T>(key: string): Promise<T | null> {
    await this.chain
    try {
      const text = await this.storage.get(this.prefix + key)
      return text === null ? null : (JSON.parse(text) as T)
    } catch (error) {
      this.report(error)
      return null
    }
  }

  private write(key: string, value: unknown): void {
    const text = JSON.stringify(value)
    this.enqueue(async () => {
      try {
        await this.storage.set(this.prefix + key, text)
      } catch {
        // No room: what is kept for convenience goes first, then once more; a second failure is reported.
        await this.makeRoom()
        await this.storage.set(this.prefix + key, text)
      }
    })
  }

  private async makeRoom(): Promise<void> {
    const ids = Array.from(this.sizes.keys())
    const oldest = ids.slice(0, Math.ceil(ids.length / 2))
    oldest.forEach((id) => this.sizes.delete(id))
    await Promise.all(oldest.map((id) => this.storage.remove(`${this.prefix}${this.userId}:log:${id}`)))
  }

  private enqueue(task: () => Promise<unknown>): void {
    this.chain = this.chain.then(task).catch((error: unknown) => this.report(error))
  }
}

function stateOf(store: Store): SavedState {
  const all = Array.from(store.rows.values()).sort(compareRows)
  let rows = all.slice(0, MAX_ROWS)
  let state = savedState(store, rows, all.length > rows.length)
  while (utf8Length(JSON.stringify(state)) > MAX_KEY_BYTES && rows.length > 1) {
    rows = rows.slice(0, Math.floor(rows.length / 2))
    state = savedState(store, rows, true)
  }
  return state
}

function savedState(store: Store, rows: ConversationView[], cut: boolean): SavedState {
  const { epoch, userVersion, seenAt, role } = store
  const needed = new Set<string>()
  for (const { inbox, conversation, last } of rows) {
    ;[inbox.peer_id, conversation.customer_id, last?.sender_id].forEach((id) => id && needed.add(id))
  }
  // Names beside the messages that are kept.
  for (const { conversation } of rows) {
    for (const { sender_id } of store.logs.get(conversation.id)?.live.messages.slice(-MESSAGES_KEPT) || [])
      needed.add(sender_id)
  }
  const users = Array.from(store.users.values()).filter((user) => needed.has(user.id))
  return {
    version: VERSION,
    epoch,
    userVersion,
    seenAt,
    role,
    rows,
    users,
    // The rest of a list that was cut is listed again from its beginning.
    nextCursor: cut ? '' : store.nextCursor,
    listEnd: cut ? false : store.listEnd,
    me: store.me as User,
  }
}

function restoreRow(store: Store, row: ConversationView, saved: SavedLog | null): void {
  const head = row.conversation.head_seq || 0
  const fits = saved !== null && saved.upTo <= head
  const fresh = newLog(fits ? saved.upTo : head, fits ? null : row.last)
  const live = fits ? { messages: saved.messages, before: saved.before, after: 0 } : fresh.live
  store.setLog(row.conversation.id, { ...fresh, live })
  store.setRow(row)
}
