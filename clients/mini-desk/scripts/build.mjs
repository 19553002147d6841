// src → miniprogram_dist, as the kit is built: each script on its own, templates as they are. The kit's sheets come
// along, since a style can only be imported by a path; scripts and components of the kit are found by its name.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const SIZE_LIMIT = 125 * 1024
const SHEETS = ['tokens', 'icons', 'sheet', 'asking']
const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const source = path.join(home, 'src')
const target = path.join(home, 'miniprogram_dist')
const sheets = path.join(home, '../mini-kit/src/styles')

const listed = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
const files = listed(source)

/** Without what only people read; WeChat's own compiler takes the rest as it is written. */
const packed = (file) => {
  const text = fs.readFileSync(file, 'utf8')
  if (file.endsWith('.wxml')) return text.replace(/^\s+/gm, '')
  const rules = text.replace(/\/\*[\s\S]*?\*\//g, '')
  const short = rules.replace(/\s*([{};])\s*/g, '$1').replace(/(^|[{;])([\w-]+):\s+/g, '$1$2:')
  return short.replace(/@import[^;]+;/g, '$&\n')
}

const put = (name, text) => {
  const copy = path.join(target, name)
  fs.mkdirSync(path.dirname(copy), { recursive: true })
  fs.writeFileSync(copy, text)
}

/** Icons that no template or script here names stay in the kit. */
const needed = (text) => {
  const said = files.map((file) => fs.readFileSync(file, 'utf8')).join('\n')
  return text.replace(/\.(cg-i-[\w-]+)\{[^}]*\}/g, (rule, name) => (said.includes(name) ? rule : ''))
}

fs.rmSync(target, { recursive: true, force: true })
await build({
  entryPoints: files.filter((file) => file.endsWith('.ts')),
  outbase: source,
  outdir: target,
  format: 'cjs',
  target: 'es2017',
  charset: 'utf8',
  // Names stay as they are written: who looks for a fault on a phone finds them in the sources.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
})
for (const file of files.filter((name) => /\.(wxml|wxss|json)$/.test(name))) {
  const text = file.endsWith('.json') ? fs.readFileSync(file, 'utf8') : packed(file)
  put(path.relative(source, file), text)
}
for (const name of SHEETS) put(`styles/${name}.wxss`, needed(packed(path.join(sheets, `${name}.wxss`))))

const size = listed(target).reduce((sum, file) => sum + fs.statSync(file).size, 0)
console.log(`mini-desk: ${Math.round(size / 1024)} KiB`)
if (size > SIZE_LIMIT) throw new Error(`miniprogram_dist is ${size} bytes, above the budget of ${SIZE_LIMIT}`)
