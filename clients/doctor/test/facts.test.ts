// What the doctor knows by heart, held against where it comes from.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import table from '../src/facts/api-versions.json'
import { apiSince, compareVersions, PACKAGES_NEED } from '../src/facts/api-versions'
import { GUIDELINE, KIT_ASKED, KIT_CALLS } from '../src/facts/privacy'
import { hostCalls, withoutComments } from '../src/source'

const clients = path.join(import.meta.dirname, '../..')

function scripts(folder: string): string[] {
  const entries = fs.readdirSync(path.join(clients, folder), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  return files.map((entry) => withoutComments(fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8')))
}

test('the base library of each call is the one in WeChat’s own typings', () => {
  const typings = path.dirname(createRequire(import.meta.url).resolve('miniprogram-api-typings/package.json'))
  const text = fs.readFileSync(path.join(typings, 'types/wx/lib.wx.api.d.ts'), 'utf8')
  const said = new Map<string, string>()
  for (const [comment, api = ''] of text.matchAll(/\/\*\* \[[^\]]*?wx\.(\w+)\([\s\S]*?\*\//g)) {
    const version = /^\s*\*\s*需要基础库： `(\d+\.\d+\.\d+)`/m.exec(comment)?.[1]
    if (version && !said.has(api)) said.set(api, version)
  }
  const expected: Record<string, string[]> = {}
  for (const [api, version] of said) if (compareVersions(version, '2.0.0') >= 0) (expected[version] ??= []).push(api)
  const sorted = Object.fromEntries(
    Object.entries(expected).map(([version, names]) => [version, names.sort().join(' ')]),
  )
  expect(table).toEqual(sorted)
})

/** What a package calls without asking first, newest last. Adapters call the host by the name they were given it. */
const needed = (codes: string[]) =>
  codes
    .map((code) => code.replace(/\bhost(?=\??\.\w)/g, 'wx'))
    .flatMap((code) => hostCalls(code).map(({ api }) => apiSince(api)))
    .filter(Boolean)
    .sort(compareVersions)

test('the kit needs the base library that the doctor says', () => {
  expect(needed(scripts('mini-kit/src')).at(-1)).toBe(PACKAGES_NEED['@chaguan/mini-kit'])
})

test('the SDK calls nothing that is newer than the doctor says', () => {
  const own = ['wx.ts', 'mini-program.ts']
    .map((file) => path.join(clients, 'sdk/src/adapters', file))
    .filter(fs.existsSync)
  const versions = needed(own.map((file) => withoutComments(fs.readFileSync(file, 'utf8'))))
  expect(versions).not.toEqual([])
  expect(compareVersions(versions.at(-1)!, PACKAGES_NEED['@chaguan/sdk']!)).toBeLessThanOrEqual(0)
})

test('the kit calls what the doctor says has to be declared for it, no more and no less', () => {
  const listed = new Set(Object.values(GUIDELINE).flatMap(({ calls }) => calls))
  const called = scripts('mini-kit/src').flatMap((code) => [...code.matchAll(/\bwx\.(\w+)/g)].map((match) => match[1]!))
  expect([...new Set(called.filter((api) => listed.has(api)))].sort()).toEqual(
    [...KIT_CALLS, ...Object.values(KIT_ASKED)].sort(),
  )
})
