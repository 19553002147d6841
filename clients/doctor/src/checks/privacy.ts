/** What has to be declared before calls that touch the user's own things work. */
import fs from 'node:fs'
import path from 'node:path'
import type { Found, Place } from '../findings'
import { GUIDELINE, KIT_ASKED, KIT_CALLS, LOCATION_SCOPES, REQUIRED_INFOS, TEMPLATE_MARKS } from '../facts/privacy'
import { placeIn, placeOf, record, strings, text, type Project } from '../project'
import { plainTemplate } from '../source'
import { unitsOf, usedPackages, type Unit } from './used'

const KIT = /^@chaguan\/mini-kit\//

/** The first place of each call of `wx`, asked for beforehand or not: what is declared is what may be called. */
function calls(project: Project): Map<string, Place> {
  const found = new Map<string, Place>()
  for (const { file, code } of project.scripts)
    for (const match of code.matchAll(/\bwx\.(\w+)\s*\??\.?\s*(?=\()/g))
      if (!found.has(match[1]!)) found.set(match[1]!, placeIn(project, file, code, match.index))
  for (const unit of unitsOf(project))
    for (const [api, at] of [...askedOf(project, unit), ...marksOf(project, unit)])
      if (!found.has(api)) found.set(api, at)
  return found
}

/** What the kit is told to use by an attribute in a template. */
function askedOf(project: Project, { file, json }: Unit): [string, Place][] {
  const known = { ...record(project.app.value.usingComponents), ...record(json?.value.usingComponents) }
  const tags = Object.keys(known).filter((tag) => KIT.test(text(known[tag])))
  if (!tags.length) return []
  const wxml = fs.readFileSync(path.join(project.program, `${file}.wxml`), 'utf8')
  const plain = plainTemplate(wxml)
  return Object.entries(KIT_ASKED).flatMap(([attribute, api]): [string, Place][] => {
    const given = new RegExp(`<(?:${tags.join('|')})\\s(?:[^>]*\\s)?${attribute}(?=[\\s=/>])`).exec(plain)
    return given ? [[api, placeIn(project, `${file}.wxml`, wxml, given.index)]] : []
  })
}

function marksOf(project: Project, { file }: Unit): [string, Place][] {
  const wxml = fs.readFileSync(path.join(project.program, `${file}.wxml`), 'utf8')
  return [...plainTemplate(wxml).matchAll(TEMPLATE_MARKS)].map((match): [string, Place] => [
    match[1] ?? match[2] ?? match[3]!,
    placeIn(project, `${file}.wxml`, wxml, match.index),
  ])
}

export function* requiredInfos(project: Project): Iterable<Found> {
  const declared = strings(project.app.value.requiredPrivateInfos)
  for (const [api, at] of calls(project))
    if (REQUIRED_INFOS.includes(api) && !declared.includes(api)) yield { severity: 'error', at, data: { api } }
}

export function* locationPermission(project: Project): Iterable<Found> {
  const permission = record(project.app.value.permission)
  for (const [api, at] of calls(project)) {
    const scope = LOCATION_SCOPES[api]
    if (scope && !text(record(permission[scope]).desc)) yield { severity: 'error', at, data: { api, scope } }
  }
}

export function* checkOff(project: Project): Iterable<Found> {
  if (project.app.value.__usePrivacyCheck__ === false)
    yield { severity: 'warning', at: placeOf(project.app, '__usePrivacyCheck__') }
}

/** One note with all that has to be entered, since the platform has one form for it. */
export function* guideline(project: Project): Iterable<Found> {
  const own = calls(project)
  const kit = usedPackages(project).has('@chaguan/mini-kit') ? KIT_CALLS : []
  const used = (one: string) => own.has(one) || kit.includes(one)
  const entries = Object.values(GUIDELINE).filter((entry) => entry.calls.some(used))
  if (!entries.length) return
  const first = entries.flatMap((entry) => entry.calls).find((one) => own.has(one))
  const because = (entry: (typeof entries)[number]) => entry.calls.filter(used).join(', ')
  yield {
    severity: 'note',
    at: (first && own.get(first)) || project.app.place,
    data: {
      zh: entries.map((entry) => `${entry.zh}（${because(entry)}）`).join('、'),
      en: entries.map((entry) => `${entry.zh}, ${entry.en} (${because(entry)})`).join('; '),
    },
  }
}
