/** Findings for people and for programs. */
import { counts } from './examine'
import type { Finding, Severity } from './findings'
import { phrase, wordsFor, type Language } from './texts/index'

const SIGNS: Record<Severity, string> = { error: '✖', warning: '▲', note: '•' }
const COLOURS: Record<Severity, string> = { error: '31', warning: '33', note: '36' }

export function asText(findings: Finding[], language: Language, colours: boolean): string {
  const paint = (code: string, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
  const blocks = findings.map(({ check, severity, at, data }) => {
    const { what, why, fix } = wordsFor(language, check, data)
    const head = `${paint(COLOURS[severity], `${SIGNS[severity]} ${phrase(language, severity)}`)}  ${check}`
    const place = at ? `  ${paint('4', `${at.file}:${at.line}`)}` : ''
    const line = (name: 'why' | 'fix', text: string) => `    ${paint('2', `${phrase(language, name)}:`)} ${text}`
    return [head + place, `    ${what}`, line('why', why), line('fix', fix)].join('\n')
  })
  return [...blocks, summary(findings, language)].join('\n\n')
}

function summary(findings: Finding[], language: Language): string {
  const { error, warning, note } = counts(findings)
  const counted = phrase(language, 'summary', { errors: `${error}`, warnings: `${warning}`, notes: `${note}` })
  return error + warning ? counted : `${phrase(language, 'clean')} ${counted}`
}

/** Stable: names are added, never changed. `file` and `line` are null where a finding has no one place. */
export function asJson(findings: Finding[], language: Language, release: boolean): string {
  const listed = findings.map(({ check, severity, at, data }) => ({
    check,
    severity,
    file: at?.file ?? null,
    line: at?.line ?? null,
    ...wordsFor(language, check, data),
  }))
  return JSON.stringify({ version: 1, release, counts: counts(findings), findings: listed }, null, 2)
}
