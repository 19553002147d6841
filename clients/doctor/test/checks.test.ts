import { afterAll, describe, expect, test } from 'vitest'
import { CHECKS } from '../src/checks/index'
import { GUIDELINE } from '../src/facts/privacy'
import type { CheckId } from '../src/texts/index'
import { CASES } from './cases'
import { chatInSub, examined, json, program, removePrograms, withChat, CONFIG, APP, type Files } from './programs'
import { readProject } from '../src/project'
import { examine } from '../src/examine'

afterAll(removePrograms)

const ids = Object.keys(CHECKS) as CheckId[]
const place = (found: { at?: { file: string; line: number } } | undefined) =>
  found?.at ? `${found.at.file}:${found.at.line}` : ''

describe.each(ids)('%s', (id) => {
  const { bad, good, at, options } = CASES[id]

  test('finds the fault where it stands', () => {
    const found = examined(bad, options).filter(({ check }) => check === id)
    expect(found.length).toBeGreaterThan(0)
    expect(place(found[0])).toBe(at)
  })

  // Sizes are always told.
  test.skipIf(id === 'sizes/share')('leaves alone what is like it and right', () => {
    expect(examined(good, options).filter(({ check }) => check === id)).toEqual([])
  })
})

describe('the privacy guideline', () => {
  const TEMPLATES: Record<string, string> = {
    camera: '<camera />',
    'live-pusher': '<live-pusher url="{{url}}" />',
    'voip-room': '<voip-room></voip-room>',
    getPhoneNumber: '<button open-type="getPhoneNumber">登录</button>',
    getRealtimePhoneNumber: '<button open-type="getRealtimePhoneNumber">登录</button>',
    chooseAvatar: '<button open-type="chooseAvatar">头像</button>',
    nickname: '<input type="nickname" />',
  }
  const filesFor = (call: string): Files => {
    const template = TEMPLATES[call]
    return template ? { 'pages/home/index.wxml': template } : { 'services/pay.ts': `export {}\nwx.${call}({})\n` }
  }
  const toDeclare = (files: Files) =>
    examined(files).find(({ check }) => check === 'privacy/guideline')?.data?.['zh'] ?? ''

  test('names what stands behind every call and every mark of a template, and nothing else', () => {
    for (const { calls, zh } of Object.values(GUIDELINE))
      for (const call of calls) expect(toDeclare(filesFor(call)), call).toContain(`${zh}（${call}）`)
    const innocent = '<!-- <camera /> --><camera-roll /><button open-type="share">分享</button><input type="text" />'
    expect(toDeclare({ 'pages/home/index.wxml': innocent })).toBe('')
  })
})

describe('a whole program', () => {
  const complaints = (findings: ReturnType<typeof examined>) => findings.filter(({ severity }) => severity !== 'note')

  test('that is clean has nothing said of it', () => {
    expect(complaints(examined({}, { release: true }))).toEqual([])
  })

  test('with the chat on a page of the main package is clean', () => {
    expect(complaints(examined(withChat(), { release: true }))).toEqual([])
  })

  test('with the chat and the kit in a preloaded sub-package is clean', () => {
    const preloadRule = { 'pages/home/index': { packages: ['service'] } }
    expect(complaints(examined(chatInSub({}, { preloadRule }, 'service/'), { release: true }))).toEqual([])
  })

  test('is found from a folder below it, and below miniprogramRoot', () => {
    const root = program({
      'project.config.json': json({ ...CONFIG, miniprogramRoot: 'src/' }),
      'app.json': null,
      'src/app.json': json(APP),
      'src/app.ts': "createClient({ endpoint: 'http://im.example.com' })",
    })
    const found = examine(readProject(`${root}/src/`), { release: false, domains: [] })
    expect(found.filter(({ check }) => check === 'domains/insecure').map(place)).toEqual(['src/app.ts:1'])
  })

  test('about to be released: what serves only in the developer tools is an error', () => {
    const files = { 'app.ts': "createClient({ endpoint: 'http://localhost:8080' })", ...CASES['domains/url-check'].bad }
    const severities = (release: boolean) =>
      examined(files, { release })
        .filter(({ check }) => check.startsWith('domains/'))
        .map(({ severity }) => severity)
    expect(severities(false)).toEqual(['warning', 'warning'])
    expect(severities(true)).toEqual(['error', 'error'])
  })

  test('an endpoint needs an entry in all four lists, another address only where it is asked', () => {
    const files = {
      'app.ts': "const endpoint = 'https://im.example.com'\nwx.uploadFile({ url: 'https://up.example.com/x' })",
    }
    const [found] = examined(files).filter(({ check }) => check === 'domains/legal-domains')
    expect(found?.data?.lists).toBe(
      'request: https://im.example.com; socket: wss://im.example.com; uploadFile: https://im.example.com https://up.example.com; downloadFile: https://im.example.com',
    )
  })

  test('a folder that pages take modules or pictures from is part of the program, whatever its name', () => {
    const strays = (files: Files) => examined(files).filter(({ check }) => check === 'sizes/stray-files').length
    const scripts = { 'scripts/money.ts': 'export const yuan = 1' }
    expect(strays(scripts)).toBe(1)
    expect(strays({ ...scripts, 'pages/home/index.ts': "import { yuan } from '../../scripts/money'" })).toBe(0)
  })

  test('no finding repeats a secret', () => {
    for (const id of ids.filter((one) => one.startsWith('secrets/'))) {
      const files = CASES[id].bad
      const secret =
        Object.values(files)
          .join('\n')
          .match(/[\w-]{32,}/)?.[0] ?? 'nothing'
      expect(JSON.stringify(examined(files))).not.toContain(secret)
    }
  })
})
