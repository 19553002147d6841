// What the doctor knows by heart, held against where it comes from.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import table from '../src/facts/api-versions.json'
import { apiSince, compareVersions, PACKAGES_NEED } from '../src/facts/api-versions'
import { GUIDELINE, KIT_CALLS } from '../src/facts/privacy'
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

test('our packages call nothing that is newer than the doctor says', () => {
  for (const [name, folder] of [
    ['@chaguan/sdk', 'sdk/src/adapters'],
    ['@chaguan/mini-kit', 'mini-kit/src'],
  ] as const) {
    const needed = scripts(folder)
      .flatMap((code) => hostCalls(code).map(({ api }) => apiSince(api)))
      .filter(Boolean)
    const newest = needed.sort(compareVersions).at(-1)
    expect([name, newest]).toEqual([name, PACKAGES_NEED[name]])
  }
})

test('the kit calls what the doctor says has to be declared for it, no more and no less', () => {
  const listed = new Set(Object.values(GUIDELINE).flatMap(({ calls }) => calls))
  const called = scripts('mini-kit/src').flatMap((code) => [...code.matchAll(/\bwx\.(\w+)/g)].map((match) => match[1]!))
  expect([...new Set(called.filter((api) => listed.has(api)))].sort()).toEqual([...KIT_CALLS].sort())
})
