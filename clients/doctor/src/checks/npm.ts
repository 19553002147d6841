/** npm packages as a mini program sees them: what 构建 npm made, not node_modules. */
import fs from 'node:fs'
import path from 'node:path'
import type { Found } from '../findings'
import { HOST_TAGS } from '../facts/tags'
import { walk } from '../files'
import { built, installed, isElsewhere, manifest, packageName, resolveComponent } from '../modules'
import { placeIn, record, type Project } from '../project'
import { tagsOf } from '../source'
import { satisfies } from '../versions'
import { packageUses, unitsOf, usedPackages, usesOf, type Use } from './used'

/** One finding for each package, at its first use. */
function firstUses(project: Project): Map<string, Use> {
  const first = new Map<string, Use>()
  for (const use of packageUses(project)) {
    const name = packageName(use.name)
    if (!first.has(name) && !isExtended(project, name)) first.set(name, use)
  }
  return first
}

/** `useExtendedLib` of app.json brings weui without npm. */
const isExtended = (project: Project, name: string) =>
  name === 'weui-miniprogram' && record(project.app.value.useExtendedLib).weui === true

export function* notInstalled(project: Project): Iterable<Found> {
  for (const [name, { at }] of firstUses(project))
    if (!installed(project, name) && !built(project, name).length) yield { severity: 'error', at, data: { name } }
}

export function* notBuilt(project: Project): Iterable<Found> {
  for (const [name, { at }] of firstUses(project))
    if (installed(project, name) && !built(project, name).length) yield { severity: 'error', at, data: { name } }
}

/** Only packages made for mini programs can be compared: 构建 npm copies those and bundles the others. */
export function* stale(project: Project): Iterable<Found> {
  for (const [name, { at }] of firstUses(project)) {
    const folder = installed(project, name)
    const source = folder ? manifest(folder).source : ''
    if (!source || !fs.existsSync(source)) continue
    const behind = built(project, name).find((copy) => differs(source, path.join(project.program, copy)))
    if (behind) yield { severity: 'error', at, data: { name, folder: behind } }
  }
}

function differs(source: string, copy: string): boolean {
  const read = (file: string) => fs.readFileSync(file, 'utf8').replace(/\r\n/g, '\n').trim()
  const files = walk(source, () => false).filter((file) => /\.(?:js|wxml|wxss|wxs|json)$/.test(file.path))
  return files.some(({ path: file }) => {
    const other = path.join(copy, file)
    return !fs.existsSync(other) || read(path.join(source, file)) !== read(other)
  })
}

/** Components whose package is there, or that are named by a path, and that nevertheless lead nowhere. */
export function* componentMissing(project: Project): Iterable<Found> {
  for (const { file, name, at, by } of usesOf(project)) {
    if (by !== 'json' || isElsewhere(name)) continue
    const { file: found, npm } = resolveComponent(project, file, name)
    const waits = npm !== '' && (isExtended(project, packageName(npm)) || !built(project, npm).length)
    if (found === null && !waits) yield { severity: 'error', at, data: { name } }
  }
}

export function* versionsDiffer(project: Project): Iterable<Found> {
  for (const name of usedPackages(project)) {
    const folder = installed(project, name)
    if (!folder) continue
    for (const [peer, range] of Object.entries(manifest(folder).peers)) {
      const other = installed(project, peer)
      if (typeof range !== 'string' || !peer.startsWith('@chaguan/') || !other) continue
      const { version } = manifest(other)
      if (satisfies(version, range) === false)
        yield { severity: 'error', data: { name, own: manifest(folder).version, peer, range, version } }
    }
  }
}

/** A kit whose SDK is not there at all. */
export function* peerMissing(project: Project): Iterable<Found> {
  for (const [name, { at }] of firstUses(project)) {
    const folder = installed(project, name)
    const peers = folder && name.startsWith('@chaguan/') ? Object.keys(manifest(folder).peers) : []
    for (const peer of peers)
      if (!installed(project, peer) && !built(project, peer).length)
        yield { severity: 'error', at, data: { name, peer } }
  }
}

/**
 * `../chat/index` in a package: WeChat's compiler looks for `/chat/index` in the program's root first, finds the
 * program's own, and stops.
 */
export function* nameTaken(project: Project): Iterable<Found> {
  const own = new Set(project.files.map((file) => file.path))
  for (const [name] of firstUses(project)) {
    if (!name.startsWith('@chaguan/')) continue
    const parts = built(project, name).flatMap((copy) =>
      project.files
        .filter((file) => file.path.startsWith(`${copy}/components/`))
        .map((file) => file.path.split('/').at(-2)),
    )
    const taken = [...new Set(parts)].find((part) => own.has(`${part}/index.wxml`))
    if (taken) yield { severity: 'error', at: placeIn(project, `${taken}/index.wxml`, '', 0), data: { name, taken } }
  }
}

/** A tag that nobody declared is drawn as nothing at all, without a word. */
export function* tagUndeclared(project: Project): Iterable<Found> {
  const everywhere = Object.keys(record(project.app.value.usingComponents))
  for (const { file, json } of unitsOf(project)) {
    const own = [json?.value.usingComponents, json?.value.componentGenerics].flatMap((one) => Object.keys(record(one)))
    const known = new Set([...everywhere, ...own])
    const wxml = fs.readFileSync(path.join(project.program, `${file}.wxml`), 'utf8')
    const strange = tagsOf(wxml).filter(({ tag }) => tag.includes('-') && !HOST_TAGS.has(tag) && !known.has(tag))
    const first = new Map(strange.reverse().map((one) => [one.tag, one.offset]))
    for (const [tag, offset] of [...first].reverse())
      yield {
        severity: 'error',
        at: placeIn(project, `${file}.wxml`, wxml, offset),
        data: { tag, json: `${file}.json` },
      }
  }
}
