import { expect, it } from 'vitest'
import type { CannedReply } from '@/api/replies'
import { findReplies, slashQuery, textFor } from '@/components/replies/find'
import { initials } from '@/components/replies/pinyin'
import { fill, firstUnfilled, variablesIn } from '@/components/replies/variables'

it.each([
  ['您好', 'nh'],
  ['退货地址', 'thdz'],
  ['龙井', 'lj'],
  ['优惠券', 'yhq'],
  ['发票 VIP 2', 'fpvip2'],
  ['阿姨啊', 'aya'],
  ['座机', 'zj'],
  ['…！', ''],
])('%s sounds like %s', (text, letters) => {
  expect(initials(text)).toBe(letters)
})

function reply(shortcut: string, title: string, more: Partial<CannedReply> = {}): CannedReply {
  return { id: shortcut, shortcut, title, ...more }
}

const ALL = [
  reply('hi', '您好', { texts: { 'zh-CN': '您好，欢迎光临' } }),
  reply('return', '退货地址', { score: 500, texts: { 'zh-CN': '寄到杭州' } }),
  reply('refund', '退款时间', { score: 2000 }),
  reply('card', '龙井卡片', { owner_id: 'u_me' }),
]
const found = (query: string): string[] => findReplies(ALL, query).map(({ id }) => id)

it('offers everything at first, what is used often and lately before the rest', () => {
  expect(found('')).toEqual(['refund', 'return', 'card', 'hi'])
})

it('finds by the beginning of shortcut, title and sound, then by what stands inside', () => {
  expect(found('re')).toEqual(['refund', 'return'])
  expect(found('退')).toEqual(['refund', 'return'])
  expect(found('th')).toEqual(['return'])
  expect(found('地址')).toEqual(['return'])
  expect(found('dz')).toEqual(['return'])
  expect(found('杭州')).toEqual(['return'])
  expect(found('xyz')).toEqual([])
})

it('puts the shortcut itself before what only begins so, however seldom it is used', () => {
  const near = [...ALL, reply('c', '别的'), reply('cc', '又一个', { score: 9000 })]
  expect(findReplies(near, 'c').map(({ id }) => id)).toEqual(['c', 'cc', 'card'])
})

it.each([
  ['/', 1, ''],
  ['/hi', 3, 'hi'],
  ['/hi', 1, null],
  ['/hi there', 9, null],
  ['a/b', 3, null],
  ['/a/b', 4, null],
  ['', 0, null],
])('%j with the caret at %i asks for %j', (text, caret, query) => {
  expect(slashQuery(text, caret)).toBe(query)
})

it('speaks the language of the customer, then that of the agent, then what there is', () => {
  const texts = { 'zh-CN': '您好', en: 'Hello' }
  expect(textFor(texts, ['en-GB', 'zh-CN'])).toBe('Hello')
  expect(textFor(texts, ['ja', 'zh'])).toBe('您好')
  expect(textFor(texts, ['', 'fr'])).toBe('您好')
  expect(textFor({}, ['en'])).toBe('')
})

it('fills in what is known, and shows what is not', () => {
  const text = '{{customer.name}}您好，{{ order.number }}：{{order.status}} {{other}}'
  const filled = fill(text, { 'customer.name': '苏', 'order.status': ' ' })
  expect(filled).toBe('苏您好，{{ order.number }}：{{order.status}} {{other}}')
  expect(variablesIn(filled)).toEqual(['order.number', 'order.status'])
  expect(firstUnfilled(filled)).toEqual({ from: 4, to: 22 })
  expect(firstUnfilled('苏 {{other}}')).toBeNull()
})

it('puts a value in as it is, whatever stands in it', () => {
  expect(fill('{{customer.name}}', { 'customer.name': '$& {{agent.name}}' })).toBe('$& {{agent.name}}')
})
