// src → one script for any page, minified, with its style sheet inside. Fails above the budget.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'

const MOST_GZIP_BYTES = 60_000
const here = path.dirname(import.meta.dirname)
const folder = path.join(process.env.CHAGUAN_WEB_DIR ?? path.join(here, '../../src/chaguan/web'), 'widget')

/** A style sheet as a minified string: it becomes a constructed sheet, which no policy of the page forbids. */
const sheets = {
  name: 'sheets',
  setup(steps) {
    steps.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await transform(readFileSync(file, 'utf8'), {
        loader: 'css',
        minify: true,
        target: 'safari16.4',
      })
      return { contents: code.trim(), loader: 'text' }
    })
  },
}

const { outputFiles } = await build({
  entryPoints: [path.join(here, 'src/index.ts')],
  bundle: true,
  write: false,
  minify: true,
  format: 'iife',
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [sheets],
  // From their sources, so that the widget builds on a fresh clone whatever was built before.
  alias: {
    '@chaguan/mini-kit': path.join(here, '../mini-kit/src'),
    '@chaguan/sdk/texts': path.join(here, '../sdk/src/modules/texts.ts'),
    '@chaguan/sdk/token': path.join(here, '../sdk/src/modules/token.ts'),
    '@chaguan/sdk': path.join(here, '../sdk/src/index.ts'),
  },
})
const [script] = outputFiles
const gzip = gzipSync(script.contents, { level: 9 }).length
mkdirSync(folder, { recursive: true })
writeFileSync(path.join(folder, 'widget.js'), script.contents)
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
console.log(`widget.js: ${kB(script.contents.length)} minified, ${kB(gzip)} gzip (at most ${kB(MOST_GZIP_BYTES)})`)
if (gzip > MOST_GZIP_BYTES) throw new Error(`widget.js is ${gzip} bytes gzip, above the budget of ${MOST_GZIP_BYTES}`)
