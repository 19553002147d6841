// Builds what WeChat's "构建 npm" copies: the core and, each in a file of its own, the modules. A file that outgrows
// its budget fails the build, and so does a README that tells other sizes (`--check` writes nothing else).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { hoistNames } from './hoist-names.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = `${root}miniprogram_dist`
const protocol = `${root}../protocol/index.ts`
const print = (text) => process.stdout.write(`${text}\n`)

/** Adapters of other hosts than WeChat: who runs there takes one, nobody else carries it. */
const HOSTS = ['alipay', 'douyin', 'uni']

/** Most bytes of each entry, minified. */
const BUDGETS = {
  index: 40_000,
  answers: 1_000,
  // The staff's: customers never load it.
  desk: 4_500,
  forward: 800,
  groups: 1_500,
  notes: 3_800,
  people: 800,
  presence: 800,
  replies: 1_500,
  search: 500,
  service: 3_500,
  staff: 1_500,
  texts: 1_500,
  token: 800,
  alipay: 5_300,
  douyin: 3_300,
  uni: 5_800,
}

/** Names that never leave the core: no API, wire, storage or host has them, so the build may shorten them. */
const INTERNAL = `store logs away isOnline addUsers addView expectSeq config emit flush isBehind changesFrom fetchRow
  currentToken applyUserChanged applyWelcome applyEntry applyInbox applySync afterWelcome welcomed stateChanged
  isOtherEpoch mergeHistory updateInbox updateLog saveSession saveItem eraseItem reached pumpAll ordinalAt onWelcome
  births gaps moveMark setLog setRow shown changes wipe uploadItem outbox`.split(/\s+/)

function checkInternal() {
  const outside = readFileSync(protocol, 'utf8') + readFileSync(`${root}src/core/types.ts`, 'utf8')
  const clash = INTERNAL.filter((name) => new RegExp(`\\b${name}\\??:`).test(outside))
  if (clash.length) throw new Error(`names of the wire or the API can't be shortened: ${clash.join(', ')}`)
}

const source = (entry) =>
  entry === 'index' ? 'src/miniprogram.ts' : `src/${HOSTS.includes(entry) ? 'adapters' : 'modules'}/${entry}.ts`
const types = (entry) => `export * from '../dist/${entry}.mjs'\n`

/** The bundle ends with its exports. esbuild's own CommonJS would spend 400 bytes on them, in every file. */
function asCommonJs(text) {
  const body = text.replace(/export\s*\{([^}]*)\};?\s*$/, (_, names) =>
    names
      .split(',')
      .map((name) => name.trim().split(' as '))
      .map(([local, exported = local]) => `exports.${exported}=${local};`)
      .join(''),
  )
  if (body === text) throw new Error('an entry without exports')
  return `"use strict";${body}`
}

async function buildEntry(entry) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [source(entry)],
    write: false,
    outfile: 'out.js',
    metafile: true,
    bundle: true,
    minify: true,
    charset: 'utf8',
    format: 'esm',
    target: 'es2018',
    platform: 'neutral',
    ...(entry === 'index' && { mangleProps: new RegExp(`^(${INTERNAL.join('|')})$`) }),
    alias: { '@chaguan/protocol': protocol },
  })
  const text = asCommonJs(outputFiles[0].text)
  const code = entry === 'index' ? hoistNames(text) : text
  const parts = Object.values(metafile.outputs)[0].inputs
  return { entry, code, bytes: Buffer.byteLength(code), gzip: gzipSync(code).length, parts }
}

/** The README's table of sizes, in steps of 100 bytes, so that not every change of a line rewrites it. */
function table(entries) {
  const size = (bytes) => `${(Math.ceil(bytes / 100) / 10).toFixed(1)} kB`
  const name = (entry) => (entry === 'index' ? '@chaguan/sdk' : `@chaguan/sdk/${entry}`)
  const rows = entries.map(({ entry, bytes, gzip }) => [
    `\`${name(entry)}\``,
    size(bytes),
    size(gzip),
    size(BUDGETS[entry]),
  ])
  const all = [['entry', 'minified', 'gzip', 'at most'], ...rows]
  const widths = all[0].map((_, i) => Math.max(...all.map((row) => row[i].length)))
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  return [line(all[0]), rule, ...all.slice(1).map(line)].join('\n')
}

const MARKS = /(<!-- sizes -->\n\n)[^]*?(\n\n<!-- \/sizes -->)/

function isReadmeFresh(entries, write) {
  const path = `${root}README.md`
  const held = readFileSync(path, 'utf8')
  const fresh = held.replace(MARKS, (_, begin, end) => begin + table(entries) + end)
  if (write && fresh !== held) writeFileSync(path, fresh)
  return write || fresh === held
}

checkInternal()
const entries = []
for (const entry of Object.keys(BUDGETS)) entries.push(await buildEntry(entry))

for (const { entry, bytes, gzip, parts } of entries) {
  print(`${entry}.js: ${bytes} bytes minified, ${gzip} gzip`)
  if (bytes > BUDGETS[entry]) {
    console.error(`${entry}.js is too large: at most ${BUDGETS[entry]} bytes`)
    process.exitCode = 1
  }
  if (!process.argv.includes('--parts')) continue
  for (const [path, { bytesInOutput }] of Object.entries(parts)) print(`  ${bytesInOutput} ${path}`)
}

const isCheck = process.argv.includes('--check')
if (!isReadmeFresh(entries, process.argv.includes('--write'))) {
  console.error('README.md tells other sizes: node build/miniprogram.mjs --write')
  if (isCheck) process.exitCode = 1
}
if (!isCheck) {
  mkdirSync(outdir, { recursive: true })
  for (const { entry, code } of entries) {
    writeFileSync(`${outdir}/${entry}.js`, code)
    writeFileSync(`${outdir}/${entry}.d.ts`, types(entry))
  }
}
