// @vitest-environment jsdom
// What the components are made of, without a component: times, notes among messages, replies, who waits for an answer.
import { expect, test } from 'vitest'
import type { Client, Message } from '@chaguan/sdk'
import type * as CannedParts from '../src/canned'
import type * as NoteParts from '../src/note-lines'
import type * as TimerParts from '../src/timer'
import type * as UnansweredParts from '../src/unanswered'
import { LIN, ME, office, open, waiting, WANG } from './office'
import { module } from './stage'

office()

const words = (language: string) => module<{ wordsOf(language: string): object }>('desk/words.js').wordsOf(language)
const said = (seq: number, sender_id: string, more: Partial<Message> = {}): Message => ({
  type: 'message_sent',
  conversation_id: 'c',
  client_msg_id: `m${seq}`,
  sender_id,
  seq,
  ordinal: seq,
  created_at: seq * 1_000,
  content: { type: 'text', text: `words ${seq}` },
  status: 'sent',
  error: null,
  progress: 1,
  local_path: '',
  ...more,
})

test('both languages say the same things', () => {
  const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()
  const zh = words('zh-CN') as Record<string, string>
  const en = words('en') as Record<string, string>
  expect(Object.keys(en)).toEqual(Object.keys(zh))
  for (const key of Object.keys(zh)) {
    expect(holes(en[key]!), key).toEqual(holes(zh[key]!))
    expect(en[key]!.trim(), key).not.toBe('')
  }
})

test('a wait is counted in seconds for an hour, and warms as the queue has promised', () => {
  const { timerOf } = module<typeof TimerParts>('desk/timer.js')
  const zh = words('zh-CN') as Parameters<typeof timerOf>[3]
  const at = (ms: number, queue?: object) => {
    const { digits, word, warmth, said } = timerOf(ms, true, queue as never, zh)
    return [digits, word, warmth, said]
  }
  expect(at(7_000)).toEqual(['0:07', '', 'calm', '已等待 不到 1 分钟'])
  expect(at(130_000)).toEqual(['2:10', '尽快', 'warn', '已等待 2 分钟'])
  expect(at(3_900_000)).toEqual(['1 小时 5 分', '超时', 'late', '已等待 1 小时 5 分'])
  const promised = { id: 'q', shop_id: 's', name: '售后', target_wait_s: 60, targets: { warn_percent: 50 } }
  expect([29_000, 30_000, 60_000].map((ms) => at(ms, promised)[2])).toEqual(['calm', 'warn', 'late'])
})

test('a customer waits since the first of their words that nobody answered', () => {
  const { Unanswered } = module<typeof UnansweredParts>('desk/unanswered.js')
  let log: Message[] = [said(1, WANG.id), said(2, ME.id), said(3, WANG.id), said(4, WANG.id)]
  const unanswered = new Unanswered(() => log)
  const one = open('k', ME.id, { conversation_id: 'c' })
  const view = (last: Message) =>
    ({ conversation: { id: 'c', kind: 'service' }, inbox: { conversation_id: 'c', version: 1 }, last }) as never
  expect(unanswered.since(one, view(log[3]!))).toBe(3_000)
  const taken = said(5, ME.id, { content: { type: 'system', name: 'case_taken' } })
  expect(unanswered.since(one, view(taken))).toBe(3_000)
  expect(unanswered.words(one, view(taken))?.seq).toBe(4)
  log = [...log, said(6, ME.id)]
  expect(unanswered.since(one, view(log[4]!))).toBe(0)
  expect(unanswered.since(waiting('k2', 0, { queued_at: 9 }), undefined)).toBe(9)
  expect(unanswered.since(waiting('k3', 0, { queued_at: 9, bot_id: 'b' }), undefined)).toBe(0)
})

function withClient(messages: Message[], more: object = {}) {
  const { withNotes } = module<typeof NoteParts>('desk/note-lines.js')
  const heard: ((event: { conversation_id: string }) => void)[] = []
  const people = new Map([ME, LIN, WANG].map((user) => [user.id, user]))
  const client = {
    get me() {
      return ME
    },
    messages: { list: () => ({ messages, notices: [], hasOlder: false, hasNewer: false, loading: false, ...more }) },
    users: { find: (id: string) => people.get(id) },
    on: (_name: string, fn: (event: { conversation_id: string }) => void) => {
      heard.push(fn)
      return () => undefined
    },
  }
  return withNotes(client as unknown as Client)
}
const note = (seq: number, more: object = {}) => ({
  conversation_id: 'c',
  seq,
  changed_seq: seq,
  created_at: seq * 1_000,
  author_id: LIN.id,
  text: `note ${seq}`,
  ...more,
})

test('notes stand at their places, and can neither be unread, selected nor marked as read', () => {
  const { face, lines } = withClient([said(1, WANG.id), said(3, ME.id), said(0, ME.id, { client_msg_id: 'pending' })])
  const heard: string[] = []
  face.on('message:changed', ({ conversation_id }) => heard.push(conversation_id))
  lines.put('c', [note(2), note(4)])
  expect(heard).toEqual(['c'])
  const { messages } = face.messages.list('c')
  expect(messages.map(({ client_msg_id }) => client_msg_id)).toEqual(['m1', 'note-2', 'm3', 'note-4', 'pending'])
  const shown = messages[1]!
  expect([shown.seq, shown.ordinal]).toEqual([0, undefined])
  expect(shown.sender_id).not.toBe(LIN.id)
  expect(face.users.find(shown.sender_id)?.name).toBe('老林')
  expect(shown.content).toMatchObject({ type: 'custom', name: 'chaguan.note', fallback: '仅同事可见 note 2' })
  // Unchanged notes are the same lines, so that the list draws none of them anew.
  expect(face.messages.list('c').messages[1]).toBe(shown)
  expect(face.me?.id).toBe(ME.id)
})

test('notes from before the messages that are held wait for them', () => {
  const { face, lines } = withClient([said(5, WANG.id), said(7, WANG.id)], { hasOlder: true, hasNewer: true })
  lines.put('c', [note(3), note(6), note(9)])
  expect(face.messages.list('c').messages.map(({ client_msg_id }) => client_msg_id)).toEqual(['m5', 'note-6', 'm7'])
})

test('a whisper says whom it is for, and a note that was removed who did it', () => {
  const { face, lines } = withClient([said(1, WANG.id)])
  lines.put('c', [
    note(2, { whisper_to: ME.id }),
    note(3, { whisper_to: LIN.id }),
    note(4, { removed_by: LIN.id, text: '' }),
  ])
  const contents = face.messages.list('c').messages.map(({ content }) => content as { fallback?: string })
  expect(contents.slice(1).map(({ fallback }) => fallback)).toEqual([
    '悄悄话，只有你看得到 note 2',
    '悄悄话，只给 老林 note 3',
    '老林 删除了一条备注',
  ])
})

test('a slash begins a search only where an answer begins', () => {
  const { slashQuery, orderIn } = module<typeof CannedParts>('desk/canned.js')
  expect(['/', '/ship', '茶/ship', '/a b', '//x', ''].map(slashQuery)).toEqual(['', 'ship', null, null, null, null])
  expect(orderIn({ customer: WANG, business: { orders: [{ id: 17, status_text: '待发货' }] } })).toEqual({
    'order.number': '17',
    'order.status': '待发货',
    'order.total': '',
  })
  expect([orderIn(null), orderIn({ customer: WANG, business: { orders: 'none' } })]).toEqual([{}, {}])
})
