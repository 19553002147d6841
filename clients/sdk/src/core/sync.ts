import type { Command, ConversationView, Replies, User, Welcome } from '@chaguan/protocol'
import type { Adapter } from './adapter'
import type { Asked, Connection, RequestOf } from './connection'
import { asChaguanError } from './errors'
import type { ChaguanError } from './errors'
import { lastAt } from './rows'
import type { Store } from './store'

const KNOWN_AT_ONCE = 200
const PAGE = 50
const MAX_PULLS = 50
const MAX_LIST_PAGES = 20
const RETRY_MS = 2_000
const EXPECT_MS = 1_000

export interface SyncOwner {
  adapter: Adapter
  store: Store
  connection: Connection
  command<Name extends Command['type']>(request: RequestOf<Name>): Promise<Replies[Name]>
  /** The store changed. */
  flush(): void
  /** Takes users and rows that an answer brought. */
  hold(users: readonly User[] | undefined, views: readonly ConversationView[]): void
  report(error: unknown): void
}

export type Sync = ReturnType<typeof createSync>

const isGone = ({ code }: ChaguanError): boolean => code === 'not_found' || code === 'forbidden'

/** Brings what the pushes did not: gaps, rows that are not held, what happened further down the list. */
export function createSync(owner: SyncOwner) {
  const pulling = new Set<string>()
  const fetching = new Set<string>()

  const asked = (): Asked => {
    const { store } = owner
    return { epoch: store.epoch, user_version: store.userVersion, known: store.known().slice(0, KNOWN_AT_ONCE) }
  }

  /** After the answer to hello or resume was applied. */
  const afterWelcome = (welcome: Welcome, asked: Asked, seenAt: number): void => {
    const { store, connection } = owner
    if (asked.known.length === KNOWN_AT_ONCE && store.rows.size > KNOWN_AT_ONCE) {
      const named = new Set(asked.known.map(([id]) => id))
      const rest = store.known().filter(([id]) => !named.has(id))
      for (let i = 0; i < rest.length; i += KNOWN_AT_ONCE) {
        const known = rest.slice(i, i + KNOWN_AT_ONCE)
        connection.ask({ epoch: store.epoch, user_version: store.userVersion, known }, 15_000, owner.report)
      }
    }
    for (const sync of welcome.syncs || [])
      if (sync.reset && store.rows.has(sync.conversation_id)) void fetchRow(sync.conversation_id)
    const behind = new Set([...(welcome.pending || []), ...store.gaps()])
    for (const sync of welcome.syncs || []) if (sync.more) behind.add(sync.conversation_id)
    behind.forEach((id) => pull(id))
    if (!welcome.full && !store.listEnd && asked.user_version > 0) void listNewer(seenAt)
  }

  /** Conversations that are not held and had something new while we were away are at the top of the list. */
  const listNewer = async (seenAt: number): Promise<void> => {
    let cursor = ''
    try {
      for (let page = 0; page < MAX_LIST_PAGES; page++) {
        const answer = await owner.command<'list_conversations'>({
          type: 'list_conversations',
          limit: PAGE,
          cursor,
        })
        owner.hold(answer.users, answer.conversations)
        const last = answer.conversations[answer.conversations.length - 1]
        cursor = answer.next_cursor || ''
        if (!cursor || !last || (!last.inbox.pinned_at && lastAt(last) < seenAt)) return
      }
    } catch (error) {
      owner.report(error)
    }
  }

  /** Pulls until nothing is missing; one at a time per conversation. It reports its failures itself. */
  const pull = (id: string): void => {
    void pullAll(id)
  }

  const pullAll = async (id: string): Promise<void> => {
    const { store, adapter } = owner
    if (pulling.has(id)) return
    pulling.add(id)
    let again = true
    try {
      for (let i = 0; i < MAX_PULLS && store.logs.has(id); i++) {
        const askedUpTo = store.upTo(id)
        const sync = await owner.command<'pull_entries'>({
          type: 'pull_entries',
          conversation_id: id,
          after_seq: askedUpTo,
        })
        store.applySync(sync, askedUpTo)
        if (sync.reset) void fetchRow(id)
        owner.flush()
        if (!store.isBehind(id) && !sync.more) break
        if (store.upTo(id) === askedUpTo && !sync.reset) break
      }
      again = store.isBehind(id)
    } catch (raw) {
      // Who was removed is told so by their list. A no alone may come from a node that hasn't heard they are back.
      const error = asChaguanError(raw)
      if (!isGone(error)) owner.report(error)
    } finally {
      pulling.delete(id)
    }
    if (again) adapter.timer(() => owner.connection.isOnline && pull(id), RETRY_MS)
  }

  /** A row that is not held, or of which a part may have changed unseen. */
  const fetchRow = async (id: string): Promise<void> => {
    if (fetching.has(id)) return
    fetching.add(id)
    try {
      const opened = await owner.command<'get_conversation'>({ type: 'get_conversation', conversation_id: id })
      owner.hold(opened.users, [opened.view])
    } catch (raw) {
      const error = asChaguanError(raw)
      if (isGone(error)) return
      owner.report(error)
      owner.adapter.timer(() => owner.store.me && void fetchRow(id), RETRY_MS)
    } finally {
      fetching.delete(id)
    }
  }

  /** The server acknowledged an entry; if no push brings it soon, it is pulled. */
  const expectSeq = (id: string, seq: number): void => {
    const { store, adapter } = owner
    adapter.timer(() => {
      if (store.logs.has(id) && store.upTo(id) < seq) pull(id)
    }, EXPECT_MS)
  }

  return { asked, afterWelcome, pull, fetchRow, expectSeq }
}
