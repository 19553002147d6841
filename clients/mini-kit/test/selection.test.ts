import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Client, Content, Merged, Message } from '@chaguan/sdk'
import { bodyOf, bodyOfContent } from '../src/bodies'
import { bundleRows, bundleTitle } from '../src/bundles'
import { ListView } from '../src/list-view'
import { PICKED_MOST } from '../src/picks'
import { textsOf } from '../src/texts'
import { log, ME, MEI, message } from './messages'

vi.stubGlobal('wx', { getAppBaseInfo: () => ({ language: 'zh_CN' }) })

const zh = textsOf('zh-CN')
const en = textsOf('en')

describe('selected messages', () => {
  let messages: Message[]
  let tell: () => void
  let drawn: Record<string, unknown>[]
  let view: ListView

  async function open(held: Message[]): Promise<void> {
    messages = held
    drawn = []
    const client = {
      me: ME,
      on: (name: string, fn: (event: object) => void) => {
        if (name === 'message:changed') tell = () => fn({ conversation_id: 'c1' })
        return () => undefined
      },
      users: { find: (id: string) => [ME, MEI].find((user) => user.id === id), get: () => Promise.resolve([]) },
      conversations: { find: () => undefined, markRead: () => undefined },
      messages: {
        list: () => ({ messages, notices: [], hasOlder: false, hasNewer: false, loading: false }),
        open: () => Promise.resolve(),
      },
    }
    const host = {
      draw: (patch: object) => {
        drawn.push(patch as Record<string, unknown>)
        return Promise.resolve()
      },
      measure: () => Promise.resolve(null),
      topOf: () => Promise.resolve(null),
    }
    view = new ListView(host, client as unknown as Client, 'c1')
    await view.start()
    drawn.length = 0
  }

  beforeEach(() => open(log(1, 150)))

  test('one that is picked crosses to the view as a field of its row and a number', () => {
    expect(view.pick('key-149')).toBe(true)
    const [patch] = drawn
    expect(Object.keys(patch!)).toHaveLength(2)
    expect(Object.entries(patch!)).toEqual([
      [expect.stringMatching(/^pages\[\d\]\.rows\[\d+\]\.picked$/), true],
      ['pickedCount', 1],
    ])
    view.pick('key-149')
    expect(Object.values(drawn[1]!)).toEqual([false, 0])
    expect(view.picked()).toEqual([])
  })

  test('they are given in the order in which they were said, whatever the order of the taps', () => {
    for (const key of ['key-150', 'key-120', 'key-148']) view.pick(key)
    expect(view.picked().map(({ seq }) => seq)).toEqual([120, 148, 150])
  })

  test('there are no more than the server takes', () => {
    for (let seq = 1; seq <= PICKED_MOST; seq++) expect(view.pick(`key-${seq}`)).toBe(true)
    expect(view.pick('key-150')).toBe(false)
    expect(view.picked()).toHaveLength(PICKED_MOST)
    expect(view.pick('key-1')).toBe(true)
    expect(view.pick('key-150')).toBe(true)
  })

  test('what is pending, recalled or said by nobody can not be picked', async () => {
    const system: Content = { type: 'system', name: 'case_taken', params: {} }
    await open([
      message(1),
      message(2, null, { recalled_by: MEI.id }),
      message(3, system),
      message(4, undefined, { status: 'sending', seq: 0 }),
      message(5, undefined, { status: 'failed', seq: 0 }),
    ])
    for (let n = 1; n <= 5; n++) view.pick(`key-${n}`)
    expect(view.picked().map(({ seq }) => seq)).toEqual([1])
  })

  test('what is recalled meanwhile is picked no more', () => {
    view.pick('key-149')
    view.pick('key-150')
    messages = messages.map((one) => (one.seq === 150 ? message(150, null, { recalled_by: ME.id }) : one))
    tell()
    expect(view.picked().map(({ seq }) => seq)).toEqual([149])
    expect(drawn.some((patch) => patch['pickedCount'] === 1)).toBe(true)
  })

  test('to let go of all touches only their rows', () => {
    view.pick('key-149')
    view.pick('key-150')
    drawn.length = 0
    view.unpickAll()
    expect(Object.keys(drawn[0]!).filter((name) => name.endsWith('.picked'))).toHaveLength(2)
    expect(Object.keys(drawn[0]!)).toHaveLength(3)
  })
})

describe('bundles in words', () => {
  const bundle = (names: string[], from_kind: Merged['from_kind'] = 'direct'): Merged => ({
    type: 'merged',
    from_kind,
    count: 6,
    senders: names.map((name) => ({ name })),
    items: [
      { created_at: 1, content: { type: 'text', text: '多\n行' } },
      { sender: 1, created_at: 2, content: { type: 'image', media_id: 'm' } },
      { created_at: 3, content: { type: 'voice', media_id: 'm', duration_ms: 2_000 } },
      { sender: 1, created_at: 4, content: { type: 'merged', from_kind: 'group', count: 2, senders: [], items: [] } },
      { created_at: 5, content: { type: 'text', text: '第五句' } },
    ],
  })

  test('a title says whose words they are, and of a group only that', () => {
    expect(bundleTitle(bundle(['小梅', '茶友']), zh)).toBe('小梅和茶友的聊天记录')
    expect(bundleTitle(bundle(['Mei', 'Bo']), en)).toBe('Chat history of Mei and Bo')
    expect(bundleTitle(bundle(['小梅']), zh)).toBe('小梅的聊天记录')
    expect(bundleTitle(bundle(['小梅', '茶友'], 'group'), zh)).toBe('群聊的聊天记录')
    expect(bundleTitle(bundle(['', '']), en)).toBe('Chat history')
  })

  test('the bubble has four lines at most, each on one', () => {
    const body = bodyOfContent(bundle(['小梅', '茶友']), zh)
    expect((body['lines'] as { text: string }[]).map(({ text }) => text)).toEqual([
      '小梅：多 行',
      '茶友：[图片]',
      '小梅：[语音]',
      '茶友：[聊天记录] 群聊的聊天记录',
    ])
    expect(body['note']).toBe('查看 6 条聊天记录')
  })

  test('lists, quotes and screen readers get it as one line', () => {
    const said = message(1, bundle(['小梅', '茶友']))
    expect(bodyOf(said, ME.id, () => '', zh).plain).toBe('[聊天记录] 小梅和茶友的聊天记录')
    expect(bodyOf(said, ME.id, () => '', en).plain).toBe('[Chat history] Chat history of 小梅 and 茶友')
  })

  test('a face stands where somebody begins to speak', () => {
    const merged = bundle(['小梅', ''])
    merged.items.push({ created_at: 6, content: { type: 'text', text: '又一句' } })
    const rows = bundleRows(merged, 'b', 1_000_000, zh, bodyOfContent)
    expect(rows.map(({ first }) => first)).toEqual([true, true, true, true, true, false])
    expect(rows.map(({ key }) => key)).toEqual(['b0', 'b1', 'b2', 'b3', 'b4', 'b5'])
    expect(rows[1]).toMatchObject({ name: '对方', label: '对方：[图片]' })
  })
})
