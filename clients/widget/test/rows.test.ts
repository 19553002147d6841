// @vitest-environment node
import type { Message } from '@chaguan/sdk'
import { describe, expect, test } from 'vitest'
import { barsOf, kindOf, partsOf, pictureSize, sizeText } from '../src/measures'
import { momentText } from '../src/moments'
import { firstUnread, rowsOf, type RowContext } from '../src/rows'
import { textsOf } from '../src/texts'
import { message as made } from './fake'

const NOON = new Date(2026, 2, 5, 12, 0).getTime()

const message = (seq: number, more: Partial<Message> = {}): Message =>
  made(seq, { created_at: NOON + seq * 1000, ...more })

const context = (more: Partial<RowContext> = {}): RowContext => ({
  me: 'ann',
  now: NOON + 60_000,
  language: 'en',
  texts: textsOf('en'),
  firstUnread: '',
  peerRead: 0,
  link: (url = '') => url,
  userOf: (id) => (id === 'mei' ? { id, kind: 'staff', name: 'Mei' } : undefined),
  ...more,
})

describe('a row', () => {
  test('names who speaks once, until somebody else or five minutes come between', () => {
    const later = { created_at: NOON + 10 * 60_000 }
    const rows = rowsOf(
      [message(1), message(2), message(3, { sender_id: 'ann' }), message(4), message(5, later)],
      context(),
    )
    expect(rows.map(({ name }) => name)).toEqual(['Mei', '', '', 'Mei', 'Mei'])
    expect(rows.map(({ time }) => time !== '')).toEqual([true, false, false, false, true])
  })

  test('names the agent who begins to speak after the notice that they came', () => {
    const came = message(1, { content: { type: 'system', name: 'case_taken', params: { agent_name: 'Mei' } } })
    expect(rowsOf([came, message(2)], context())[1]?.name).toBe('Mei')
  })

  test('in the middle of the messages looks as it does among all of them', () => {
    const all = [message(1), message(2), message(3, { quote: { seq: 1, sender_id: 'mei' } }), message(4)]
    expect(rowsOf(all, context(), { from: 1, to: 3 })).toEqual(rowsOf(all, context()).slice(1, 3))
  })

  test('tells why it was refused, and of one that only waits for a network nothing', () => {
    const failed = (error: Message['error']) => message(0, { sender_id: 'ann', status: 'failed', error })
    const refused = { code: 'forbidden', detail: '' } as unknown as Message['error']
    expect(rowsOf([failed(refused)], context())[0]?.reason).toBe('You are not allowed to do this')
    expect(rowsOf([failed(null)], context())[0]?.reason).toBe('')
  })

  test('says of the last own message alone how far it got', () => {
    const own = { sender_id: 'ann' }
    const sending = message(0, { ...own, status: 'sending', client_msg_id: 'new' })
    const rows = rowsOf([message(1, own), message(2, own), sending], context({ peerRead: 1 }))
    expect(rows.map(({ note }) => note)).toEqual(['', 'Delivered', ''])
    expect(rowsOf([message(1, own)], context({ peerRead: 1 }))[0]?.note).toBe('Read')
  })

  test('of a message that was taken back says by whom, and shows nothing of it', () => {
    const gone = (recalled_by: string) => message(1, { content: null, recalled_by })
    const texts = ['ann', 'mei', ''].map((by) => rowsOf([gone(by)], context())[0]?.plain)
    expect(texts).toEqual(['You took back a message', 'Mei took back a message', 'This message was erased'])
  })

  test('quotes what is held, and only hints at what is not', () => {
    const answer = (seq: number) => message(9, { quote: { seq, sender_id: 'ann' } })
    const quoted = (messages: Message[]) => rowsOf(messages, context()).at(-1)?.quote
    expect(quoted([message(1, { sender_id: 'ann' }), answer(1)])).toEqual({ seq: 1, text: 'You: text 1' })
    expect(quoted([answer(5)])).toEqual({ seq: 5, text: 'You: …' })
  })

  test('tells notices of the desk in the reader’s language, and unknown ones as they say themselves', () => {
    const notice = (name: string, fallback = '') =>
      message(1, { content: { type: 'system', name, params: { agent_name: '小梅' }, fallback } })
    const zh = context({ language: 'zh-CN', texts: textsOf('zh-CN') })
    expect(rowsOf([notice('case_taken')], zh)[0]?.body).toEqual({ kind: 'notice', text: '小梅 为您服务' })
    expect(rowsOf([notice('brand_new', 'Something new')], zh)[0]?.plain).toBe('Something new')
  })

  test('of a kind that this widget does not know shows its fallback', () => {
    const content = { type: 'hologram', fallback: 'a hologram' } as unknown as Message['content']
    expect(rowsOf([message(1, { content: content ?? null })], context())[0]?.body).toEqual({
      kind: 'text',
      text: 'a hologram',
    })
  })
})

test('unread begins with the first message of others above the mark, and no notice', () => {
  const system = { type: 'system', name: 'case_taken' } as const
  const all = [message(1), message(2, { content: system }), message(3, { sender_id: 'ann' }), message(4)]
  expect(firstUnread(all, 1, 'ann')?.seq).toBe(4)
  expect(firstUnread(all, 4, 'ann')).toBeUndefined()
})

describe('links in text', () => {
  test('end before the punctuation that follows them, in both languages', () => {
    expect(partsOf('see https://a.example/b?c=1. ok')).toEqual([
      { text: 'see ', href: '' },
      { text: 'https://a.example/b?c=1', href: 'https://a.example/b?c=1' },
      { text: '. ok', href: '' },
    ])
    expect(partsOf('看 https://a.example，好')[1]?.href).toBe('https://a.example')
  })

  test('are never a script', () => {
    expect(partsOf('javascript:alert(1) data:text/html,x').every(({ href }) => href === '')).toBe(true)
  })
})

test('moments are words of the day for yesterday and this week, else dates', () => {
  const day = 86_400_000
  expect(momentText(NOON, NOON, 'en')).toBe('12:00')
  expect(momentText(NOON - day, NOON, 'en')).toBe('Yesterday 12:00')
  expect(momentText(NOON - day, NOON, 'zh-CN')).toBe('昨天 12:00')
  expect(momentText(NOON - 2 * day, NOON, 'zh-CN')).toBe('星期二 12:00')
  expect(momentText(NOON - 30 * day, NOON, 'zh-CN')).toBe('2月3日 12:00')
  expect(momentText(NOON - 400 * day, NOON, 'en')).toContain('2025')
})

test('pictures keep their shape within bounds, and have a place before anything is known', () => {
  expect(pictureSize(2200, 1100)).toEqual({ width: 220, height: 110 })
  expect(pictureSize(4000, 10)).toEqual({ width: 220, height: 72 })
  expect(pictureSize()).toEqual({ width: 220, height: 165 })
})

test('sizes, bars and kinds of files', () => {
  expect([sizeText(11), sizeText(2048), sizeText(5 * 1024 * 1024)]).toEqual(['11 B', '2.0 KB', '5.0 MB'])
  expect(barsOf([], 3)).toHaveLength(9)
  expect(Math.max(...barsOf([400], 60))).toBe(100)
  expect(['image/png', 'image/svg+xml', ''].map(kindOf)).toEqual(['image', 'file', 'file'])
  expect(['video/mp4', 'video/quicktime', 'video/webm', 'video/x-flv'].map(kindOf)).toEqual([
    'video',
    'video',
    'video',
    'file',
  ])
})
