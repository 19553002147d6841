import { describe, expect, it } from 'vitest'
import { EMOJI, findEmoji } from '@/components/chat/emoji'
import { insertMention, mentionQuery, mentionsIn } from '@/components/chat/mentions'
import { around, linkPieces, markPieces } from '@/components/content/links'
import { readBusiness } from '@/components/desk/business'
import { nameOf } from '@/components/shell/keys'

describe('links', () => {
  it('ends a link at Chinese punctuation and leaves a closing mark to the sentence', () => {
    expect(linkPieces('看https://a.example/茶?x=1。好 (https://b.example).')).toEqual([
      { text: '看' },
      { text: 'https://a.example/茶?x=1', href: 'https://a.example/茶?x=1' },
      { text: '。好 (' },
      { text: 'https://b.example', href: 'https://b.example' },
      { text: ').' },
    ])
  })

  it('makes no link of a script address', () => {
    expect(linkPieces('javascript:alert(1) data:text/html,x')).toEqual([
      { text: 'javascript:alert(1) data:text/html,x' },
    ])
  })

  it('marks every word of a query, letters of either case, and signs as they are', () => {
    expect(
      markPieces('Tea (50 g) and TEA', 'tea (50')
        .filter((piece) => piece.mark)
        .map((piece) => piece.text),
    ).toEqual(['Tea', '(50', 'TEA'])
  })

  it('shows the neighbourhood of a hit far inside a long text', () => {
    expect(around(`${'茶'.repeat(500)}龙井${'叶'.repeat(100)}`, '龙井', 90)).toContain('龙井')
  })
})

describe('mentions', () => {
  it('sees the word after an at sign, also right after Chinese, and not in an address', () => {
    expect(mentionQuery('请@苏', 3)).toEqual({ from: 1, query: '苏' })
    expect(mentionQuery('mail me@shop', 12)).toBeNull()
    expect(mentionQuery('@苏 好', 4)).toBeNull()
  })

  it('puts the name in and the caret behind it', () => {
    expect(insertMention('请@苏看', 1, 3, '苏荔')).toEqual({ text: '请@苏荔 看', caret: 5 })
  })

  it('forgets whom the writer deleted again', () => {
    const picked = [
      { id: 'a', name: '苏荔' },
      { id: 'b', name: '何田' },
    ]
    expect(mentionsIn('@苏荔 看一下 @苏荔', picked)).toEqual(['a'])
  })
})

describe('emoji', () => {
  it('are found by Chinese and English words', () => {
    expect(findEmoji('茶').map((one) => one.char)).toContain('🍵')
    expect(findEmoji('thumbs').map((one) => one.char)).toContain('👍')
    expect(findEmoji('nothing-like-it')).toEqual([])
  })

  it('each have a picture and words', () => {
    for (const one of Object.values(EMOJI).flat()) expect(one.char && one.words, JSON.stringify(one)).toBeTruthy()
  })
})

describe('the business context', () => {
  it('survives whatever a business answers', () => {
    for (const odd of [null, 3, 'x', [], { cart: 'none', orders: {}, profile: 7, sections: [null, { rows: 'x' }] }]) {
      expect(() => readBusiness(odd)).not.toThrow()
    }
  })

  it('never gives a link that is not http', () => {
    const read = readBusiness({
      profile: [{ label: 'a', value: 'b', url: 'javascript:alert(1)' }],
      cart: [{ title: 't', picture: 'data:x' }],
    })
    expect(read?.profile[0]?.url).toBe('')
    expect(read?.cart?.[0]?.picture).toBe('')
  })

  it('writes money from minor units, also in a currency nobody knows', () => {
    expect(readBusiness({ orders: [{ title: 't', amount: 12_900 }] })?.orders?.[0]?.amount).toContain('129')
    expect(readBusiness({ orders: [{ title: 't', amount: 100, currency: '??' }] })?.orders?.[0]?.amount).toBe('?? 1.00')
  })

  it('tells a cart that is empty from one that is not told', () => {
    expect(readBusiness({ cart: [] })).toMatchObject({ cart: [], orders: null })
  })
})

it('names keys with their modifier, and leaves Alt to the browser', () => {
  const key = (fields: Partial<KeyboardEvent>) => ({
    key: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...fields,
  })
  expect(nameOf(key({ key: 'K', ctrlKey: true }))).toBe('mod+k')
  expect(nameOf(key({ key: 'k', metaKey: true }))).toBe('mod+k')
  expect(nameOf(key({ key: 'j', altKey: true }))).toBe('')
  expect(nameOf(key({ key: '?' }))).toBe('?')
})
