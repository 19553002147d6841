import { describe, expect, test } from 'vitest'
import { saidByTap } from '../src/choices'

const card = {
  type: 'choices',
  lines: [{ label: '1', value: '退款多久到账？' }],
  actions: [
    { id: '1', label: '1' },
    { id: 'human', label: '转人工' },
  ],
}

describe('a tap on a choice', () => {
  test('says the line that its number stands before', () => expect(saidByTap(card, '1')).toBe('退款多久到账？'))
  test('says its own words where there is no such line', () => expect(saidByTap(card, 'human')).toBe('转人工'))
  test('says nothing for an action that is none of the card', () => expect(saidByTap(card, 'pay')).toBe(''))
  test('says nothing for a card of goods, whose buttons lead to pages', () =>
    expect(saidByTap({ ...card, type: 'product' }, '1')).toBe(''))
  test('says nothing without a card', () => expect(saidByTap(undefined, '1')).toBe(''))
})
