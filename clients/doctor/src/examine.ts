import { CHECKS } from './checks/index'
import type { Finding, Options, Severity } from './findings'
import type { Project } from './project'
import type { CheckId } from './texts/index'

const RANK: Record<Severity, number> = { error: 0, warning: 1, note: 2 }

/** All findings, the gravest first; among equals in the order of the checks, then by place. */
export function examine(project: Project, options: Options): Finding[] {
  const findings = Object.entries(CHECKS).flatMap(([check, find]) =>
    [...find(project, options)].map((found): Finding => ({ check: check as CheckId, ...found })),
  )
  return findings.sort((a, b) => RANK[a.severity] - RANK[b.severity])
}

export function counts(findings: Finding[]): Record<Severity, number> {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  return { error: of('error'), warning: of('warning'), note: of('note') }
}
