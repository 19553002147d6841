/** Where a name in `import` or `usingComponents` leads: the rules of mini programs, not those of Node. */
import fs from 'node:fs'
import path from 'node:path'
import { record, text, type Project } from './project'

export interface Resolved {
  /** From the program's root, without its ending; null: it leads nowhere. */
  file: string | null
  /** The npm package that the name asks for; '' when it is a path. */
  npm: string
}

const SCRIPT = ['.ts', '.js', '/index.ts', '/index.js', '']
const COMPONENT = ['.json', '.wxml', '/index.json', '/index.wxml']

/** Leads into a plugin or a library of the host: nothing that lies here. */
export const isElsewhere = (name: string) => /^[\w-]+:\/\//.test(name)

export const resolveScript = (project: Project, from: string, name: string) => resolve(project, from, name, SCRIPT)
export const resolveComponent = (project: Project, from: string, name: string) =>
  resolve(project, from, name, COMPONENT)

function resolve(project: Project, from: string, asked: string, endings: string[]): Resolved {
  const name = unaliased(project, asked)
  const folder = path.posix.dirname(from)
  if (name.startsWith('/')) return { file: existing(project, name.slice(1), endings), npm: '' }
  // A path without a dot in front is looked for beside the file first.
  const beside = existing(project, path.posix.join(folder, name), endings)
  if (beside !== null || name.startsWith('.')) return { file: beside, npm: '' }
  return { file: inPackages(project, folder, name, endings), npm: packageName(name) }
}

function inPackages(project: Project, folder: string, name: string, endings: string[]): string | null {
  for (let at = folder; ; at = path.posix.dirname(at)) {
    const found = existing(project, path.posix.join(at, 'miniprogram_npm', name), endings)
    if (found !== null) return found
    if (at === '.' || at === '') return null
  }
}

function existing(project: Project, name: string, endings: string[]): string | null {
  const found = endings.find((ending) => isFile(path.join(project.program, name + ending)))
  return found === undefined || name.startsWith('..') ? null : name + found.replace(/\.\w+$/, '')
}

const isFile = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false

/** `resolveAlias` of app.json: `"~/*": "/*"`. */
function unaliased(project: Project, name: string): string {
  for (const [from, to] of Object.entries(record(project.app.value.resolveAlias))) {
    const prefix = from.replace(/\*$/, '')
    if (name.startsWith(prefix))
      return (
        text(to)
          .replace(/\*$/, '')
          .replace(/^(?!\/)/, '/') + name.slice(prefix.length)
      )
  }
  return name
}

export function packageName(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

/** Folder of an installed package in node_modules of the program or of the project; null: not installed. */
export function installed(project: Project, name: string): string | null {
  const folders = [project.program, project.root].map((folder) => path.join(folder, 'node_modules', name))
  return folders.find((folder) => isFile(path.join(folder, 'package.json'))) ?? null
}

/** All that 构建 npm made of a package, as folders of the program: one for each miniprogram_npm that has it. */
export function built(project: Project, name: string): string[] {
  const mark = `miniprogram_npm/${name}/`
  const folders = project.files
    .map((file) => file.path.indexOf(mark))
    .map((at, index) => (at < 0 ? '' : project.files[index]!.path.slice(0, at + mark.length - 1)))
  return [...new Set(folders.filter(Boolean))]
}

export interface Manifest {
  version: string
  /** Folder that 构建 npm copies. */
  source: string
  peers: Record<string, unknown>
}

export function manifest(folder: string): Manifest {
  const value = record(JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')))
  const source = path.join(folder, text(value.miniprogram) || 'miniprogram_dist')
  return { version: text(value.version), source, peers: record(value.peerDependencies) }
}
