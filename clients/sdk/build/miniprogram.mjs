// Builds the one file that WeChat's "构建 npm" copies, and fails when it outgrows its budget.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { hoistNames } from './hoist-names.mjs'
import { internalNames } from './internal-names.mjs'

const print = (text) => process.stdout.write(`${text}\n`)

/** The aim is 40,000; this keeps it from growing while it is not reached. */
const MOST_BYTES = 52_000

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = `${root}miniprogram_dist/index.js`

const names = internalNames(`${root}src/core`, `${root}../protocol/index.ts`, [`${root}src/adapters/wx.ts`])

const built = await build({
  absWorkingDir: root,
  entryPoints: ['src/miniprogram.ts'],
  outfile,
  metafile: true,
  bundle: true,
  minify: true,
  charset: 'utf8',
  format: 'cjs',
  target: 'es2017',
  platform: 'neutral',
  mangleProps: new RegExp(`^(${names.join('|')})$`),
  alias: { '@chaguan/protocol': `${root}../protocol/index.ts` },
})
writeFileSync(outfile, hoistNames(readFileSync(outfile, 'utf8')))
writeFileSync(`${root}miniprogram_dist/index.d.ts`, "export * from '../dist/index'\n")

const bytes = readFileSync(outfile)
print(`miniprogram_dist/index.js: ${bytes.length} bytes minified, ${gzipSync(bytes).length} gzip`)
if (bytes.length > MOST_BYTES) {
  console.error(`too large for a mini program: at most ${MOST_BYTES} bytes`)
  process.exitCode = 1
}
if (process.argv.includes('--parts')) {
  for (const [path, { bytesInOutput }] of Object.entries(Object.values(built.metafile.outputs)[0].inputs))
    print(`${bytesInOutput} ${path}`)
}
