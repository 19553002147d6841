// The conformance table in the README: a promise a line, a host a column. Every mark is a test of this suite.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LACKS } from './lacks'
import { PROMISES } from './promises'
import { WORLDS } from './worlds'
import type { Host } from './worlds'

const README = fileURLToPath(new URL('../../README.md', import.meta.url))
const MARKS = /(<!-- conformance -->\n\n)[^]*?(\n\n<!-- \/conformance -->)/
const HOSTS = Object.keys(WORLDS) as Host[]
const SUPERSCRIPTS = '¹²³⁴⁵⁶⁷⁸⁹'

function table(): string {
  const names = Object.keys(LACKS)
  const mark = (says: string, host: Host): string =>
    LACKS[says]?.hosts.includes(host) ? `–${SUPERSCRIPTS[names.indexOf(says)]}` : '✓'
  const rows = PROMISES.flatMap(([what, promises]) => [
    [`**${what}**`, ...HOSTS.map(() => '')],
    ...promises.map(({ says }) => [says, ...HOSTS.map((host) => mark(says, host))]),
  ])
  const all = [['An adapter …', ...HOSTS], ...rows]
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)))
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const notes = names.map((name, i) => `${SUPERSCRIPTS[i]} ${LACKS[name]!.because}`)
  return [line(all[0]!), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line), '', notes.join(' ')].join(
    '\n',
  )
}

/** Whether the README has it; with `WRITE=1` in the environment it has, afterwards. */
export function isTableFresh(): boolean {
  const held = readFileSync(README, 'utf8')
  const fresh = held.replace(MARKS, (_, begin: string, end: string) => begin + table() + end)
  if (process.env['WRITE']) writeFileSync(README, fresh)
  return Boolean(process.env['WRITE']) || (fresh === held && MARKS.test(held))
}
