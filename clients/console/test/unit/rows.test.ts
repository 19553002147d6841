import { expect, it } from 'vitest'
import { type Row, rowsOf } from '@/components/chat/rows'
import type { Log, Message } from '@/im'

const DAY = 86_400_000
const NOON = new Date(2026, 3, 4, 12).getTime()

function message(seq: number, sender: string, at: number, more: Partial<Message> = {}): Message {
  return {
    type: 'message_sent',
    conversation_id: 'c',
    seq,
    created_at: at,
    sender_id: sender,
    client_msg_id: `key-${seq}-${sender}`,
    content: { type: 'text', text: String(seq) },
    status: 'sent',
    error: null,
    progress: 0,
    local_path: '',
    ...more,
  }
}

function log(messages: Message[], more: Partial<Log> = {}): Log {
  return { messages, notices: [], hasOlder: true, hasNewer: false, loading: false, ...more }
}

const kinds = (rows: Row[]) => rows.map((row) => row.type)
const options = { unreadAfter: 0, me: 'me', told: () => true }

it('puts a line between days and none within one', () => {
  const rows = rowsOf(log([message(1, 'a', NOON - DAY), message(2, 'a', NOON), message(3, 'a', NOON + 1_000)]), options)
  expect(kinds(rows)).toEqual(['day', 'message', 'day', 'message', 'message'])
})

it('gives a run of one sender one head, until a pause or another sender', () => {
  const rows = rowsOf(
    log([
      message(1, 'a', NOON),
      message(2, 'a', NOON + 1_000),
      message(3, 'b', NOON + 2_000),
      message(4, 'b', NOON + 600_000),
    ]),
    options,
  )
  const heads = rows.flatMap((row) => (row.type === 'message' ? [[row.first, row.last]] : []))
  expect(heads).toEqual([
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ])
})

it('draws the unread line once, above the first message of somebody else', () => {
  const rows = rowsOf(
    log([message(1, 'a', NOON), message(2, 'me', NOON + 1), message(3, 'a', NOON + 2), message(4, 'a', NOON + 3)]),
    {
      unreadAfter: 1,
      me: 'me',
      told: () => true,
    },
  )
  expect(kinds(rows)).toEqual(['day', 'message', 'message', 'unread', 'message', 'message'])
})

it('draws the unread line above everything for who has read nothing', () => {
  expect(kinds(rowsOf(log([message(1, 'a', NOON)]), { unreadAfter: -1, me: 'me', told: () => true }))).toEqual([
    'day',
    'unread',
    'message',
  ])
})

it('keeps the key of a message on its way from pending to sent', () => {
  const pending = message(0, 'me', NOON, { status: 'sending', client_msg_id: 'k' })
  const sent = message(7, 'me', NOON, { client_msg_id: 'k' })
  expect(rowsOf(log([pending]), options).at(-1)?.key).toBe(rowsOf(log([sent]), options).at(-1)?.key)
})

it('puts notices where they happened and pending messages last', () => {
  const joined = {
    type: 'member_joined',
    conversation_id: 'c',
    seq: 2,
    created_at: NOON,
    actor_id: 'a',
    user_id: 'b',
  } as const
  const rows = rowsOf(
    log([message(1, 'a', NOON), message(3, 'a', NOON), message(0, 'me', NOON, { status: 'sending' })], {
      notices: [joined],
    }),
    options,
  )
  expect(kinds(rows)).toEqual(['day', 'message', 'notice', 'message', 'message'])
})

it('shows where the conversation starts only when nothing older is left', () => {
  expect(kinds(rowsOf(log([message(1, 'a', NOON)], { hasOlder: false }), options))[0]).toBe('start')
})

const noted = (seq: number) => ({
  conversation_id: 'c',
  seq,
  changed_seq: seq,
  created_at: NOON,
  author_id: 'a',
  text: 'n',
})

it('puts notes where they were written, and before what is still on its way', () => {
  const sending = message(0, 'me', NOON, { status: 'sending', client_msg_id: 'p' })
  const rows = rowsOf(log([message(2, 'a', NOON), message(5, 'a', NOON), sending]), {
    ...options,
    notes: [noted(3), noted(6)],
  })
  expect(kinds(rows)).toEqual(['day', 'message', 'note', 'message', 'note', 'message'])
})

it('keeps notes back that stand among messages not held', () => {
  const held = [message(4, 'a', NOON), message(6, 'a', NOON)]
  const notes = [noted(3), noted(5), noted(7)]
  const seqs = (rows: Row[]) => rows.flatMap((row) => (row.type === 'note' ? [row.note.seq] : []))
  expect(seqs(rowsOf(log(held, { hasOlder: true, hasNewer: true }), { ...options, notes }))).toEqual([5])
  expect(seqs(rowsOf(log(held, { hasOlder: false }), { ...options, notes }))).toEqual([3, 5, 7])
})
