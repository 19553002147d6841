/** Package sizes as the files lie on the disk. The upload is minified and may be smaller, never counted larger here. */
import fs from 'node:fs'
import path from 'node:path'
import type { Found } from '../findings'
import { built, installed, manifest } from '../modules'
import { isOwn, packageOf, type Project, type SubPackage } from '../project'
import { isPacked, walk } from '../files'
import { userPackages } from './used'

const MIB = 1024 * 1024
export const PACKAGE_LIMIT = 2 * MIB
export const TOTAL_LIMIT = 30 * MIB
const NEARLY = 0.85
const OURS = ['@chaguan/mini-kit', '@chaguan/sdk']
const STRAY = /^(?:.*\/)?(?:server|tests?|__tests__|e2e|docs?|scripts|coverage|design|cloudfunctions|\.git)$/

const TEXTUAL = /\.(?:ts|js|json|wxml|wxss|wxs|less|scss|sass)$/

const kib = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`
const label = (sub: SubPackage) => sub.root || 'main'

export function sizeOf(project: Project, sub: SubPackage): number {
  return sum(project.files.filter((file) => packageOf(project, file.path) === sub))
}

const sum = (files: { bytes: number }[]) => files.reduce((total, file) => total + file.bytes, 0)

export function* tooLarge(project: Project): Iterable<Found> {
  for (const sub of project.packages) {
    const bytes = sizeOf(project, sub)
    if (bytes > PACKAGE_LIMIT)
      yield { severity: 'error', data: { package: label(sub), size: kib(bytes), largest: largest(project, sub) } }
  }
}

export function* nearlyFull(project: Project): Iterable<Found> {
  for (const sub of project.packages) {
    const bytes = sizeOf(project, sub)
    if (bytes > PACKAGE_LIMIT * NEARLY && bytes <= PACKAGE_LIMIT)
      yield { severity: 'warning', data: { package: label(sub), size: kib(bytes), largest: largest(project, sub) } }
  }
}

function largest(project: Project, sub: SubPackage): string {
  const files = project.files.filter((file) => packageOf(project, file.path) === sub).sort((a, b) => b.bytes - a.bytes)
  return files
    .slice(0, 3)
    .map((file) => `${file.path} ${kib(file.bytes)}`)
    .join(', ')
}

export function* totalTooLarge(project: Project): Iterable<Found> {
  const bytes = sum(project.files)
  if (bytes > TOTAL_LIMIT) yield { severity: 'error', data: { size: kib(bytes) } }
}

export function* share(project: Project): Iterable<Found> {
  const ours = OURS.map((name) => [name, ourBytes(project, name)] as const).filter(([, bytes]) => bytes > 0)
  const packages = project.packages.map((sub) => `${label(sub)} ${kib(sizeOf(project, sub))}`).join(', ')
  yield {
    severity: 'note',
    data: { packages, ours: ours.map(([name, bytes]) => `${name} ${kib(bytes)}`).join(', ') || '0 KiB' },
  }
}

/** What 构建 npm made, or will make, of one of our packages. */
function ourBytes(project: Project, name: string): number {
  const folder = built(project, name)[0]
  if (folder) return sum(project.files.filter((file) => file.path.startsWith(`${folder}/`)))
  const source = installed(project, name)
  const files = source ? manifest(source).source : ''
  return files && fs.existsSync(files) ? sum(walk(files, (file) => /\.\w+$/.test(file) && !isPacked(file))) : 0
}

/** Folders that a program has no use for, and whose scripts and pictures would all the same be packed. */
export function* stray(project: Project): Iterable<Found> {
  const folders = new Map<string, number>()
  for (const { path: file, bytes } of project.files.filter((one) => isOwn(one.path))) {
    const folder = strayFolder(file)
    if (folder && !isProgram(project, folder) && !isNamed(project, folder))
      folders.set(folder, (folders.get(folder) ?? 0) + bytes)
  }
  for (const [folder, bytes] of folders) yield { severity: 'warning', data: { folder, size: kib(bytes) } }
}

function strayFolder(file: string): string {
  const parts = path.posix.dirname(file).split('/')
  const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  return prefixes.find((prefix) => STRAY.test(prefix)) ?? ''
}

const isProgram = (project: Project, folder: string) =>
  project.packages.some(
    ({ root, pages }) =>
      root === folder || root.startsWith(`${folder}/`) || pages.some((page) => page.startsWith(`${folder}/`)),
  )

/** Something outside of it names a file in it: a module, a picture. */
function isNamed(project: Project, folder: string): boolean {
  const name = `${path.posix.basename(folder)}/`
  const others = project.files.filter(
    (file) => TEXTUAL.test(file.path) && isOwn(file.path) && !file.path.startsWith(`${folder}/`),
  )
  return others.some((file) => fs.readFileSync(path.join(project.program, file.path), 'utf8').includes(name))
}

/** The kit takes room in the main package though only one sub-package shows it. */
export function* kitInMain(project: Project): Iterable<Found> {
  const name = '@chaguan/mini-kit'
  const users = [...userPackages(project, name)]
  const inMain = built(project, name).filter((folder) => packageOf(project, `${folder}/index.js`).root === '')
  const [only] = users
  if (users.length === 1 && only && only.root !== '' && inMain.length)
    yield { severity: 'warning', data: { package: only.root, size: kib(ourBytes(project, name)) } }
}
