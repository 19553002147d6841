// src → one script for any page, minified, with its style sheets inside. Fails above the budget.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { bundle } from './bundle.mjs'

const MOST_GZIP_BYTES = 60_000
const here = path.dirname(import.meta.dirname)
const folder = path.join(process.env.CHAGUAN_WEB_DIR ?? path.join(here, '../../src/chaguan/web'), 'widget')

const script = await bundle('src/index.ts')
const gzip = gzipSync(script, { level: 9 }).length
mkdirSync(folder, { recursive: true })
writeFileSync(path.join(folder, 'widget.js'), script)
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
console.log(`widget.js: ${kB(script.length)} minified, ${kB(gzip)} gzip (at most ${kB(MOST_GZIP_BYTES)})`)
if (gzip > MOST_GZIP_BYTES) throw new Error(`widget.js is ${gzip} bytes gzip, above the budget of ${MOST_GZIP_BYTES}`)
