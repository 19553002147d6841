import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { classesOf, PLAIN_LOOK } from '../src/look'
import { colours, contrast, SCHEMES, SHEETS, sheetsOf, SIZES, THEMES, TOKENS, type Colours } from './tokens'

const clients = path.join(import.meta.dirname, '../..')
const components = path.join(import.meta.dirname, '../src/components')
const names = fs.readdirSync(components)
const read = (name: string, ending: string) => fs.readFileSync(path.join(components, name, `index.${ending}`), 'utf8')

type Pair = [front: string, grounds: string[], least: number]

/** What stands on what in the components; what is pressed lies over its ground. */
function pairs(size: string): Pair[] {
  const text = size === 'large' ? 7 : 4.5
  const grounds = ['bg', 'surface', 'bar']
  const pressed = grounds.map((ground) => [ground, 'pressed'])
  const plain = [...grounds.map((ground) => [ground]), ...pressed]
  return [
    // Words, links of cards, prices, what failed: anywhere, also while a finger lies on it.
    ...['text', 'muted', 'primary', 'danger'].flatMap((front) => plain.map((on): Pair => [front, on, text])),
    // Held to talk; the length of a video before its picture is there.
    ['text', ['fill'], text],
    ['muted', ['fill'], text],
    ['on-mine', ['mine'], text],
    ['on-theirs', ['theirs'], text],
    ['on-primary', ['primary'], text],
    ['on-danger', ['danger'], text],
    // Over pictures, of which white is the worst.
    ['on-scrim', ['#ffffff', 'scrim'], text],
    // The dots of who is typing, the sign of sending: graphics.
    ['muted', ['theirs'], 3],
    // Borders that say where a field or a bubble ends are asked for where one sees badly.
    ...(size === 'large' ? grounds.map((ground): Pair => ['line', [ground], 3]) : []),
  ]
}

function tooFaint(values: Colours, size: string): string[] {
  const colour = (name: string) => values[name] ?? name
  return pairs(size)
    .map(([front, grounds, least]) => ({ front, grounds, least, is: contrast(colour(front), ...grounds.map(colour)) }))
    .filter(({ is, least }) => is < least)
    .map(({ front, grounds, least, is }) => `${front} on ${grounds.join(' + ')}: ${is.toFixed(2)} < ${least}`)
}

describe('tokens', () => {
  test('the sheets made of them are current', () => {
    for (const [name, text] of Object.entries(sheetsOf(TOKENS))) {
      const file = SHEETS[name as keyof typeof SHEETS]
      expect(fs.readFileSync(path.join(clients, file), 'utf8'), `node tokens/write.mjs: ${file}`).toBe(text)
    }
  })

  test('the kit knows every theme and shape, each with a name in both languages', () => {
    expect(Object.keys(TOKENS.themes)).toEqual([...THEMES])
    for (const theme of THEMES) {
      const { name, bubble, avatar } = TOKENS.themes[theme]!
      expect(name['zh-CN'] && name['en']).toBeTruthy()
      expect(TOKENS.shapes.bubble[bubble] && TOKENS.shapes.avatar[avatar]).toBeTruthy()
    }
  })

  test('a theme and large text name no colour that the default does not have', () => {
    const known = Object.keys(TOKENS.themes['tea']!.light).sort()
    expect(Object.keys(TOKENS.themes['tea']!.dark).sort()).toEqual(known)
    for (const { light, dark, large } of Object.values(TOKENS.themes))
      for (const values of [light, dark, large.light, large.dark])
        expect(Object.keys(values).filter((name) => !known.includes(name))).toEqual([])
  })

  const LOOKS = THEMES.flatMap((theme) =>
    SCHEMES.flatMap((scheme) => SIZES.map((size) => [theme, scheme, size] as const)),
  )
  test.each(LOOKS)('of %s, %s, %s text have the contrast asked for', (theme, scheme, size) => {
    expect(tooFaint(colours(theme, scheme, size), size)).toEqual([])
  })

  test('that are too faint are found', () => {
    expect(tooFaint({ ...colours('tea', 'light', 'normal'), muted: '#8a8a8a' }, 'normal')).toContain(
      'muted on surface: 3.45 < 4.5',
    )
    expect(tooFaint(colours('tea', 'light', 'normal'), 'large')).not.toEqual([])
  })

  test('contrast is that of WCAG', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
    expect(contrast('#ffffff', '#000000', 'rgba(255, 255, 255, 0.5)')).toBeCloseTo(3.98, 1)
  })

  test('white stands out from what is behind initials', () => {
    for (const tone of TOKENS.tones) expect(contrast('#ffffff', tone), tone).toBeGreaterThanOrEqual(4.5)
    expect(read('avatar', 'ts')).toContain(`TONES = ${TOKENS.tones.length}`)
  })

  test('large text has targets of 48 px and no type below 16', () => {
    const { large } = TOKENS.sizes
    for (const name of ['tap', 'reach', 'face']) expect(parseInt(large[name]!)).toBeGreaterThanOrEqual(48)
    for (const [name, value] of Object.entries(large))
      if (name.startsWith('font-')) expect(parseInt(value), name).toBeGreaterThanOrEqual(16)
  })
})

describe('the look as classes', () => {
  test('says what differs from the plain one', () => {
    expect(classesOf(PLAIN_LOOK)).toBe('cg-root cg-auto')
    expect(classesOf({ theme: 'ink', scheme: 'dark', textSize: 'large', bubble: 'round', avatar: 'square' })).toBe(
      'cg-root cg-ink cg-dark cg-large cg-bubble-round cg-avatar-square',
    )
    expect(classesOf({ ...PLAIN_LOOK, scheme: 'light' })).toBe('cg-root')
  })

  test('and each of them has a rule', () => {
    const sheet = fs.readFileSync(path.join(clients, SHEETS.tokens), 'utf8')
    for (const theme of ['clay', 'ink'] as const)
      for (const shape of ['round', 'rounded', 'square'] as const)
        for (const scheme of ['auto', 'dark'] as const)
          for (const one of classesOf({ theme, scheme, textSize: 'large', bubble: shape, avatar: shape }).split(' '))
            expect(sheet).toMatch(new RegExp(`\\.${one}[ .]`))
  })
})

// Colours by name that a hurried hand writes; `transparent` and `currentColor` are no colours of their own.
const COLOUR = /#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|:[^;{]*\b(white|black|red|green|blue|gray|grey|orange)\b(?!-)/i

/** A fallback behind a variable is for a component outside of every look. */
const withoutFallbacks = (css: string) => css.replace(/var\((--[\w-]+),[^;]*\)/g, 'var($1)')

describe.each(names)('%s', (name) => {
  test('has no colour and no size of type of its own', () => {
    const lines = withoutFallbacks(read(name, 'wxss')).split('\n')
    expect(lines.filter((line) => COLOUR.test(line.replace('white-space', '')))).toEqual([])
    expect(lines.filter((line) => /font(-size)?:[^;]*\d(px|rpx)/.test(line))).toEqual([])
    expect(read(name, 'wxml')).not.toMatch(/style="[^"]*(color|font-size|#[0-9a-f]{3})/)
  })

  test('is isolated, styles classes only and fetches nothing', () => {
    const json = JSON.parse(read(name, 'json')) as Record<string, unknown>
    expect(json['styleIsolation']).toBe('isolated')
    const css = read(name, 'wxss').replace(/\/\*[^]*?\*\//g, '')
    const selectors = [...css.replace(/@keyframes[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, '').matchAll(/([^{};]+)\{/g)]
    for (const [, selector] of selectors)
      for (const one of selector!.trim().split(','))
        expect(one.trim()).toMatch(/^(@media.*|@import.*|:host|(\.[\w-]+(::?[\w-]+)?[ +>]*)+)$/)
    expect(css + read(name, 'wxml')).not.toMatch(/https?:\/\//)
  })

  test('knows every variable that it uses', () => {
    const known = new Set([
      ...Object.keys(colours('tea', 'light', 'normal')),
      ...Object.keys(TOKENS.sizes.normal),
      'radius',
      'corner',
      'avatar-radius',
      'side',
    ])
    const used = [...read(name, 'wxss').matchAll(/var\(--k-([\w-]+)/g)].map(([, variable]) => variable!)
    expect(used.filter((variable) => !known.has(variable))).toEqual([])
  })

  test('takes a class and says by role what can be tapped', () => {
    expect(read(name, 'ts')).toMatch(/externalClasses: \[[^\]]*'custom-class'/)
    expect(read(name, 'wxml')).toContain('custom-class')
    const wxml = read(name, 'wxml')
    // WeChat knows `aria-role` and drops `role`.
    expect(wxml).not.toMatch(/\srole=/)
    const tapped = [...wxml.matchAll(/<(?:view|text|image)\b[^>]*?(?:bind|catch)tap="(\w+)"[^>]*>/g)]
    // A tap on the messages closes the panel, a tap on a bubble is that of the picture in it, and who wants the person
    // behind a face finds the name in the label of the line.
    const silent = ['onListTap', 'onTap', 'avatar']
    for (const [tag, handler] of tapped) if (!silent.includes(handler!)) expect(tag).toMatch(/aria-role="/)
  })
})
