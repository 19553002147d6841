import { expect, test } from 'vitest'
import { hostCalls, importsOf, lineAt, tagsOf, withoutComments } from '../src/source'
import { satisfies } from '../src/versions'

test('comments go, addresses in strings and regular expressions stay, and every line keeps its number', () => {
  const script = "const a = 'http://x' // http://y\n/* b\n */ const c = /https?:\\/\\/[/'\"]/ // d\nconst e = `//${f}`"
  const code = withoutComments(script)
  expect(code).toContain("'http://x'")
  expect(code).toContain('[/\'"]/')
  expect(code).toContain('`//${f}`')
  expect(code).not.toMatch(/http:\/\/y|b\n|\/\/ d/)
  expect(code.length).toBe(script.length)
  expect(lineAt(code, code.indexOf('const e'))).toBe(4)
})

test('a division is no regular expression', () => {
  expect(withoutComments('const a = b / c // d\nconst e = f() / 2 // g')).not.toMatch(/[dg]/)
})

test('imports of types leave nothing behind', () => {
  const names = importsOf(
    "import type { A } from 'types'\nimport { b } from 'b'\nimport 'c'\nexport * from 'd'\nrequire('e')\nrequire.async('f')",
  )
  expect(names.map(({ name, later }) => (later ? `${name} later` : name))).toEqual(['b', 'c', 'd', 'e', 'f later'])
})

test.each([
  "if (typeof wx.x === 'function') wx.x()",
  'wx.x?.()',
  'if (wx.x && a) wx.x()',
  'if (!wx.x) return\nwx.x()',
  "wx.canIUse('x') && wx.x()",
])('a call that is asked for first needs nothing: %s', (code) =>
  expect(hostCalls(code).filter(({ api }) => api === 'x')).toEqual([]),
)

test('a call that is not asked for is found', () => {
  expect(hostCalls('wx.x()').map(({ api }) => api)).toEqual(['x'])
})

test('tags in comments, scripts and expressions are none', () => {
  expect(
    tagsOf('<!-- <a-b/> --><wxs module="m">if (a<c-d) {}</wxs><e-f g="{{h<i-j}}"/>').map(({ tag }) => tag),
  ).toEqual(['wxs', 'e-f'].slice(1))
})

test.each([
  ['0.1.0', '0.1.0', true],
  ['0.2.0', '0.1.0', false],
  ['0.1.3', '^0.1.1', true],
  ['0.2.0', '^0.1.1', false],
  ['1.4.0', '^1.2.0', true],
  ['2.0.0', '^1.2.0', false],
  ['1.2.9', '~1.2.3', true],
  ['3.0.0', '>=1.0.0', true],
  ['1.0.0', 'workspace:*', null],
])('%s in %s: %s', (version, range, expected) => expect(satisfies(version, range)).toBe(expected))
