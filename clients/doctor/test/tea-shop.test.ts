// The sample mini program as its README has it installed: nothing may be wrong with what others copy.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examine } from '../src/examine'
import { readProject } from '../src/project'

const clients = path.join(import.meta.dirname, '../..')
const shop = path.join(clients, '../examples/tea-shop')
let folder = ''

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'doctor-tea-'))
  fs.cpSync(shop, folder, {
    recursive: true,
    filter: (file) => !/node_modules|miniprogram_npm/.test(path.relative(shop, file)),
  })
  // The desk of staff goes into the sub-package that has a package.json of its own.
  for (const [workspace, place] of [
    ['sdk', ''],
    ['mini-kit', ''],
    ['mini-desk', 'staff'],
  ] as const) {
    // Built by set-up, and by the tests of those packages.
    const source = path.join(clients, workspace, 'miniprogram_dist')
    const name = `@chaguan/${workspace}`
    const installed = path.join(folder, place, 'node_modules', name)
    fs.cpSync(source, path.join(folder, place, 'miniprogram_npm', name), { recursive: true })
    fs.cpSync(source, path.join(installed, 'miniprogram_dist'), { recursive: true })
    fs.copyFileSync(path.join(clients, workspace, 'package.json'), path.join(installed, 'package.json'))
  }
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const complaints = (release: boolean) =>
  examine(readProject(folder), { release, domains: [] }).filter(({ severity }) => severity !== 'note')

test('the tea shop has no fault but that it has no AppID and speaks with this machine', () => {
  expect(complaints(false).filter(({ severity }) => severity === 'error')).toEqual([])
  expect(new Set(complaints(false).map(({ check }) => check))).toEqual(new Set(['files/appid', 'domains/local']))
})

test('a chat that sends places is told to declare it, where it is told to send them', () => {
  const file = path.join(folder, 'app.json')
  const declared = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, declared.replace(/ *"requiredPrivateInfos".*\n/, ''))
  const missing = complaints(false).filter(({ severity }) => severity === 'error')
  fs.writeFileSync(file, declared)
  expect(missing.map(({ check, at }) => [check, at?.file])).toEqual([
    ['privacy/required-infos', 'pages/chat/index.wxml'],
  ])
})

test('with an AppID and a public deployment it can be released', () => {
  const put = (file: string, from: RegExp, to: string) => {
    const full = path.join(folder, file)
    fs.writeFileSync(full, fs.readFileSync(full, 'utf8').replace(from, to))
  }
  put('project.config.json', /touristappid/, 'wx0123456789abcdef')
  for (const file of ['services/config.ts', 'ext.json'])
    put(file, /http:\/\/127\.0\.0\.1:80[89]0/g, 'https://im.example.com')
  expect(complaints(true)).toEqual([])
})

test('the package holds the command, its bundle and its manual, and nothing to be fetched', () => {
  const [listed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: path.join(clients, 'doctor'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { files: { path: string }[] }[]
  expect(listed?.files.map((file) => file.path).sort()).toEqual([
    'README.md',
    'bin/doctor.js',
    'dist/cli.js',
    'package.json',
  ])
  expect(JSON.parse(fs.readFileSync(path.join(clients, 'doctor/package.json'), 'utf8'))).not.toHaveProperty(
    'dependencies',
  )
})
