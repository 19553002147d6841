// The mini programs that are compiled: copies in a folder of their own, with the kit and the SDK as npm packs them.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const home = path.join(import.meta.dirname, '../..')
const read = (file) => fs.readFileSync(path.join(home, file), 'utf8')
const npm = (cwd, ...command) =>
  execFileSync('npm', [...command, '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
    cwd,
    encoding: 'utf8',
  })

function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), text)
  }
  return folder
}

/** The archives that would be published, by name of the package. */
export function packPackages(folder) {
  const packages = ['sdk', 'mini-kit'].map((name) => path.join(home, 'clients', name))
  const archives = npm(folder, 'pack', ...packages)
    .trim()
    .split('\n')
  return { '@chaguan/sdk': `file:../${archives[0]}`, '@chaguan/mini-kit': `file:../${archives[1]}` }
}

function install(program, packages) {
  const file = path.join(program, 'package.json')
  const dependencies = { ...JSON.parse(fs.readFileSync(file, 'utf8')).dependencies, ...packages }
  fs.writeFileSync(file, JSON.stringify({ private: true, dependencies }))
  npm(program, 'install', '--no-package-lock')
  return program
}

export function teaShop(stage, packages) {
  const program = path.join(stage, 'tea-shop')
  const left = new Set(
    ['server', 'node_modules', 'miniprogram_npm'].map((name) => path.join(home, 'examples/tea-shop', name)),
  )
  fs.cpSync(path.join(home, 'examples/tea-shop'), program, { recursive: true, filter: (file) => !left.has(file) })
  return install(program, packages)
}

/** What stands in the tutorial's blocks, each under the name that its first line gives. */
const blocks = (page) =>
  Object.fromEntries(
    [...read(page).matchAll(/^```\w+ ([\w./-]+)\n([^]*?)^```$/gm)].map(([, name, text]) => [name, text]),
  )

/** Whoever has followed “The first message” to the end of its first half. */
export function tutorial(stage, packages) {
  const empty = JSON.parse(read('tools/wechat/empty-project.json'))
  const written = blocks('docs/tutorial/first-message.md')
  const files = Object.entries(empty).map(([name, text]) => [name, written[name] ?? text])
  if (!files.some(([name, text]) => text.includes('cg-service-chat') && written[name]))
    throw new Error('the tutorial names no component of the kit')
  return install(write(path.join(stage, 'tutorial'), Object.fromEntries(files)), packages)
}

/** The tutorial's page moved to a sub-package with all of the kit: the main package has none of it. */
export function subPackage(stage, packages) {
  const empty = JSON.parse(read('tools/wechat/empty-project.json'))
  const written = blocks('docs/tutorial/first-message.md')
  const app = { ...JSON.parse(empty['app.json']), subPackages: [{ root: 'talk', pages: ['index/index'] }] }
  const files = {
    ...empty,
    'app.json': JSON.stringify(app),
    'talk/index/index.ts': written['app.ts'].replace('App({})', 'Page({})'),
    'talk/index/index.json': written['pages/index/index.json'],
    'talk/index/index.wxml': written['pages/index/index.wxml'],
  }
  return install(write(path.join(stage, 'sub-package'), files), packages)
}
