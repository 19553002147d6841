// src → miniprogram_dist: each script on its own (so that components share one kit), templates as they are.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { plain } from './plain.mjs'

const SIZE_LIMIT = 300 * 1024
const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const source = path.join(home, 'src')
const target = path.join(home, 'miniprogram_dist')

const files = fs
  .readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name))

/** Without what only people read; WeChat's own compiler takes the rest as it is written. */
const packed = (file) => {
  const text = fs.readFileSync(file, 'utf8')
  if (file.endsWith('.json')) return JSON.stringify(JSON.parse(text))
  if (file.endsWith('.wxml')) return text.replace(/^\s+/gm, '')
  const rules = text.replace(/\/\*[\s\S]*?\*\//g, '')
  const short = rules.replace(/\s*([{};])\s*/g, '$1').replace(/(^|[{;])([\w-]+):\s+/g, '$1$2:')
  return short.replace(/@import[^;]+;/g, '$&\n')
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
for (const file of files.filter((name) => name.endsWith('.ts'))) {
  const made = path.join(target, path.relative(source, file)).replace(/\.ts$/, '.js')
  fs.writeFileSync(made, plain(fs.readFileSync(made, 'utf8'), made))
}
for (const file of files.filter((name) => /\.(wxml|wxss|json|wxs)$/.test(name))) {
  const copy = path.join(target, path.relative(source, file))
  fs.mkdirSync(path.dirname(copy), { recursive: true })
  if (/\.(wxss|wxml|json)$/.test(file)) fs.writeFileSync(copy, packed(file))
  else fs.copyFileSync(file, copy)
}

const size = fs
  .readdirSync(target, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0)
console.log(`mini-kit: ${Math.round(size / 1024)} KiB`)
if (size > SIZE_LIMIT) throw new Error(`miniprogram_dist is ${size} bytes, above the budget of ${SIZE_LIMIT}`)
