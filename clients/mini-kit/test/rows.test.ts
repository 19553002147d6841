import { describe, expect, test } from 'vitest'
import type { Message } from '@chaguan/sdk'
import { barsOf, bodyOf, partsOf, pictureSize, sizeText } from '../src/bodies'
import { rowOf, type RowContext } from '../src/rows'
import { fill, languageOf, textsOf } from '../src/texts'
import { lengthText, momentText, shortText } from '../src/times'
import { ME, MEI, message } from './messages'

const zh = textsOf('zh-CN')
const en = textsOf('en')

function context(more: Partial<RowContext> = {}): RowContext {
  return {
    me: ME.id,
    now: 1_800_000_000_000,
    texts: zh,
    group: false,
    firstUnread: '',
    marked: { key: '', note: '' },
    picked: new Set(),
    userOf: (id) => [ME, MEI].find((user) => user.id === id),
    messageOf: () => undefined,
    ...more,
  }
}

describe('rows', () => {
  test('both languages have the same texts with the same places to fill', () => {
    const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()
    expect(Object.keys(en)).toEqual(Object.keys(zh))
    for (const name of Object.keys(zh) as (keyof typeof zh)[])
      expect([name, holes(en[name])]).toEqual([name, holes(zh[name])])
  })

  test('the time stands above a message after five quiet minutes and not before', () => {
    const first = message(1)
    const soon = { ...message(2), created_at: first.created_at + 299_000 }
    const later = { ...message(3), created_at: first.created_at + 301_000 }
    expect(rowOf(first, undefined, context()).time).not.toBe('')
    expect(rowOf(soon, first, context()).time).toBe('')
    expect(rowOf(later, first, context()).time).not.toBe('')
  })

  test('a recalled message says who took it back and shows nothing of it', () => {
    const recalled = message(1, null, { recalled_by: MEI.id })
    expect(rowOf(recalled, undefined, context()).body).toEqual({ kind: 'recalled', plain: '小梅撤回了一条消息' })
    expect(rowOf(message(2, null, { recalled_by: ME.id }), undefined, context()).body.plain).toBe('你撤回了一条消息')
    expect(rowOf(message(3, null), undefined, context()).body.plain).toBe('此消息已被清除')
  })

  test('a type from the future shows its fallback, or says that it is not supported', () => {
    const future = (fallback?: string) => message(1, { type: 'hologram', fallback } as unknown as Message['content'])
    expect(bodyOf(future('一段全息影像'), ME.id, () => '', zh).text).toBe('一段全息影像')
    expect(bodyOf(future(), ME.id, () => '', zh)).toMatchObject({ kind: 'unsupported', text: zh.unsupportedHint })
  })

  test('a quote shows the message that it names and not what it once said', () => {
    const quoted = message(1, null, { recalled_by: MEI.id })
    const row = rowOf(message(2, undefined, { quote: { seq: 1 } }), quoted, context({ messageOf: () => quoted }))
    expect(row.quote?.text).toBe('小梅：小梅撤回了一条消息')
  })

  test('links are cut out of the text and trailing Chinese punctuation is not part of them', () => {
    expect(partsOf('看 https://a.example/茶?x=1。好').map((part) => [part.text, part.link])).toEqual([
      ['看 ', false],
      ['https://a.example/茶?x=1', true],
      ['。好', false],
    ])
    expect(partsOf('没有链接')).toHaveLength(1)
  })

  test('a picture keeps its shape, neither too small to hit nor too large for the screen', () => {
    expect(pictureSize(4000, 3000)).toEqual({ width: 180, height: 135 })
    expect(pictureSize(10, 4000)).toEqual({ width: 72, height: 180 })
    expect(pictureSize()).toEqual({ width: 180, height: 180 })
  })

  test('sizes, lengths and bars are as people read them', () => {
    expect([sizeText(900), sizeText(2048), sizeText(20 * 1024), sizeText(3 * 1024 * 1024)]).toEqual([
      '900 B',
      '2.0 KB',
      '20 KB',
      '3.0 MB',
    ])
    expect([lengthText(400), lengthText(65_000)]).toEqual(['0:01', '1:05'])
    expect(barsOf([0, 100, 50], 3).every((bar) => bar >= 12 && bar <= 100)).toBe(true)
    expect(barsOf([], 60)).toHaveLength(24)
  })

  test('moments are told by the calendar in both languages', () => {
    const now = new Date(2026, 10, 22, 9, 30).getTime()
    const at = (...parts: [number, number, number, number, number]) => new Date(...parts).getTime()
    expect(momentText(at(2026, 10, 22, 8, 5), now, zh)).toBe('08:05')
    expect(momentText(at(2026, 10, 21, 23, 59), now, zh)).toBe('昨天 23:59')
    expect(momentText(at(2026, 10, 18, 7, 0), now, zh)).toBe('星期三 07:00')
    expect(shortText(at(2026, 2, 5, 7, 0), now, zh)).toBe('3月5日')
    expect(shortText(at(2025, 2, 5, 7, 0), now, zh)).toBe('2025年3月5日')
    expect(momentText(at(2026, 10, 21, 23, 59), now, en)).toBe('Yesterday 23:59')
    expect(shortText(at(2025, 2, 5, 7, 0), now, en)).toBe('5 Mar 2025')
  })

  test('the language of the host is found in its tags', () => {
    expect(['zh_CN', 'zh-Hans-CN', 'en', 'fr'].map(languageOf)).toEqual(['zh-CN', 'zh-CN', 'en', 'en'])
    expect(fill('{n} 条，{n}', { n: 3 })).toBe('3 条，3')
  })
})
