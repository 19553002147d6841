import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Entry, MessageSent, Push } from '@chaguan/protocol'
import { ChaguanError } from '../../src/core/errors'
import { utf8Length, uuid7 } from '../../src/core/keys'
import { changeMessage, mergeSync, newLog, receive } from '../../src/core/log'
import { entryOnRow, mergeInbox, unreadOf } from '../../src/core/rows'
import { createStore } from '../../src/core/store'
import { errorText } from '../../src/modules/texts'
import { subjectOf } from '../../src/modules/token'

const common = { conversation_id: 'c', created_at: 9 }
const message = (seq: number, fields: Partial<MessageSent> = {}): MessageSent => ({
  type: 'message_sent',
  ...common,
  seq,
  sender_id: 'a',
  client_msg_id: `k${seq}`,
  ordinal: seq,
  content: { type: 'text', text: `${seq}` },
  ...fields,
})
const row = (fields = {}) => ({
  conversation: { id: 'c', kind: 'group' as const, ...fields },
  inbox: { conversation_id: 'c', version: 1 },
  last: null,
})

test('a change is applied once, and never after a later one', () => {
  const edited = changeMessage(message(1), {
    type: 'message_edited',
    ...common,
    seq: 5,
    actor_id: 'a',
    target_seq: 1,
    content: { type: 'text', text: 'new' },
  })
  expect(edited).toMatchObject({ content: { text: 'new' }, changed_seq: 5, edited_at: 9 })
  const old: Entry = {
    type: 'message_edited',
    ...common,
    seq: 4,
    actor_id: 'a',
    target_seq: 1,
    content: { type: 'text', text: 'old' },
  }
  expect(changeMessage(edited, old)).toBe(edited)
})

test('a recalled message keeps nothing of what was said, and an older edit does not bring it back', () => {
  const full = message(1, { mentions: ['b'], quote: { seq: 1 }, reactions: [['👍', ['b']]], edited_at: 3 })
  const recalled = changeMessage(full, { type: 'message_recalled', ...common, seq: 7, actor_id: 'a', target_seq: 1 })
  expect(recalled).toMatchObject({
    content: null,
    mentions: [],
    quote: null,
    reactions: [],
    edited_at: 0,
    recalled_by: 'a',
  })
})

test('reactions keep their order and vanish with the last user', () => {
  const react = (m: MessageSent, seq: number, actor_id: string, on: boolean) =>
    changeMessage(m, { type: 'reaction_set', ...common, seq, actor_id, target_seq: 1, emoji: '👍', on })
  let m = react(react(message(1), 2, 'a', true), 3, 'b', true)
  expect(m.reactions).toEqual([['👍', ['a', 'b']]])
  m = react(react(react(m, 4, 'a', true), 5, 'a', false), 6, 'b', false)
  expect(m.reactions).toEqual([])
})

test('an entry that comes too early waits for those before it', () => {
  const first = receive(newLog(1, message(1)), message(3), 1)
  expect([first.entries, first.log.held.length, first.log.upTo]).toEqual([[], 1, 1])
  const second = receive(first.log, message(2), 1)
  expect(second.entries.map((entry) => entry.seq)).toEqual([2, 3])
  expect(receive(second.log, message(2), 1).entries).toEqual([])
})

test('a hole before the first visible entry is none', () => {
  expect(receive(newLog(2, null), message(9), 9).log.upTo).toBe(9)
})

test('a reset that was overtaken by newer entries is not taken', () => {
  const log = newLog(9, message(9))
  expect(
    mergeSync(log, { conversation_id: 'c', head_seq: 8, head_ordinal: 8, reset: true, entries: [message(8)] }, 3, 1)
      .log,
  ).toBe(log)
  expect(
    mergeSync(log, { conversation_id: 'c', head_seq: 8, head_ordinal: 8, reset: true, entries: [message(8)] }, 9, 1).log
      .upTo,
  ).toBe(8)
})

test('what lies below the floor is dropped and is no gap', () => {
  let log = newLog(1, message(1))
  for (const entry of [message(2), message(3)]) log = receive(log, entry, 1).log
  log = receive(log, { type: 'floor_raised', ...common, seq: 4, floor_seq: 3 }, 1).log
  expect(log.live.shown.map(({ seq }) => seq)).toEqual([3])
})

test('unread is derived from ordinals and never below zero; my own message moves my mark', () => {
  const held = row({ head_seq: 4, head_ordinal: 3 })
  expect(unreadOf(held)).toBe(3)
  expect(unreadOf(entryOnRow(held, message(5, { ordinal: 4 }), 'b'))).toBe(4)
  expect(unreadOf(entryOnRow(held, message(5, { ordinal: 4 }), 'a'))).toBe(0)
  expect(unreadOf({ ...held, inbox: { ...held.inbox, read_ordinal: 9 } })).toBe(0)
})

test('a quiet change of a case leaves it as it was: nobody took it anew', () => {
  const entry = { type: 'case_changed' as const, ...common, seq: 5, actor_id: 'a', case_id: 'k', agent_id: 'a' }
  const taken = entryOnRow(row({ head_seq: 4 }), { ...entry, created_at: 7, status: 'open' }, 'b')
  const tagged = entryOnRow(taken, { ...entry, seq: 6, created_at: 9, status: 'open', quiet: true }, 'b')
  expect(tagged.case).toEqual(taken.case)
  expect(tagged.case?.taken_at).toBe(7)
})

test('marks never go back, whatever the version of the row', () => {
  const merged = mergeInbox(
    { conversation_id: 'c', version: 5, read_seq: 8, pinned_at: 1 },
    { conversation_id: 'c', version: 6, read_seq: 3 },
  )
  expect(merged).toMatchObject({ version: 6, read_seq: 8 })
  expect(merged.pinned_at).toBeUndefined()
})

test('keys are UUIDs of version 7 that sort by time', () => {
  const key = uuid7(1_700_000_000_000, Array(10).fill(255))
  expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(uuid7(1_700_000_000_001, Array(10).fill(0)) > key).toBe(true)
})

test('text is measured in UTF-8 bytes', () => {
  for (const text of ['abc', '茶馆', 'é', '🍵', ''])
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length)
})

test('the subject of a user token is read, and a token of another kind has none', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  expect(subjectOf(`${part({ alg: 'HS256' })}.${part({ iss: 'app', sub: '茶客' })}.sig`)).toBe('app 茶客')
  expect([subjectOf('opaque'), subjectOf('a.b.c'), subjectOf('')]).toEqual(['', '', ''])
})

test('errors have a sentence in both languages, unknown codes too', () => {
  expect(errorText('forbidden', 'zh-CN')).toMatch(/权限/)
  expect(errorText('forbidden', 'en-US')).toMatch(/allowed/)
  expect(errorText('of_tomorrow', 'en')).toBe(errorText('internal', 'en'))
  expect(new ChaguanError('rate_limited', '', { retry_after_ms: 5 })).toMatchObject({ busy: true, retryAfterMs: 5 })
})

const golden = fileURLToPath(new URL('../../../../tests/golden/protocol/', import.meta.url))

test('the golden files are there', () => {
  expect(existsSync(golden) && readdirSync(golden).length).toBeGreaterThan(70)
})

test.each(existsSync(golden) ? readdirSync(golden) : [])('%s is taken by the store without complaint', (name) => {
  const value = JSON.parse(readFileSync(golden + name, 'utf8')) as Push & { seq?: number; conversation_id?: string }
  const store = createStore()
  const id = value.conversation_id ?? 'c'
  store.addView({
    conversation: { id, kind: 'group', head_seq: (value.seq ?? 1) - 1 },
    inbox: { conversation_id: id, version: 1 },
    last: null,
  })
  if (typeof value.seq === 'number' && value.conversation_id) {
    expect(store.applyEntry(value as Entry)).toBe(true)
    expect([store.upTo(id), store.rows.get(id)?.conversation.head_seq]).toEqual([value.seq, value.seq])
    if (value.type === 'message_sent') expect(store.logs.get(id)?.live.shown).toEqual([value])
  } else if (value.type === 'user_changed') {
    store.userVersion = value.previous
    expect([store.applyUserChanged(value), store.userVersion]).toEqual([true, value.version])
  } else if (name === 'Welcome.json') {
    const welcome = value as unknown as Parameters<ReturnType<typeof createStore>['applyWelcome']>[0]
    store.applyWelcome(welcome, new Map(), 0)
    expect([store.epoch, store.userVersion, store.me]).toEqual([welcome.epoch, welcome.user_version, welcome.user])
  } else {
    // Commands, replies and contents have no reducer of their own: reading and writing loses nothing.
    expect(JSON.parse(JSON.stringify(value))).toEqual(value)
  }
})

test('an entry of a type that is not known yet counts and shows nothing', () => {
  const log = receive(newLog(1, null), { type: 'of_tomorrow', ...common, seq: 2 } as unknown as Entry, 1).log
  expect([log.upTo, log.live.shown]).toEqual([2, []])
})
