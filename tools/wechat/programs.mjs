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
  const names = ['sdk', 'mini-kit', 'mini-desk']
  const archives = npm(folder, 'pack', ...names.map((name) => path.join(home, 'clients', name)))
    .trim()
    .split('\n')
  return Object.fromEntries(names.map((name, i) => [`@chaguan/${name}`, `file:${path.join(folder, archives[i])}`]))
}

/** What the main package of a program takes; the desk is for a sub-package. */
const forCustomers = ({ '@chaguan/mini-desk': _, ...others }) => others

function install(folder, packages) {
  const file = path.join(folder, 'package.json')
  const dependencies = { ...JSON.parse(fs.readFileSync(file, 'utf8')).dependencies, ...packages }
  fs.writeFileSync(file, JSON.stringify({ private: true, dependencies }))
  // Of a sub-package the peers lie in the main package.
  npm(folder, 'install', '--no-package-lock', '--legacy-peer-deps')
  return folder
}

export function teaShop(stage, packages) {
  const program = path.join(stage, 'tea-shop')
  const left = new Set(
    ['server', 'node_modules', 'miniprogram_npm', 'staff/node_modules', 'staff/miniprogram_npm'].map((name) =>
      path.join(home, 'examples/tea-shop', name),
    ),
  )
  fs.cpSync(path.join(home, 'examples/tea-shop'), program, { recursive: true, filter: (file) => !left.has(file) })
  install(path.join(program, 'staff'), { '@chaguan/mini-desk': packages['@chaguan/mini-desk'] })
  return install(program, forCustomers(packages))
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
  return install(write(path.join(stage, 'tutorial'), Object.fromEntries(files)), forCustomers(packages))
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
  return install(write(path.join(stage, 'sub-package'), files), forCustomers(packages))
}
