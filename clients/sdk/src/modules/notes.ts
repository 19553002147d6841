import type { FoundNotes, Mention, Mentions, Note, Notes, Push } from '@chaguan/protocol'
import type { Client } from '../core/client'

const TYPED_EVERY_MS = 3_000
const TYPED_SHOWN_MS = 6_000
const FIRST_PAGE = 100

/** The notes of one conversation as they are now. */
export interface NotesState {
  /** In the order of `seq`. */
  readonly notes: readonly Note[]
  /** There are older ones: `older` loads them. */
  readonly hasOlder: boolean
  /** Colleagues who write a note at this moment. */
  readonly typing: readonly string[]
}

export interface NoteOptions {
  /** Ids of colleagues who are told. Errors: `bad_request` (`reason` `not_staff`, with `user_ids`). */
  mentions?: string[]
  /** Supervisors: only the agent of the case hears it. */
  whisper?: boolean
  /** The case it is about; the newest if left out. */
  caseId?: string
}

/** Staff: what colleagues write to one another beside a service conversation. Customers never get it. */
export interface NotesModule {
  /**
   * Follows the notes of a conversation, over reconnects too: `fn` is called with all that is held, now and after each
   * change. Answers with how to stop.
   */
  watch(conversationId: string, fn: (state: NotesState) => void): () => void
  /** Loads a page of older notes of a watched conversation. */
  older(conversationId: string): Promise<void>
  write(conversationId: string, text: string, options?: NoteOptions): Promise<Note>
  /** Writes my note anew. Errors: `forbidden`, `conflict` (removed). */
  edit(note: Note, text: string, mentions?: string[]): Promise<Note>
  /** Takes my note back; supervisors anybody's. */
  remove(note: Note): Promise<Note>
  /** I am writing a note. Call it on every key stroke; at most one in 3 s leaves. */
  typing(conversationId: string): void
  /** Notes that contain every word of `query`, newest first, in one conversation or in all that I have to do with. With a
   * `next_cursor` there are older ones to look through, also where a page found none. */
  search(query: string, options?: { conversationId?: string; limit?: number; cursor?: string }): Promise<FoundNotes>
  /** Notes that name me, the newest first; `before` from the page before. */
  mentions(before?: number): Promise<Mentions>
  /** I have seen those that name me, all or of one conversation. */
  readMentions(conversationId?: string): Promise<Mentions>
  /** Calls `fn` when a colleague names me. Answers with how to stop. */
  onMention(fn: (mention: Mention, unread: number) => void): () => void
  /** Calls `fn` when a supervisor whispers to me, whatever I look at. Answers with how to stop. */
  onWhisper(fn: (note: Note, customerId: string) => void): () => void
}

interface Book {
  notes: Map<number, Note>
  changedSeq: number
  hasOlder: boolean
  typing: Map<string, ReturnType<typeof setTimeout>>
  tells: Set<(state: NotesState) => void>
  asking: boolean
  askAgain: boolean
}

/** Make one per client. */
export function createNotes(client: Client): NotesModule {
  const books = new Map<string, Book>()
  const listeners = new Set<(mention: Mention, unread: number) => void>()
  const hearers = new Set<(note: Note, customerId: string) => void>()
  const typedAt = new Map<string, number>()

  const tell = (book: Book) => {
    const notes = Array.from(book.notes.values()).sort((a, b) => a.seq - b.seq)
    const state = { notes, hasOlder: book.hasOlder, typing: Array.from(book.typing.keys()) }
    book.tells.forEach((fn) => fn(state))
  }

  const put = (book: Book, notes: readonly Note[]) => {
    for (const note of notes) {
      const held = book.notes.get(note.seq)
      if (!held || held.changed_seq <= note.changed_seq) book.notes.set(note.seq, note)
      stopTyping(book, note.author_id)
    }
    tell(book)
  }

  const stopTyping = (book: Book, userId: string) => {
    clearTimeout(book.typing.get(userId))
    book.typing.delete(userId)
  }

  const start = async (conversation_id: string, book: Book) => {
    const page = await client.command<'watch_notes'>({ type: 'watch_notes', conversation_id, limit: FIRST_PAGE })
    client.hold(page.users, [])
    book.notes.clear()
    book.hasOlder = page.more ?? false
    book.changedSeq = page.changed_seq ?? 0
    put(book, page.notes)
  }

  /** What changed since; several hidden entries that come together cost one question more at most. */
  const catchUp = async (conversation_id: string, book: Book): Promise<void> => {
    if (book.asking) {
      book.askAgain = true
      return
    }
    book.asking = true
    try {
      do {
        book.askAgain = false
        await news(conversation_id, book)
      } while (book.askAgain)
    } finally {
      book.asking = false
    }
  }

  const news = async (conversation_id: string, book: Book): Promise<void> => {
    // Without any note before there is no seq to ask from.
    if (!book.changedSeq) return start(conversation_id, book)
    let page: Notes
    do {
      const changed_after = book.changedSeq
      page = await client.command<'list_notes'>({ type: 'list_notes', conversation_id, changed_after })
      client.hold(page.users, [])
      book.changedSeq = Math.max(book.changedSeq, page.changed_seq ?? 0)
      put(book, page.notes)
    } while (page.more)
  }

  const typed = (book: Book, userId: string) => {
    if (userId === client.me?.id) return
    stopTyping(book, userId)
    const ended = () => {
      book.typing.delete(userId)
      tell(book)
    }
    book.typing.set(userId, setTimeout(ended, TYPED_SHOWN_MS))
    tell(book)
  }

  const heard = (push: Push) => {
    if (push.type === 'mentioned') {
      client.hold(push.users, [])
      listeners.forEach((fn) => fn(push.mention, push.unread))
    } else if (push.type === 'whispered') {
      client.hold(push.users, [])
      hearers.forEach((fn) => fn(push.note, push.customer_id))
    } else if (push.type === 'entry_hidden') {
      const book = books.get(push.conversation_id)
      if (book) catchUp(push.conversation_id, book).catch(client.report)
    } else if (push.type === 'note_typing') {
      const book = books.get(push.conversation_id)
      if (book) typed(book, push.user_id)
    }
  }

  const startAll = () => books.forEach((book, id) => void start(id, book).catch(client.report))

  client.on('connection', ({ state }) => state === 'online' && startAll())
  client.on('push', (push) => (push.type === 'resume_needed' ? startAll() : heard(push)))

  const changed = (note: Note): Note => {
    const book = books.get(note.conversation_id)
    if (book) put(book, [note])
    return note
  }

  return {
    watch: (conversationId, fn) => {
      let book = books.get(conversationId)
      if (!book) {
        book = {
          notes: new Map(),
          changedSeq: 0,
          hasOlder: false,
          typing: new Map(),
          tells: new Set(),
          asking: false,
          askAgain: false,
        }
        books.set(conversationId, book)
        if (client.state === 'online') start(conversationId, book).catch(client.report)
      }
      const own = book
      own.tells.add(fn)
      tell(own)
      return () => {
        own.tells.delete(fn)
        if (own.tells.size) return
        own.typing.forEach(clearTimeout)
        if (books.get(conversationId) === own) books.delete(conversationId)
      }
    },
    older: async (conversation_id) => {
      const book = books.get(conversation_id)
      const before = book && Math.min(...Array.from(book.notes.keys()))
      if (!book || !book.hasOlder || !before || !isFinite(before)) return
      const page = await client.command<'list_notes'>({ type: 'list_notes', conversation_id, before })
      client.hold(page.users, [])
      book.hasOlder = page.more ?? false
      put(book, page.notes)
    },
    write: async (conversation_id, text, { mentions = [], whisper = false, caseId = '' } = {}) => {
      const client_msg_id = client.newKey()
      const asked = {
        type: 'write_note',
        client_msg_id,
        conversation_id,
        text,
        mentions,
        whisper,
        case_id: caseId,
      } as const
      return changed((await client.command<'write_note'>(asked)).note)
    },
    edit: async ({ conversation_id, seq }, text, mentions = []) => {
      const client_msg_id = client.newKey()
      const asked = { type: 'edit_note', client_msg_id, conversation_id, seq, text, mentions } as const
      return changed((await client.command<'edit_note'>(asked)).note)
    },
    remove: async ({ conversation_id, seq }) => {
      const client_msg_id = client.newKey()
      return changed(
        (await client.command<'remove_note'>({ type: 'remove_note', client_msg_id, conversation_id, seq })).note,
      )
    },
    typing: (conversation_id) => {
      const now = Date.now()
      if (client.state !== 'online' || now - (typedAt.get(conversation_id) ?? 0) < TYPED_EVERY_MS) return
      typedAt.set(conversation_id, now)
      // One that is lost is not worth a word to anyone.
      client.command<'type_note'>({ type: 'type_note', conversation_id }).catch(() => undefined)
    },
    search: async (query, { conversationId = '', limit = 20, cursor = '' } = {}) => {
      const asked = { type: 'search_notes', query, conversation_id: conversationId, limit, cursor } as const
      const page = await client.command<'search_notes'>(asked)
      client.hold(page.users, [])
      return page
    },
    mentions: async (before = 0) => {
      const page = await client.command<'list_mentions'>({ type: 'list_mentions', before })
      client.hold(page.users, [])
      return page
    },
    readMentions: async (conversation_id = '') => {
      const page = await client.command<'read_mentions'>({ type: 'read_mentions', conversation_id })
      client.hold(page.users, [])
      return page
    },
    onMention: (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    onWhisper: (fn) => {
      hearers.add(fn)
      return () => void hearers.delete(fn)
    },
  }
}
