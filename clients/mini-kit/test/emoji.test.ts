import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { FILES } from '../scripts/emoji.mjs'
import { partsOf } from '../src/bodies'
import { cutEmoji, drawnClass, EMOJI } from '../src/emoji'

const drawn = (text: string) => cutEmoji(text).filter((piece) => piece.drawn)
const whole = (text: string) =>
  cutEmoji(text)
    .map((piece) => piece.text)
    .join('')

describe('emoji', () => {
  test.each(Object.entries(FILES))('src/%s is what the drawings make', (name, made) => {
    expect(fs.readFileSync(path.join(__dirname, '../src', name), 'utf8')).toBe(made())
  })

  test('each of the panel has a picture of its own', () => {
    const sheet = fs.readFileSync(path.join(__dirname, '../src/styles/emoji.wxss'), 'utf8')
    const names = EMOJI.map((emoji) => drawnClass(emoji).split(' ')[1] ?? '')
    expect(new Set(names).size).toBe(EMOJI.length)
    for (const name of names)
      expect(sheet).toMatch(new RegExp(`\\.${name} \\{\\s+background-position: [\\d.]+% [\\d.]+%`))
    const places = sheet.match(/background-position: .+;/g) ?? []
    expect(new Set(places).size).toBe(EMOJI.length)
  })

  test('words around them stay as they are', () => {
    expect(cutEmoji('好的👍谢谢❤️')).toEqual([
      { text: '好的', drawn: '' },
      { text: '👍', drawn: 'cg-e cg-e-1f44d' },
      { text: '谢谢', drawn: '' },
      { text: '❤️', drawn: 'cg-e cg-e-2764' },
    ])
  })

  test.each(['👍🏽', '👩‍❤️‍👨', '❤️‍🔥', '❤\ufe0e', '🦄', '', 'plain', '👍👍🏿'])('of %j no other emoji is made', (text) => {
    expect(whole(text)).toBe(text)
    expect(drawn(text).map((piece) => piece.text)).toEqual(text === '👍👍🏿' ? ['👍'] : [])
  })

  test('a wall of them costs no more than two hundred pieces, and nothing is lost', () => {
    const wall = '😀'.repeat(4000)
    expect(whole(wall)).toBe(wall)
    expect(cutEmoji(wall).length).toBe(201)
    const mixed = '好😀'.repeat(4000)
    expect(cutEmoji(mixed).length).toBe(201)
  })

  test('a message keeps its links beside them', () => {
    const parts = partsOf('看🍵 https://tea.example/1 ✅')
    expect(parts.map(({ text, link, look }) => [text, link, look ?? ''])).toEqual([
      ['看', false, ''],
      ['🍵', false, 'cg-e cg-e-1f375'],
      [' ', false, ''],
      ['https://tea.example/1', true, ''],
      [' ', false, ''],
      ['✅', false, 'cg-e cg-e-2705'],
    ])
    expect(parts.map((part) => part.id)).toEqual([0, 1, 2, 3, 4, 5])
  })
})
