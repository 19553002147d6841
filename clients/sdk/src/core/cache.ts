import type { ConversationView, User } from '@chaguan/protocol'
import type { KeyValueStorage } from './adapter'
import { utf8Length } from './keys'
import type { Log, Shown } from './log'
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
  messages: Log['live']['shown']
  before: number | null
}

export interface Session {
  user_id: string
  account: string
}

export type Cache = ReturnType<typeof createCache>

/**
 * What survives a restart: rows, the last messages of recent conversations, the outbox. Bounded by what mini
 * programs allow (1 MB a key, 10 MB in all). Writes happen in order; when there is no room the oldest logs go.
 */
export function createCache(storage: KeyValueStorage, prefix: string, report: (error: unknown) => void) {
  let chain: Promise<unknown> = Promise.resolve()
  /** Bytes of the saved log of each conversation, the longest untouched first. */
  let sizes = new Map<string, number>()
  let owner = ''

  const deviceId = async (make: () => string): Promise<string> => {
    const held = await read<string>('device')
    if (held) return held
    const id = make()
    write('device', id)
    return id
  }

  /** Asked by whoever signs in: until it is known who that is, nothing is written for the one before. */
  const session = (): Promise<Session | null> => {
    owner = ''
    return read<Session>('session')
  }

  const saveSession = (session: Session): void => {
    owner = session.user_id
    write('session', session)
  }

  /** Reads what is kept of a user; what it answers with puts that into the store, and gives what was not sent yet. */
  const restore = async (userId: string): Promise<(store: Store) => OutboxItem[] | null> => {
    const found = await read<SavedState>(`${userId}:state`)
    const state = found && found.version === VERSION ? found : null
    const held = new Map(await read<[string, number][]>(`${userId}:logs`))
    const rows = state ? state.rows : []
    const saved = await Promise.all(
      rows.map(async ({ conversation: { id } }) => (held.has(id) ? read<SavedLog>(`${userId}:log:${id}`) : null)),
    )
    const items = await outbox(userId)
    return (store) => {
      owner = userId
      if (!state) return null
      sizes = held
      const { epoch, userVersion, nextCursor, listEnd, seenAt, role, me } = state
      Object.assign(store, { epoch, userVersion, nextCursor, listEnd, seenAt, role, me })
      store.addUsers(state.users)
      rows.forEach((row, i) => restoreRow(store, row, saved[i] || null))
      return items
    }
  }

  const outbox = async (userId: string): Promise<OutboxItem[]> => {
    await chain
    const begin = `${prefix}${userId}:out:`
    const keys = await keysOf(begin).catch(() => [])
    const items = await Promise.all(keys.map((key) => read<OutboxItem>(key.slice(prefix.length))))
    return items.filter((item): item is OutboxItem => item !== null)
  }

  const saveItem = (item: OutboxItem): void => {
    // Only paths survive a restart; a Blob does not.
    const media = item.media && { ...item.media, file: typeof item.media.file === 'string' ? item.media.file : null }
    if (owner) write(`${owner}:out:${item.client_msg_id}`, { ...item, media })
  }

  const eraseItem = (item: OutboxItem): void => {
    remove(`${owner}:out:${item.client_msg_id}`)
  }

  /** Writes rows, and the logs of the conversations named. */
  const save = (store: Store, changedLogs: Iterable<string>): void => {
    if (!store.me || !owner) return
    for (const id of Array.from(changedLogs)) saveLog(store, id)
    evict()
    write(`${owner}:state`, stateOf(store))
    write(`${owner}:logs`, Array.from(sizes))
  }

  const logKey = (id: string): string => `${owner}:log:${id}`

  /** Keeps the last messages, fewer where they are long. */
  const saveLog = (store: Store, id: string, count = MESSAGES_KEPT): void => {
    const log = store.logs.get(id)
    sizes.delete(id)
    const key = logKey(id)
    if (!log || log.live.shown.length < 2 || count < 2) return remove(key)
    const { upTo, live } = trim(log, count)
    const saved: SavedLog = { upTo, messages: live.shown, before: live.before }
    const bytes = utf8Length(JSON.stringify(saved))
    if (bytes > MAX_KEY_BYTES) return saveLog(store, id, count >> 1)
    sizes.set(id, bytes)
    write(key, saved)
  }

  const evict = (): void => {
    let total = 0
    sizes.forEach((bytes) => (total += bytes))
    sizes.forEach((bytes, id) => {
      if (total <= MAX_LOG_BYTES) return
      total -= bytes
      sizes.delete(id)
      remove(logKey(id))
    })
  }

  /** Forgets all of this prefix, of every user. */
  const wipe = (): Promise<void> => {
    sizes.clear()
    owner = ''
    enqueue(async () => {
      await removeAll(await keysOf(prefix))
    })
    return settled()
  }

  /** Resolves when what was to be written is written. */
  const settled = (): Promise<void> => {
    return chain.then(() => undefined)
  }

  const read = async <T>(key: string): Promise<T | null> => {
    await chain
    try {
      const text = await storage.get(prefix + key)
      return text === null ? null : (JSON.parse(text) as T)
    } catch (error) {
      report(error)
      return null
    }
  }

  const remove = (key: string): void => {
    enqueue(() => storage.remove(prefix + key))
  }

  const write = (key: string, value: unknown): void => {
    const text = JSON.stringify(value)
    const attempt = (): Promise<unknown> =>
      storage.set(prefix + key, text).catch(async (error: unknown) => {
        if (!(await makeRoom())) throw error
        return attempt()
      })
    enqueue(attempt)
  }

  const keysOf = async (begin: string): Promise<string[]> =>
    (await storage.keys()).filter((key) => key.indexOf(begin) === 0)

  const removeAll = (keys: string[]): Promise<unknown> => Promise.all(keys.map((key) => storage.remove(key)))

  /** What is kept for convenience goes: first what no start would read, of other users too, then the oldest log. */
  const makeRoom = async (): Promise<boolean> => {
    const keys = await keysOf(prefix)
    const ids = Array.from(sizes.keys())
    const known = ids.map((id) => prefix + logKey(id))
    let going = keys.filter((key) => key.indexOf(':log:') > 0 && known.indexOf(key) < 0)
    if (!going.length) {
      going = known.slice(0, 1)
      sizes.delete(ids[0] || '')
    }
    await removeAll(going)
    return going.length > 0
  }

  const enqueue = (task: () => Promise<unknown>): void => {
    chain = chain.then(task).catch((error: unknown) => report(error))
  }

  return { deviceId, session, saveSession, restore, outbox, saveItem, eraseItem, save, wipe, settled }
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
    for (const entry of store.logs.get(conversation.id)?.live.shown.slice(-MESSAGES_KEPT) || [])
      peopleOf(entry).forEach((id) => id && needed.add(id))
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

function peopleOf(entry: Shown): (string | undefined)[] {
  if (entry.type === 'message_sent') return [entry.sender_id]
  return [entry.actor_id, 'user_id' in entry ? entry.user_id : undefined]
}

function restoreRow(store: Store, row: ConversationView, saved: SavedLog | null): void {
  const head = row.conversation.head_seq || 0
  const fits = saved !== null && saved.upTo <= head
  const fresh = newLog(fits ? saved.upTo : head, fits ? null : row.last)
  const live = fits ? { shown: saved.messages, before: saved.before, after: 0 } : fresh.live
  store.setLog(row.conversation.id, { ...fresh, live })
  store.setRow(row)
}
