/** Who uses which npm package. */
import fs from 'node:fs'
import path from 'node:path'
import { packageName } from '../modules'
import {
  isOwn,
  placeOf,
  readJson,
  record,
  text,
  within,
  type JsonFile,
  type Project,
  type SubPackage,
  packageOf,
} from '../project'
import { importsOf } from '../source'
import type { Place } from '../findings'
import { placeIn } from '../project'

export interface Use {
  /** File of the program. */
  file: string
  name: string
  at: Place
  /** A script that imports it, or a json that names it as a component. */
  by: 'script' | 'json'
  later: boolean
}

export interface Unit {
  /** Of the program, without ending. */
  file: string
  json: JsonFile | null
}

/** Pages and components: what has a template and a script or a json beside it. */
export function unitsOf(project: Project): Unit[] {
  const names = new Set(project.files.map(({ path: file }) => file))
  return [...names]
    .filter((file) => file.endsWith('.wxml') && isOwn(file))
    .map((file) => file.slice(0, -'.wxml'.length))
    .filter((file) => ['.json', '.ts', '.js'].some((ending) => names.has(file + ending)))
    .map((file) => ({ file, json: jsonOf(project, `${file}.json`) }))
}

export function jsonOf(project: Project, file: string): JsonFile | null {
  return readJson(project.root, within(project.root, path.join(project.program, file)))
}

/** Everything that names a module or a component, in the project's own files. */
export function usesOf(project: Project): Use[] {
  const scripts = project.scripts.flatMap(({ file, code }) =>
    importsOf(code).map(({ name, offset, later }): Use => ({
      file,
      name,
      later,
      by: 'script',
      at: placeIn(project, file, code, offset),
    })),
  )
  const own = unitsOf(project).map(({ file, json }) => [`${file}.json`, json] as const)
  const components = [['app.json', project.app] as const, ...own].flatMap(([file, json]) =>
    json ? componentsIn(file, json) : [],
  )
  return [...scripts, ...components]
}

function componentsIn(file: string, json: JsonFile): Use[] {
  return Object.entries(record(json.value.usingComponents)).map(([tag, name]) => ({
    file,
    name: text(name),
    at: placeOf(json, tag),
    by: 'json',
    later: false,
  }))
}

/** Names of the npm packages among them. A relative path that looks like one is told apart by what is there. */
export function usedPackages(project: Project): Set<string> {
  return new Set(packageUses(project).map(({ name }) => packageName(name)))
}

export function packageUses(project: Project): Use[] {
  return usesOf(project).filter(
    ({ name, file }) => name !== '' && !/^[./~]|^[\w-]+:\/\//.test(name) && !isBeside(project, file, name),
  )
}

function isBeside(project: Project, file: string, name: string): boolean {
  const found = path.join(project.program, path.posix.dirname(file), name)
  return ['', '.js', '.ts', '.json', '.wxml'].some((ending) => fs.existsSync(found + ending))
}

export const userPackages = (project: Project, name: string): Set<SubPackage> =>
  new Set(
    packageUses(project)
      .filter((use) => packageName(use.name) === name)
      .map((use) => packageOf(project, use.file)),
  )
