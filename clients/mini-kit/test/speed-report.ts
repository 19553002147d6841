import fs from 'node:fs'
import path from 'node:path'
import { LISTS, type Compared, type Crossing, type List } from './speed'

const README = path.join(import.meta.dirname, '../README.md')
const MARKS = /(<!-- speed -->\n\n)[^]*?(\n\n<!-- \/speed -->)/
const milliseconds = (ms: number) => `${ms < 100 ? Math.round(ms) : Math.round(ms / 10) * 10} ms`
const times = (factor: number) => ` (${factor < 10 ? factor.toFixed(1) : factor.toFixed(0)} ×)`
const crossed = ({ calls, bytes }: Crossing) =>
  `${bytes < 10_000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(0)} kB`}, ${calls} calls`

/** Puts the measured figures into the kit's README. */
export function writeReport(swift: Compared, slow: Compared, appended: Record<List, Crossing>): void {
  const row = (name: string, tell: (list: List) => string) => [name, ...LISTS.map(tell)]
  const rows = [
    ['1,000 messages', '`cg-message-list`', 'its lines, all at once', 'sample code'],
    ['---', '---', '---', '---'],
    row('work of the view', (list) => milliseconds(swift[list].work_ms) + times(swift.times[list].work)),
    row('until they stand there', (list) => milliseconds(swift[list].ms) + times(swift.times[list].passed)),
    row('the same, processor slowed 6 ×', (list) => milliseconds(slow[list].ms) + times(slow.times[list].passed)),
    row('crosses to the view', (list) => crossed(swift[list])),
    row('crosses for one more message', (list) => crossed(appended[list])),
  ]
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`.replaceAll(' (1.0 ×)', '')).join('\n')
  const text = fs.readFileSync(README, 'utf8')
  if (!MARKS.test(text)) throw new Error('README.md has no place for the figures')
  fs.writeFileSync(
    README,
    text.replace(MARKS, (_, begin: string, end: string) => `${begin}${table}${end}`),
  )
}
