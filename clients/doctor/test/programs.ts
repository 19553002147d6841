// Projects of a few files, written for one test.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { examine } from '../src/examine'
import type { Finding, Options } from '../src/findings'
import { readProject } from '../src/project'

export type Files = Record<string, string | null>

const made: string[] = []
export const json = (value: unknown) => JSON.stringify(value, null, 2)

/** A program that nothing is to be said of but its sizes. */
export const CONFIG = {
  appid: 'wx0123456789abcdef',
  miniprogramRoot: './',
  libVersion: '3.4.0',
  setting: { es6: true },
}
export const APP = { pages: ['pages/home/index'], lazyCodeLoading: 'requiredComponents' }
const CLEAN: Files = {
  'project.config.json': json(CONFIG),
  'package.json': json({ name: 'shop' }),
  'app.json': json(APP),
  'app.ts': 'App({})\n',
  'pages/home/index.ts': "const url = '/pages/home/index' // as in https://example.com\nPage({ data: { url } })\n",
  'pages/home/index.wxml': '<view class="home"><scroll-view>{{a<b-c}}</scroll-view></view>\n',
  'pages/home/index.json': '{}',
}

/** The folder of a clean program with these files instead; null takes a file away. */
export function program(files: Files = {}): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'doctor-'))
  made.push(root)
  for (const [file, content] of Object.entries({ ...CLEAN, ...files })) {
    if (content === null) continue
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), content)
  }
  return root
}

export function removePrograms(): void {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true })
}

export const examined = (files: Files = {}, options: Partial<Options> = {}): Finding[] =>
  examine(readProject(program(files)), { release: false, domains: [], ...options })

/** An npm package as npm and 构建 npm leave it. */
export function kit(built = ''): Files {
  const source = (name: string, files: Record<string, string>, more: object) => ({
    [`node_modules/${name}/package.json`]: json({ name, version: '0.1.0', miniprogram: 'miniprogram_dist', ...more }),
    ...Object.fromEntries(
      Object.entries(files).map(([file, text]) => [`node_modules/${name}/miniprogram_dist/${file}`, text]),
    ),
    ...Object.fromEntries(
      Object.entries(files).map(([file, text]) => [`${built}miniprogram_npm/${name}/${file}`, text]),
    ),
  })
  const chat = {
    'index.js': 'exports.kit = {}',
    'components/chat/index.json': '{"component":true}',
    'components/chat/index.wxml': '<view/>',
    'components/chat/index.js': 'Component({})',
  }
  return {
    ...source('@chaguan/sdk', { 'index.js': 'exports.createClient = () => ({})' }, {}),
    ...source('@chaguan/mini-kit', chat, { peerDependencies: { '@chaguan/sdk': '0.1.0' } }),
  }
}

export const CHAT_JSON = json({ usingComponents: { 'cg-chat': '@chaguan/mini-kit/components/chat/index' } })

/** The chat on a page of the main package. */
export const withChat = (): Files => ({
  ...kit(),
  'pages/home/index.json': CHAT_JSON,
  'pages/home/index.wxml': '<cg-chat />',
})

/** The chat on the page of a sub-package; `sub` and `app` add to app.json. */
export const chatInSub = (sub: object = {}, app: object = {}, built = ''): Files => ({
  ...kit(built),
  'app.json': json({ ...APP, subPackages: [{ root: 'service', pages: ['chat/index'], ...sub }], ...app }),
  'service/chat/index.ts': 'Page({})',
  'service/chat/index.json': CHAT_JSON,
  'service/chat/index.wxml': '<cg-chat />',
})
