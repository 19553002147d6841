import type { Client, Message, MessageWindow, User } from '@chaguan/sdk'
import type { NotesState } from '@chaguan/sdk/notes'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { wordsOf } from './words'

type Note = NotesState['notes'][number]

/** What the bubble of a note gets: `row.body.custom.data`. */
export interface NoteData {
  text: string
  whisper: boolean
  /** Who may see it. */
  seenBy: string
  edited: string
}

/** The name of the content by which the bubble knows a note. */
export const NOTE = 'chaguan.note'
/** In front of an author's id: a note is no message of theirs, so it is never marked as read by the customer. */
const AUTHOR = 'note:'

/** The notes that stand between the messages of conversations. */
export interface NoteLines {
  /** From now on these stand in the window of a conversation; none takes them away. */
  put(conversationId: string, notes: readonly Note[]): void
}

/**
 * The client for the kit's message list: the same, but windows have notes among their messages, and authors of notes are
 * found. A note has no `seq` there, so the list can't forward or select it, and no `ordinal`, so it is never unread.
 */
export function withNotes(client: Client): { face: Client; lines: NoteLines } {
  const held = new Map<string, readonly Note[]>()
  const listeners = new Set<(event: { conversation_id: string }) => void>()
  const list = (id: string): MessageWindow => merged(client.messages.list(id), held.get(id) ?? [], client)
  const find = (id: string): User | undefined =>
    client.users.find(id.indexOf(AUTHOR) === 0 ? id.slice(AUTHOR.length) : id)

  const on: Client['on'] = (name, fn) => {
    const off = client.on(name, fn)
    if (name !== 'message:changed') return off
    const listener = fn as unknown as (event: { conversation_id: string }) => void
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      off()
    }
  }
  // All else, `state` and `me` too, is the client's own.
  const face = Object.create(client, {
    messages: { value: { ...client.messages, list } },
    users: { value: { ...client.users, find } },
    on: { value: on },
  }) as Client
  const put = (conversation_id: string, notes: readonly Note[]) => {
    held.set(conversation_id, notes)
    Array.from(listeners).forEach((listener) => listener({ conversation_id }))
  }
  return { face, lines: { put } }
}

function merged(window: MessageWindow, notes: readonly Note[], client: Client): MessageWindow {
  const { messages } = window
  const sent = messages.filter(({ seq }) => seq > 0)
  const from = window.hasOlder ? (sent[0]?.seq ?? 0) : 0
  const until = window.hasNewer ? (sent[sent.length - 1]?.seq ?? 0) : Infinity
  const shown = notes.filter(({ seq }) => seq > from && seq < until)
  if (!shown.length) return window
  const lines = [
    ...sent.map((message) => ({ seq: message.seq, message })),
    ...shown.map((note) => ({ seq: note.seq, message: lineOf(note, client) })),
  ].sort((a, b) => a.seq - b.seq)
  return { ...window, messages: [...lines.map(({ message }) => message), ...messages.filter(({ seq }) => seq === 0)] }
}

/** The same object for the same note, so that the list can tell what changed. */
const made = new WeakMap<Note, { language: string; message: Message }>()

function lineOf(note: Note, client: Client): Message {
  const before = made.get(note)
  if (before?.language === kit.language) return before.message
  const message: Message = {
    type: 'message_sent',
    conversation_id: note.conversation_id,
    client_msg_id: `note-${note.seq}`,
    sender_id: note.removed_by ? '' : AUTHOR + note.author_id,
    seq: 0,
    created_at: note.created_at,
    content: note.removed_by ? removed(note, client) : written(note, client),
    status: 'sent',
    error: null,
    progress: 1,
    local_path: '',
  }
  made.set(note, { language: kit.language, message })
  return message
}

function written(note: Note, client: Client): Message['content'] {
  const data = noteData(note, client)
  const fallback = `${data.seenBy} ${data.text}`
  return { type: 'custom', name: NOTE, data: { ...data }, fallback }
}

function removed(note: Note, client: Client): Message['content'] {
  const name = client.users.find(note.removed_by ?? '')?.name ?? ''
  return {
    type: 'system',
    name: 'note_removed',
    params: {},
    fallback: fill(wordsOf(kit.language).noteRemoved, { name }),
  }
}

function noteData(note: Note, client: Client): NoteData {
  const words = wordsOf(kit.language)
  const to = note.whisper_to ?? ''
  const isToMe = to === client.me?.id
  const name = client.users.find(to)?.name ?? ''
  return {
    text: note.text ?? '',
    whisper: to !== '',
    seenBy: !to ? words.staffOnly : isToMe ? words.whisperToMe : fill(words.whisperTo, { name }),
    edited: note.edited_at ? words.edited : '',
  }
}
