/** A mini-program project as it lies on the disk, read once. Nothing is run, nothing is fetched. */
import fs from 'node:fs'
import path from 'node:path'
import type { Place } from './findings'
import { ignoredBy, isPacked, walk, type ProgramFile } from './files'
import { lineAt, withoutComments } from './source'

type Json = Record<string, unknown>

export class NoProject extends Error {}

export interface JsonFile {
  place: Place
  text: string
  value: Json
  /** Why it could not be read as an object; empty otherwise. */
  fault: string
}

export interface SubPackage {
  /** Folder in the program, without slashes at its ends; '' is the main package. */
  root: string
  name: string
  pages: string[]
  independent: boolean
}

export interface Script {
  file: string
  /** With comments blanked. */
  code: string
  raw: string
}

export interface Project {
  /** Where project.config.json and package.json stand. */
  root: string
  /** Where app.json stands. */
  program: string
  config: JsonFile | null
  /** project.private.config.json: one developer's own settings, which win over those of `config`. */
  personal: JsonFile | null
  app: JsonFile
  /** What would be packed. */
  files: ProgramFile[]
  packages: SubPackage[]
  /** Scripts of the project's own, not of npm packages. */
  scripts: Script[]
}

export function readProject(start: string): Project {
  const root = findRoot(path.resolve(start))
  const config = readJson(root, 'project.config.json')
  const program = path.join(root, text(config?.value.miniprogramRoot) || '.')
  const app = readJson(root, within(root, path.join(program, 'app.json')))
  if (!app) throw new NoProject(program)
  const cloud = text(config?.value.cloudfunctionRoot).replace(/^\.?\/|\/$/g, '')
  const ignored = ignoredBy(config?.value.packOptions)
  const files = walk(program, (name) => ignored(name) || ignored(`${name}/`) || (cloud !== '' && name === cloud))
  const packed = files.filter((file) => isPacked(file.path))
  return {
    root,
    program,
    config,
    personal: readJson(root, 'project.private.config.json'),
    app,
    files: packed,
    packages: packagesOf(app.value),
    scripts: packed
      .filter((file) => isOwn(file.path) && /\.(?:ts|js|wxs)$/.test(file.path))
      .map((file) => script(program, file)),
  }
}

/** Not from an npm package. */
export const isOwn = (file: string) => !/(?:^|\/)miniprogram_npm\//.test(file)

function script(program: string, { path: file }: ProgramFile): Script {
  const raw = fs.readFileSync(path.join(program, file), 'utf8')
  return { file, raw, code: withoutComments(raw) }
}

/** Upwards to the folder with project.config.json; else the one with app.json. */
function findRoot(start: string): string {
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, 'project.config.json'))) return folder
    if (folder === path.dirname(folder)) break
  }
  if (fs.existsSync(path.join(start, 'app.json'))) return start
  throw new NoProject(start)
}

/** From the project's root, as findings show it. */
export const within = (root: string, file: string) => path.relative(root, file).split(path.sep).join('/')

export function readJson(root: string, file: string): JsonFile | null {
  const full = path.join(root, file)
  if (!fs.existsSync(full)) return null
  const content = fs.readFileSync(full, 'utf8').replace(/^\uFEFF/, '')
  const place = { file, line: 1 }
  try {
    const value: unknown = JSON.parse(content)
    if (value && typeof value === 'object' && !Array.isArray(value))
      return { place, text: content, value: value as Json, fault: '' }
    return { place, text: content, value: {}, fault: 'not an object' }
  } catch (error) {
    return { place, text: content, value: {}, fault: (error as Error).message }
  }
}

/** Where the key `word` stands in the file, else the value `"word"`, else the file's first line. */
export function placeOf(json: JsonFile, word: string): Place {
  const quoted = JSON.stringify(word)
  const key = new RegExp(`${quoted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}\\s*:`).exec(json.text)
  const found = key?.index ?? json.text.indexOf(quoted)
  return { ...json.place, line: found < 0 ? 1 : lineAt(json.text, found) }
}

/** The place of an offset in a file of the program. */
export function placeIn(project: Project, file: string, content: string, offset: number): Place {
  return { file: within(project.root, path.join(project.program, file)), line: lineAt(content, offset) }
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const record = (value: unknown): Json =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {}
export const strings = (value: unknown): string[] => list(value).filter((one) => typeof one === 'string')

function packagesOf(app: Json): SubPackage[] {
  const main = { root: '', name: '__APP__', pages: strings(app.pages), independent: false }
  const subs = list(app.subPackages ?? app.subpackages).map(record)
  return [
    main,
    ...subs.map((sub) => {
      const root = text(sub.root).replace(/^\/|\/$/g, '')
      const pages = strings(sub.pages).map((page) => `${root}/${page}`)
      return { root, name: text(sub.name), pages, independent: sub.independent === true }
    }),
  ]
}

/** The package that a file of the program gets into. */
export function packageOf(project: Project, file: string): SubPackage {
  const sub = project.packages.find(({ root }) => root !== '' && file.startsWith(`${root}/`))
  return sub ?? project.packages[0]!
}
