// @vitest-environment node
import fs from 'node:fs'
import path from 'node:path'
import { classesOf, type Look } from '@chaguan/mini-kit/look'
import { describe, expect, test } from 'vitest'
import { readTokens, SHEETS, sheetsOf } from '../../tokens/styles.mjs'

const clients = path.join(import.meta.dirname, '../..')
const folder = path.join(import.meta.dirname, '../src/styles')
const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8').replace(/\/\*[^]*?\*\//g, '')
const TOKENS = readTokens()
const tokens = read('tokens.css')
const others = fs.readdirSync(folder).filter((name) => name !== 'tokens.css')

// Colours by name that a hurried hand writes; `transparent` and `currentColor` are no colours of their own.
const COLOUR = /#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|:[^;{]*\b(white|black|red|green|blue|gray|grey|orange)\b(?!-)/i

test('the sheet of tokens is current', () => {
  const file = fs.readFileSync(path.join(clients, SHEETS.widget), 'utf8')
  expect(file, 'node tokens/write.mjs').toBe(sheetsOf(TOKENS).widget)
})

test('every look that the script tag can ask for has its rules', () => {
  for (const theme of ['clay', 'ink'] as const)
    for (const scheme of ['auto', 'dark'] as const)
      for (const shape of ['round', 'rounded', 'square'] as const) {
        const look: Look = { theme, scheme, textSize: 'large', bubble: shape, avatar: shape }
        for (const one of classesOf(look).split(' ')) expect(tokens).toContain(`:host(.${one})`)
        expect(tokens).toContain(`:host(.cg-large.cg-${theme})`)
      }
})

test('what the page sets wins over every token', () => {
  const names = [...Object.keys(TOKENS.themes['tea']!.light), ...Object.keys(TOKENS.sizes.normal), 'radius', 'corner']
  for (const name of names) expect(tokens).toContain(`--k-${name}: var(--cg-${name}, `)
})

describe.each(others)('%s', (name) => {
  test('has no colour and no size of type of its own', () => {
    const lines = read(name).split('\n')
    expect(lines.filter((line) => COLOUR.test(line.replace('white-space', '')))).toEqual([])
    // 16 px is the least at which a phone does not zoom; 0 hides an initial behind its picture.
    const own = lines.filter((line) => /font(-size)?:[^;]*\d(px|rem|em)/.test(line) && !line.includes('max(16px,'))
    expect(own).toEqual([])
  })

  test('knows every variable that it uses', () => {
    const known = new Set([...tokens.matchAll(/--k-([\w-]+):/g)].map(([, variable]) => variable))
    known.add('font')
    const used = [...read(name).matchAll(/var\(--k-([\w-]+)/g)].map(([, variable]) => variable)
    expect(used.filter((variable) => !known.has(variable))).toEqual([])
  })
})

test('what is borrowed from the mini program’s kit needs no mini program', () => {
  const kit = path.join(clients, 'mini-kit/src')
  const sources = fs.readdirSync(path.join(import.meta.dirname, '../src')).filter((name) => name.endsWith('.ts'))
  const text = sources.map((name) => fs.readFileSync(path.join(import.meta.dirname, '../src', name), 'utf8')).join('\n')
  const borrowed = new Set([...text.matchAll(/from '@chaguan\/mini-kit\/([\w-]+)'/g)].map(([, name]) => name!))
  expect(borrowed.size).toBeGreaterThan(0)
  for (const name of borrowed) {
    const source = fs.readFileSync(path.join(kit, `${name}.ts`), 'utf8')
    expect(source, name).not.toMatch(/\bwx\.|WechatMiniprogram/)
    for (const [, needed] of source.matchAll(/^import (?!type).*from '\.\/([\w-]+)'/gm)) borrowed.add(needed!)
  }
})
