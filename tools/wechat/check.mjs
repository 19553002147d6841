// `node check.mjs TOOLS`: compiles what ships with WeChat's own compiler, then plants faults that it must find.
// Prints the size of each package. Fails on a warning, on a page or component that is missing from what was made, and
// on what WeChat's limits don't allow.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkTemplates } from '../../clients/mini-harness/dist/index.js'
import { FAULTS } from './faults.mjs'
import { packPackages, subPackage, teaShop, tutorial } from './programs.mjs'

const MB = 1024 * 1024
/** developers.weixin.qq.com, 分包加载: a package, and all packages of a program. */
const MOST_PACKAGE = 2 * MB
const MOST_PROGRAM = 30 * MB
const TIMEOUT_MS = 600_000
const tools = path.resolve(process.argv[2])

/** Where a file is counted: in the sub-package whose root it lies in, else in the main package. */
function sizesOf(program, files) {
  const app = JSON.parse(fs.readFileSync(path.join(program, 'app.json'), 'utf8'))
  const roots = (app.subPackages ?? app.subpackages ?? []).map(({ root }) => root.replace(/\/*$/, '/'))
  const sizes = new Map([['main', 0], ...roots.map((root) => [root, 0])])
  for (const [name, bytes] of files) {
    const root = roots.find((one) => name.startsWith(one)) ?? 'main'
    sizes.set(root, sizes.get(root) + bytes)
  }
  return sizes
}

function tooLarge(sizes) {
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const over = [...sizes].filter(([, bytes]) => bytes > MOST_PACKAGE)
  return [
    ...over.map(([name, bytes]) => `package ${name} has ${bytes} bytes, more than ${MOST_PACKAGE}`),
    ...(total > MOST_PROGRAM ? [`all packages have ${total} bytes, more than ${MOST_PROGRAM}`] : []),
  ]
}

/** Pages and components whose template, script or configuration is not in what was made. */
function missing(program, npm, files) {
  const made = new Set(files.map(([name]) => name))
  const templates = fs
    .readdirSync(program, { recursive: true })
    .filter((name) => name.endsWith('.wxml') && !name.includes('node_modules'))
  const kit = templates.filter((name) => name.startsWith(path.join(npm, 'miniprogram_npm/@chaguan/mini-kit/')))
  const parts = templates.flatMap((name) => ['wxml', 'js', 'json'].map((ending) => name.replace(/wxml$/, ending)))
  const lost = parts.filter((name) => !made.has(name)).map((name) => `${name} is missing from what was made`)
  return kit.length ? lost : [...lost, 'no component of the kit was packed']
}

/** WeChat's wcc is stricter about templates than the compiler, and what runs when a program is opened. */
function templateProblems(program) {
  const { available, problems } = checkTemplates(program)
  return available ? problems : ["WeChat's wcc does not run on this machine"]
}

function compile(program, npm) {
  const answer = path.join(path.dirname(program), `${path.basename(program)}.result.json`)
  const command = [path.join(import.meta.dirname, 'compile.mjs'), tools, program, npm, answer]
  const done = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: TIMEOUT_MS })
  if (done.status !== 0) return { complaints: [done.stderr.trim() || `ended by ${done.signal ?? done.status}`] }
  const { files, warnings } = JSON.parse(fs.readFileSync(answer, 'utf8'))
  const sizes = sizesOf(program, files)
  return {
    sizes,
    count: files.length,
    complaints: [...warnings, ...missing(program, npm, files), ...tooLarge(sizes), ...templateProblems(program)],
  }
}

function report(name, { sizes, count, complaints }) {
  const packages = [...(sizes ?? [])].map(([one, bytes]) => `${one} ${(bytes / 1000).toFixed(1)} kB`)
  console.log(`  ${name.padEnd(12)} ${complaints.length ? 'FAILED' : `${count} files: ${packages.join(', ')}`}`)
  complaints.forEach((complaint) => console.log(`    ${complaint.replaceAll('\n', '\n    ')}`))
  return complaints.length === 0
}

function plant(stage, sound, { name, spoil, found }) {
  const program = path.join(stage, 'spoiled')
  fs.rmSync(program, { recursive: true, force: true })
  fs.cpSync(sound, program, { recursive: true, filter: (file) => path.basename(file) !== 'miniprogram_npm' })
  spoil(program)
  const { complaints } = compile(program, '')
  const isFound = complaints.some((complaint) => found.test(complaint))
  console.log(`  planted: ${name.padEnd(40)} ${isFound ? 'found' : 'NOT FOUND'}`)
  if (!isFound) complaints.forEach((complaint) => console.log(`    ${complaint}`))
  return isFound
}

const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'chaguan-wechat-'))
try {
  const packages = packPackages(stage)
  const programs = [
    ['tea shop', teaShop(stage, packages), ''],
    ['tutorial', tutorial(stage, packages), ''],
    ['sub-package', subPackage(stage, packages), 'talk'],
  ]
  const sound = programs.map(([name, program, npm]) => report(name, compile(program, npm)))
  // The tutorial's program is the smallest that has all of the kit.
  const planted = FAULTS.map((fault) => plant(stage, programs[1][1], fault))
  process.exitCode = [...sound, ...planted].every(Boolean) ? 0 : 1
} finally {
  fs.rmSync(stage, { recursive: true })
}
