import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { program, removePrograms } from './small-program'
import { BuildError, buildMiniProgram, checkTemplates, Sources } from '../src/build/index'
import { compileStyle } from '../src/build/styles'
import { compileTemplates } from '../src/build/templates'
import { convertUnits } from '../src/runtime/units'

afterAll(removePrograms)

const style = (css: string, target = {}) => compileStyle(new Sources(program({ 'a.wxss': css })), 'a.wxss', target)

describe('units', () => {
  test('rpx becomes a share of the screen width, negative and fractional amounts too', () => {
    expect(convertUnits('10rpx -2.5rpx')).toBe('calc(10 * var(--mp-rpx)) calc(-2.5 * var(--mp-rpx))')
  })
  test('vh counts the page, not the browser', () => {
    expect(convertUnits('calc(100vh - 10px)')).toBe('calc(calc(100 * var(--mp-vh)) - 10px)')
  })
  test('what stands in url() is left alone', () => {
    expect(convertUnits('url(data:x,10rpx) 2rpx')).toBe('url(data:x,10rpx) calc(2 * var(--mp-rpx))')
  })
  test('safe areas come from the simulated phone', () => {
    expect(convertUnits('env(safe-area-inset-bottom)')).toBe('var(--mp-safe-bottom, 0px)')
  })
})

describe('styles', () => {
  test('classes of an isolated component carry its prefix, in :not() as well', () => {
    expect(style('.a.b > .c:not(.d) {}', { scope: 's1' })).toContain('.s1--a.s1--b > .s1--c:not(.s1--d)')
  })
  test('built-in tags, page and :host are renamed', () => {
    expect(style('page, view .x {}')).toContain('wx-page, wx-view .x')
    expect(style(':host {}', { scope: 's1' })).toContain('[wx-host="s1"]')
  })
  test('a word inside a class name is not taken for a tag', () => {
    expect(style('.my-view, .button {}')).toContain('.my-view, .button')
  })
  test('a page style reaches only its page', () => {
    expect(style('page { } .x { }', { page: 'p/p' })).toMatch(
      /wx-page:where\(wx-page\[data-route="p\/p"\]\) \{.*\} :where\(wx-page\[data-route="p\/p"\]\) \.x/s,
    )
  })
  test('ids become the attribute the runtime writes', () => {
    expect(style('#top {}')).toContain('[exparser\\:info-attr-id="top"]')
  })
  test('keyframe steps are no selectors', () => {
    expect(style('@keyframes k { from { left: 1rpx } }', { page: 'p/p' })).toContain(
      'from { left: calc(1 * var(--mp-rpx)) }',
    )
  })
  test('imports are inlined once, circles included', () => {
    const root = program({ 'a.wxss': '@import "./b.wxss"; .a {}', 'b.wxss': '@import "/a.wxss"; .b {}' })
    expect(compileStyle(new Sources(root), 'a.wxss', {})).toMatch(/^\s*\.b \{\} \.a \{\}$/)
  })
  test('an import of a missing file is an error', () => {
    expect(() => style('@import "./none.wxss";')).toThrow(BuildError)
  })
})

describe('component paths', () => {
  const files = {
    'c/index.json': '{"component":true}',
    'miniprogram_npm/ui/cell/index.json': '{}',
    'sub/p.json': '{}',
  }
  test.each([
    ['absolute, with index left out', 'sub/p', '/c', 'c/index'],
    ['relative', 'sub/p', '../c/index', 'c/index'],
    ['npm, from miniprogram_npm of a parent folder', 'sub/p', 'ui/cell/index', 'miniprogram_npm/ui/cell/index'],
    ['npm, index left out', 'sub/p', 'ui/cell', 'miniprogram_npm/ui/cell/index'],
  ])('%s', (_, from, reference, expected) => {
    expect(new Sources(program(files)).component(from, reference)).toBe(expected)
  })
  test('a mapped package wins over miniprogram_npm of node_modules', () => {
    const kit = program({ 'chat/index.json': '{}' })
    const sources = new Sources(program({}), { npm: { '@x/kit': kit } })
    expect(sources.component('p/p', '@x/kit/chat/index')).toBe('miniprogram_npm/@x/kit/chat/index')
    expect(sources.at('miniprogram_npm/@x/kit/chat/index.json')).toBe(path.join(kit, 'chat/index.json'))
  })
  test('a package in node_modules is taken from the directory its "miniprogram" names', () => {
    const root = program({
      'node_modules/ui/package.json': '{"miniprogram":"out"}',
      'node_modules/ui/out/cell/index.json': '{}',
    })
    expect(new Sources(root).component('p/p', 'ui/cell/index')).toBe('miniprogram_npm/ui/cell/index')
  })
  test('an unknown component names the file that asked', () => {
    expect(() => new Sources(program({})).component('p/p', './none')).toThrow('p/p: component "./none" not found')
  })
})

describe('templates', () => {
  test('an error names file, line and column', () => {
    const sources = new Sources(program({ 'p/p.wxml': '<view>\n{{ a ? }}</view>' }))
    expect(() => compileTemplates(sources, ['p/p'])).toThrow(/^p\/p\.wxml:2:\d+: /)
  })
  test('imported templates, includes and nested wxs are compiled', () => {
    const sources = new Sources(
      program({
        'p/p.wxml': '<import src="../t.wxml"/><include src="i"/><wxs module="m" src="./m.wxs"/>{{m.f()}}',
        't.wxml': '<template name="t"/>',
        'p/i.wxml': '<view/>',
        'p/m.wxs': 'var n = require("./n.wxs"); module.exports = n',
        'p/n.wxs': 'module.exports = {}',
      }),
    )
    const { code } = compileTemplates(sources, ['p/p'])
    for (const part of ['G["t"]', 'G["p/i"]', 'R["p/m"]', 'R["p/n"]']) expect(code).toContain(part)
  })
})

describe('a whole build', () => {
  const page = { 'p/p.wxml': '<view/>', 'p/p.json': '{}' }
  test('denies the program the browser globals it will not have on a phone', async () => {
    const root = program({
      ...page,
      'p/p.ts': 'Page({ data: { kinds: [typeof window, typeof fetch, typeof localStorage, typeof wx] } })',
    })
    const out = path.join(root, 'dist')
    await buildMiniProgram({ root, outDir: out })
    expect(fs.readFileSync(path.join(out, 'program.js'), 'utf8')).toContain(
      '["undefined", "undefined", "undefined", typeof wx]',
    )
  })
  test('imports of a package use its mapped sources', async () => {
    const lib = program({ 'index.ts': 'export const word: string = "from the map"' })
    const root = program({ ...page, 'p/p.ts': 'import { word } from "lib"; Page({ data: { word } })' })
    const out = path.join(root, 'dist')
    await buildMiniProgram({ root, outDir: out, npm: { lib } })
    expect(fs.readFileSync(path.join(out, 'program.js'), 'utf8')).toContain('from the map')
  })
  test('a page without a script is an error that names it', async () => {
    await expect(buildMiniProgram({ root: program(page), outDir: os.tmpdir() })).rejects.toThrow('p/p: no script')
  })
  test('only what the platform packs is copied', async () => {
    const root = program({
      ...page,
      'p/p.ts': 'Page({})',
      'images/a.svg': '<svg/>',
      'server/secret.env': 'x',
      'server/main.py': 'x',
    })
    await buildMiniProgram({ root, outDir: path.join(root, 'dist') })
    expect(fs.readdirSync(path.join(root, 'dist/assets'), { recursive: true })).toEqual(['images', 'images/a.svg'])
  })
  test('project.config.json may name the folder of the program', () => {
    const root = program({ 'project.config.json': '{"miniprogramRoot":"mini/"}', 'mini/app.json': '{}' })
    fs.rmSync(path.join(root, 'app.json'))
    expect(new Sources(root).root).toBe(path.join(root, 'mini'))
  })
  test('a folder without app.json is refused', () => {
    expect(() => new Sources(os.tmpdir())).toThrow(BuildError)
  })
  test('an embedded config cannot close its own script element', async () => {
    const root = program({ ...page, 'p/p.ts': 'Page({})' })
    await buildMiniProgram({
      root,
      outDir: path.join(root, 'dist'),
      config: { ext: { x: '</script><script>alert(1)' } },
    })
    expect(fs.readFileSync(path.join(root, 'dist/index.html'), 'utf8')).not.toContain('<script>alert')
  })
})

describe('check', () => {
  test('the vendor compiler accepts the fixture and refuses what it refuses on a phone', () => {
    const fixture = path.join(import.meta.dirname, 'fixture')
    const good = checkTemplates(fixture, {
      npm: { '@demo/badge': path.join(import.meta.dirname, 'fixture-npm/badge') },
    })
    const bad = checkTemplates(program({ 'p/p.wxml': '<view>\n<text></view>', 'p/p.ts': 'Page({})' }))
    if (!good.available) return console.warn('miniprogram-compiler does not run here: not checked')
    expect(good.problems).toEqual([])
    expect(bad.problems).toHaveLength(1)
    expect(bad.problems[0]).toContain('p/p.wxml')
  })
})
