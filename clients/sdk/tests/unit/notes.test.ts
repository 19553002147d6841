import type { Note, Notes, Push } from '@chaguan/protocol'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Client } from '../../src/core/client'
import { createNotes, type NotesState } from '../../src/modules/notes'

const ROOM = 's_1'

/** A server of notes, as far as a client of them sees it. */
class Stage {
  state = 'online'
  me = { id: 'u_me' }
  asked: { type: string; [key: string]: unknown }[] = []
  held: Note[] = []
  private listeners: Record<string, ((payload: unknown) => void)[]> = {}
  private keys = 0

  note(seq: number, more: Partial<Note> = {}): Note {
    const note = {
      conversation_id: ROOM,
      seq,
      changed_seq: seq,
      created_at: seq,
      author_id: 'u_mei',
      text: `n${seq}`,
      ...more,
    }
    this.held = [...this.held.filter((one) => one.seq !== seq), note].sort((a, b) => a.seq - b.seq)
    return note
  }

  client = {
    on: (name: string, fn: (payload: unknown) => void) => {
      ;(this.listeners[name] ??= []).push(fn)
      return () => undefined
    },
    command: async (request: { type: string; [key: string]: unknown }) => {
      this.asked.push(request)
      await Promise.resolve()
      return this.answer(request)
    },
    hold: () => undefined,
    report: (error: unknown) => {
      throw error
    },
    newKey: () => `key-${(this.keys += 1)}`,
    me: this.me,
    get state() {
      return 'online'
    },
  } as unknown as Client

  private answer(request: { type: string; [key: string]: unknown }): unknown {
    const changed_seq = Math.max(0, ...this.held.map((note) => note.changed_seq))
    if (request.type === 'list_notes' && request['changed_after']) {
      const after = Number(request['changed_after'])
      const found = this.held.filter((note) => note.changed_seq > after).sort((a, b) => a.changed_seq - b.changed_seq)
      const page = found.slice(0, 2)
      const last = page.at(-1)
      const more = found.length > 2
      return { notes: page, more, changed_seq: more && last ? last.changed_seq : changed_seq } satisfies Notes
    }
    if (request.type === 'list_notes') {
      return { notes: this.held.filter((note) => note.seq < Number(request['before'])), changed_seq } satisfies Notes
    }
    if (request.type === 'watch_notes') return { notes: this.held.slice(-3), more: this.held.length > 3, changed_seq }
    if (request.type === 'search_notes') return { notes: [] }
    if (request.type === 'write_note')
      return { note: this.note(90, { author_id: 'u_me', text: String(request['text']) }) }
    return null
  }

  push(push: Push): void {
    this.listeners['push']?.forEach((fn) => fn(push))
  }

  hidden(seq: number): void {
    this.push({ type: 'entry_hidden', conversation_id: ROOM, seq, created_at: seq })
  }

  online(): void {
    this.listeners['connection']?.forEach((fn) => fn({ state: 'online' }))
  }
}

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => void vi.useRealTimers())

async function watched(): Promise<{ seen: () => NotesState; stop: () => void; notes: ReturnType<typeof createNotes> }> {
  let state: NotesState = { notes: [], hasOlder: false, typing: [] }
  const notes = createNotes(stage.client)
  const stop = notes.watch(ROOM, (now) => (state = now))
  await vi.waitFor(() => expect(stage.asked.length).toBeGreaterThan(0))
  await Promise.resolve()
  return { seen: () => state, stop, notes }
}

const texts = (state: NotesState): string[] => state.notes.map((note) => note.text ?? '')

it('shows what is there, and what a hidden entry tells of', async () => {
  stage.note(3)
  const { seen } = await watched()
  await vi.waitFor(() => expect(texts(seen())).toEqual(['n3']))
  stage.note(5)
  stage.hidden(5)
  await vi.waitFor(() => expect(texts(seen())).toEqual(['n3', 'n5']))
})

it('takes an edit in its place, and page after page of what changed', async () => {
  for (const seq of [1, 2, 3]) stage.note(seq)
  const { seen } = await watched()
  await vi.waitFor(() => expect(seen().notes).toHaveLength(3))
  for (const seq of [4, 5, 6, 7]) stage.note(seq)
  stage.note(2, { changed_seq: 8, text: 'neu' })
  stage.hidden(8)
  await vi.waitFor(() => expect(texts(seen())).toEqual(['n1', 'neu', 'n3', 'n4', 'n5', 'n6', 'n7']))
})

it('asks once more, not once each, for hidden entries that come together', async () => {
  stage.note(1)
  const { seen } = await watched()
  await vi.waitFor(() => expect(seen().notes).toHaveLength(1))
  stage.note(2)
  stage.note(3)
  for (const seq of [2, 3, 3, 3]) stage.hidden(seq)
  await vi.waitFor(() => expect(seen().notes).toHaveLength(3))
  expect(stage.asked.filter(({ type }) => type === 'list_notes').length).toBeLessThanOrEqual(2)
})

it('begins anew after a reconnect, and finds what was written meanwhile', async () => {
  stage.note(1)
  const { seen } = await watched()
  await vi.waitFor(() => expect(seen().notes).toHaveLength(1))
  stage.note(1, { changed_seq: 4, text: 'weg', removed_by: 'u_boss' })
  stage.online()
  await vi.waitFor(() => expect(texts(seen())).toEqual(['weg']))
})

it('loads older notes once there are some', async () => {
  for (const seq of [1, 2, 3, 4, 5]) stage.note(seq)
  const { seen, notes } = await watched()
  await vi.waitFor(() => expect(seen().hasOlder).toBe(true))
  await notes.older(ROOM)
  expect(texts(seen())).toEqual(['n1', 'n2', 'n3', 'n4', 'n5'])
  expect(seen().hasOlder).toBe(false)
})

it('tells who writes a note until it is there, or for six seconds', async () => {
  stage.note(1)
  const { seen } = await watched()
  await vi.waitFor(() => expect(seen().notes).toHaveLength(1))
  vi.useFakeTimers()
  stage.push({ type: 'note_typing', conversation_id: ROOM, user_id: 'u_lin' })
  stage.push({ type: 'note_typing', conversation_id: ROOM, user_id: 'u_me' })
  expect(seen().typing).toEqual(['u_lin'])
  vi.advanceTimersByTime(6_000)
  expect(seen().typing).toEqual([])
})

it('says at most once in three seconds that I write a note', async () => {
  const { notes } = await watched()
  vi.useFakeTimers()
  for (let i = 0; i < 5; i += 1) notes.typing(ROOM)
  expect(stage.asked.filter(({ type }) => type === 'type_note')).toHaveLength(1)
  vi.advanceTimersByTime(3_000)
  notes.typing(ROOM)
  expect(stage.asked.filter(({ type }) => type === 'type_note')).toHaveLength(2)
})

it('shows my own note at once, and hears nothing more once it stops', async () => {
  const { seen, notes, stop } = await watched()
  await notes.write(ROOM, 'hm', { mentions: ['u_lin'] })
  expect(texts(seen())).toEqual(['hm'])
  expect(stage.asked.at(-1)).toMatchObject({
    type: 'write_note',
    client_msg_id: 'key-1',
    mentions: ['u_lin'],
    whisper: false,
  })
  stop()
  const before = stage.asked.length
  stage.hidden(95)
  await Promise.resolve()
  expect(stage.asked).toHaveLength(before)
})

it('passes on that a colleague named me', async () => {
  const { notes } = await watched()
  const heard: number[] = []
  const off = notes.onMention((_mention, unread) => heard.push(unread))
  const push: Push = { type: 'mentioned', unread: 2, mention: { note: stage.note(7) } }
  stage.push(push)
  off()
  stage.push(push)
  expect(heard).toEqual([2])
})

it('passes on what a supervisor whispers to me, also while nothing is watched', () => {
  const heard: unknown[] = []
  const off = createNotes(stage.client).onWhisper((note, customer) => heard.push([note.seq, customer]))
  const push: Push = { type: 'whispered', note: stage.note(8), customer_id: 'u_amy' }
  stage.push(push)
  off()
  stage.push(push)
  expect(heard).toEqual([[8, 'u_amy']])
})

it('looks for words in all notes of mine, or in those of one conversation', async () => {
  const notes = createNotes(stage.client)
  await notes.search('invoice')
  await notes.search('invoice', { conversationId: ROOM, limit: 5, cursor: 'c' })
  expect(stage.asked).toEqual([
    { type: 'search_notes', query: 'invoice', conversation_id: '', limit: 20, cursor: '' },
    { type: 'search_notes', query: 'invoice', conversation_id: ROOM, limit: 5, cursor: 'c' },
  ])
})
