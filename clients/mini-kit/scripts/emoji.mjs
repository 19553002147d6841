// Draws src/styles/emoji.wxss and lists in src/drawn.ts what is drawn.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { FACES } from './emoji/faces.mjs'
import { sheetOf } from './emoji/pen.mjs'
import { THINGS } from './emoji/things.mjs'
import { dataUrl } from './data-url.mjs'

const DRAWINGS = { ...FACES, ...THINGS }

const COLUMNS = 9
const ROWS = Math.ceil(Object.keys(DRAWINGS).length / COLUMNS)

// One picture for all, so that a phone draws one and not seventy. The character stays in the text, for who copies it or
// has it read aloud; it is moved out of sight.
const head = () => `/* Made by scripts/emoji.mjs. */
.cg-e {
  display: inline-block;
  overflow: hidden;
  width: 1.36em;
  height: 1.36em;
  margin: 0 0.06em;
  vertical-align: -0.32em;
  background-image: ${dataUrl(sheetOf(Object.values(DRAWINGS), COLUMNS))};
  background-repeat: no-repeat;
  background-size: ${COLUMNS * 100}% ${ROWS * 100}%;
  line-height: 1.36em;
  text-indent: 3em;
  white-space: nowrap;
}`

const share = (at, count) => `${Number(((at / (count - 1)) * 100).toFixed(3))}%`

export function sheet() {
  const rules = Object.keys(DRAWINGS).map((emoji, at) => {
    const place = `${share(at % COLUMNS, COLUMNS)} ${share(Math.floor(at / COLUMNS), ROWS)}`
    return `.cg-e-${emoji.codePointAt(0).toString(16)} {\n  background-position: ${place};\n}`
  })
  return `${[head(), ...rules].join('\n')}\n`
}

export function list() {
  return `/** Emoji of which the kit has its own pictures. Made by scripts/emoji.mjs. */\nexport const DRAWN =\n  '${Object.keys(DRAWINGS).join(' ')}'\n`
}

export const FILES = { 'styles/emoji.wxss': sheet, 'drawn.ts': list }

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const source = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'src')
  for (const [name, text] of Object.entries(FILES)) fs.writeFileSync(path.join(source, name), text())
}
