import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CHECKS } from '../src/checks/index'
import { checksEn } from '../src/texts/en'
import { checksZh } from '../src/texts/zh-CN'
import { CASES } from './cases'
import { asText } from '../src/report'
import { examined, program, removePrograms } from './programs'

const here = path.join(import.meta.dirname, '..')
afterAll(removePrograms)

function doctor(folder: string, args: string[] = [], env: Record<string, string> = {}) {
  const { LANG, LC_ALL, LC_MESSAGES, ...rest } = process.env
  void [LANG, LC_ALL, LC_MESSAGES]
  const bin = path.join(here, 'bin/doctor.js')
  return spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8', env: { ...rest, ...env } })
}

test('a clean program ends with 0, one with an error with 1, a warning alone with 0', () => {
  expect(doctor(program()).status).toBe(0)
  expect(doctor(program(CASES['domains/insecure'].bad)).status).toBe(1)
  const local = program(CASES['domains/local'].bad)
  expect([doctor(local).status, doctor(local, ['--release']).status]).toEqual([0, 1])
})

test('it speaks the language of the environment, or the one it is asked for', () => {
  const folder = program(CASES['domains/insecure'].bad)
  expect(doctor(folder, [], { LANG: 'zh_CN.UTF-8' }).stdout).toContain('办法:')
  expect(doctor(folder, [], { LANG: 'de_DE.UTF-8' }).stdout).toContain('fix:')
  expect(doctor(folder, ['--lang', 'zh-CN'], { LANG: 'C' }).stdout).toContain('im.example.com 用的是 http')
})

test('--json gives each finding with place, reason and fix', () => {
  const done = doctor(program(CASES['domains/unlisted'].bad), ['--json', '--domain', 'example.com', '--lang', 'en'])
  const told = JSON.parse(done.stdout) as { counts: { error: number }; findings: Record<string, unknown>[] }
  expect(told.counts.error).toBe(1)
  expect(told.findings[0]).toMatchObject({
    check: 'domains/unlisted',
    severity: 'error',
    file: 'services/pay.ts',
    line: 2,
  })
  expect(Object.keys(told.findings[0]!)).toEqual(['check', 'severity', 'file', 'line', 'what', 'why', 'fix'])
})

test('where there is no mini program, and with an unknown option, it says so and ends with 2', () => {
  const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'doctor-empty-'))
  const [nothing, strange] = [doctor(empty), doctor(empty, ['--loud'])]
  fs.rmdirSync(empty)
  expect([nothing.status, strange.status]).toEqual([2, 2])
  expect(nothing.stderr).toContain('No mini program here')
  expect(strange.stderr).toContain('--loud')
})

test('every blank in a text is filled by its check, in both languages the same', () => {
  const blanks = (words: object) =>
    [
      ...new Set(
        Object.values(words)
          .join(' ')
          .match(/\{\w+\}/g) ?? [],
      ),
    ].sort()
  for (const id of Object.keys(CHECKS) as (keyof typeof CHECKS)[]) {
    const languages = [blanks(checksEn[id]), blanks(checksZh[id])].map((all) =>
      all.map((one) => one.replace(/\{(?:en|zh)\}/, '{named}')),
    )
    expect(languages[0]).toEqual(languages[1])
    const found = examined(CASES[id].bad, CASES[id].options)
    for (const language of ['en', 'zh-CN'] as const) expect(asText(found, language, false).match(/\{\w+\}/)).toBeNull()
  }
})

test('the README names every check', () => {
  const readme = fs.readFileSync(path.join(here, 'README.md'), 'utf8')
  expect([...readme.matchAll(/^\| `([\w-]+\/[\w-]+)`/gm)].map((match) => match[1]).sort()).toEqual(
    Object.keys(CHECKS).sort(),
  )
})
