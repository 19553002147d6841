import { describe, expect, test } from 'vitest'
import { bodyOf } from '../src/bodies'
import { cutMentions, insertMention, rewrite, tokenOf, typedAt, type Writing } from '../src/mentions'
import { textsOf } from '../src/texts'
import { ME, MEI, message } from './messages'

const MEI_ = { id: 'u_mei', name: '小梅' }
const LEE = { id: 'u_lee', name: 'Ann Lee' }

/** `请@小梅 看@Ann Lee 好`, with the spaces that end mentions. */
function written(): Writing {
  const first = insertMention({ text: '请@', mentions: [] }, 2, MEI_)
  const more = { ...first, text: `${first.text}看@` }
  const second = insertMention(more, more.text.length, LEE)
  return { ...second, text: `${second.text}好` }
}

describe('mentions in what is written', () => {
  test('a name takes the place of the @ that asked for it, and the cursor stands after it', () => {
    const made = insertMention({ text: '请@看', mentions: [] }, 2, MEI_)
    expect(made.text).toBe(`请${tokenOf('小梅')}看`)
    expect(made.mentions).toEqual([MEI_])
    expect(made.cursor).toBe(made.text.length - 1)
  })

  test('one backspace behind a mention takes it away as a whole', () => {
    const { text } = insertMention({ text: '请@', mentions: [] }, 2, MEI_)
    const after = rewrite({ text, mentions: [MEI_] }, text.slice(0, -1))
    expect(after).toEqual({ text: '请', mentions: [], cursor: 1 })
  })

  test('a letter deleted inside of a mention takes it away, and leaves the other where it is', () => {
    const before = written()
    const at = before.text.indexOf('Lee')
    const after = rewrite(before, before.text.slice(0, at) + before.text.slice(at + 1))
    expect(after.text).toBe(`请${tokenOf('小梅')}看好`)
    expect(after.mentions).toEqual([MEI_])
    expect(after.cursor).toBe(`请${tokenOf('小梅')}看`.length)
  })

  test('a selection that touches two mentions takes both', () => {
    const before = written()
    const from = before.text.indexOf('梅')
    const to = before.text.indexOf('Ann') + 2
    expect(rewrite(before, before.text.slice(0, from) + before.text.slice(to))).toEqual({
      text: '请好',
      mentions: [],
      cursor: 1,
    })
  })

  test('what is deleted beside a mention leaves it whole', () => {
    const before = written()
    const after = rewrite(before, before.text.slice(1))
    expect(after.text).toBe(before.text.slice(1))
    expect(after.mentions).toEqual([MEI_, LEE])
    expect(after.cursor).toBe(-1)
  })

  test('a mention into which somebody writes is words again, and calls nobody', () => {
    const before = written()
    const at = before.text.indexOf('梅')
    const after = rewrite(before, `${before.text.slice(0, at)}x${before.text.slice(at)}`)
    expect(after.mentions).toEqual([LEE])
  })

  test('of two people with one name only those are called whose mention still stands', () => {
    const other = { id: 'u_other', name: '小梅' }
    const one = insertMention({ text: '@', mentions: [] }, 1, MEI_)
    const two = insertMention({ ...one, text: `${one.text}@` }, one.text.length + 1, other)
    expect(two.mentions).toEqual([MEI_, other])
    expect(rewrite(two, two.text.slice(0, -1)).mentions).toEqual([MEI_])
  })

  test.each([
    ['', '@', 1, 1],
    ['你好', '你@好', 2, 2],
    ['mail me', 'mail@ me', 5, -1],
    ['@', '', 0, -1],
    ['你', '你@小梅', 4, -1],
  ])('“%s” that becomes “%s” asks for a name or not', (before, after, cursor, place) => {
    expect(typedAt(before, after, cursor)).toBe(place)
  })
})

describe('mentions in what was sent', () => {
  const zh = textsOf('zh-CN')
  const nameOf = (id: string) => ({ [ME.id]: '茶友', [MEI.id]: '小梅' })[id] ?? ''
  const partsOf = (text: string, mentions: string[]) =>
    (bodyOf(message(1, { type: 'text', text }, { mentions }), ME.id, nameOf, zh)['parts'] as object[]).map((part) => ({
      ...part,
    }))

  test('mine stand out, those of others are only bold, and links stay links', () => {
    expect(partsOf(`${tokenOf('茶友')}${tokenOf('小梅')}见 https://a.example`, [ME.id, MEI.id])).toEqual([
      { id: 0, text: '@茶友', link: false, look: 'me' },
      { id: 1, text: '\u2005', link: false },
      { id: 2, text: '@小梅', link: false, look: 'at' },
      { id: 3, text: '\u2005见 ', link: false },
      { id: 4, text: 'https://a.example', link: true },
    ])
  })

  test('everyone is me too, in whatever language it was written', () => {
    expect(partsOf('@Everyone 开会', ['all'])[0]).toMatchObject({ text: '@Everyone', look: 'me' })
  })

  test('words that only look like a mention are words where nobody was mentioned', () => {
    expect(partsOf(`${tokenOf('茶友')}`, [])).toEqual([{ id: 0, text: tokenOf('茶友'), link: false }])
    expect(partsOf(`${tokenOf('茶友')}`, [MEI.id])[0]).toMatchObject({ look: 'at' })
  })

  test('a name with the signs of a pattern in it is found as it is', () => {
    expect(cutMentions('@a.b(c 好', ['a.b(c'], [])).toEqual([
      { text: '@a.b(c', at: 'at' },
      { text: ' 好', at: '' },
    ])
  })
})
