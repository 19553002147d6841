/** Canned replies: which fit what was typed, in which language, and with what filled in. */
import { expect, test } from 'vitest'
import { fillReply, findReplies, textFor, unfilledIn, type CannedReply } from '../../src/modules/replies'

const reply = (shortcut: string, title: string, more: Partial<CannedReply> = {}): CannedReply => ({
  id: shortcut,
  shortcut,
  title,
  ...more,
})
const all = [
  reply('hi', '您好', { texts: { 'zh-CN': '您好，请讲', en: 'Hello' } }),
  reply('ship', '发货时间', { texts: { 'zh-CN': '48 小时内发货' }, score: 9 }),
  reply('return', '退货地址', { folder: '售后' }),
  reply('ship-far', '偏远地区'),
]
const found = (query: string) => findReplies(all, query).map(({ shortcut }) => shortcut)

test('the shortcut itself comes first, then what begins so, contains it, says it', () => {
  expect(found('ship')).toEqual(['ship', 'ship-far'])
  expect(found('far')).toEqual(['ship-far'])
  expect(found('售后')).toEqual(['return'])
  expect(found('小时')).toEqual(['ship'])
  expect(found('茶')).toEqual([])
})

test('without a word all are offered, the most used first', () => {
  expect(found('')[0]).toBe('ship')
  expect(found('')).toHaveLength(4)
})

test('the text is in the language of the customer, else of the agent, else any', () => {
  expect(textFor(all[0]!, ['en-GB', 'zh-CN'])).toBe('Hello')
  expect(textFor(all[0]!, ['fr', 'zh-CN'])).toBe('您好，请讲')
  expect(textFor(all[1]!, ['en'])).toBe('48 小时内发货')
  expect(textFor(all[2]!, ['en'])).toBe('')
})

test('what is known is filled in, what is not stays to be seen', () => {
  const text = fillReply('{{customer.name}}，订单 {{ order.number }}，{{customer.name}}', { 'customer.name': '王女士' })
  expect(text).toBe('王女士，订单 {{ order.number }}，王女士')
  expect(unfilledIn(text)).toEqual(['order.number'])
  expect(unfilledIn('{{x}} {{ }}')).toEqual([])
})
