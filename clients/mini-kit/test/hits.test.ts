import { describe, expect, test } from 'vitest'
import { excerpt } from '../src/hits'

const marked = (text: string, query: string) =>
  excerpt(text, query)
    .filter((part) => part.hit)
    .map((part) => part.text)
const whole = (text: string, query: string) =>
  excerpt(text, query)
    .map((part) => part.text)
    .join('')

describe('what was found', () => {
  test('every word is marked wherever it stands, whatever its case', () => {
    expect(marked('Oolong tea, oolong TEA and more', 'tea oolong')).toEqual(['Oolong', 'tea', 'oolong', 'TEA'])
  })

  test('the signs of a pattern are looked for as they are', () => {
    expect(marked('价格（1.5折）', '1.5折')).toEqual(['1.5折'])
    expect(marked('a+b', 'a+')).toEqual(['a+'])
  })

  test('a match far back is brought to the front with some words before it', () => {
    const shown = whole(`${'茶'.repeat(200)}大红袍${'好'.repeat(200)}`, '大红袍')
    expect(shown.startsWith('…')).toBe(true)
    expect(shown.indexOf('大红袍')).toBeLessThan(20)
    expect(shown.length).toBeLessThan(100)
  })

  test('a text without the words, such as that of a card, is shown from its beginning', () => {
    expect(excerpt('明前龙井', '大红袍')).toEqual([{ id: 0, text: '明前龙井', hit: false }])
  })

  test('nothing of a text gets lost or comes twice', () => {
    expect(whole('茶茶茶', '茶')).toBe('茶茶茶')
    expect(marked('茶茶茶', '茶')).toHaveLength(3)
  })
})
