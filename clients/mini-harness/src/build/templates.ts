// WXML and WXS to the JavaScript that builds and updates the tree.
import path from 'node:path'
import { TmplGroup } from 'glass-easel-template-compiler'
import { BuildError, type Sources } from './sources'

/** `value.constructor` of a variable or what it holds. */
const CONSTRUCTOR = /(?<![\w$.\])])([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*|\[[^\]]*\])*)\.constructor\b/g

interface TemplateProblem {
  isError: boolean
  message: string
  path: string
  startLine: number
  startColumn: number
}

export interface CompiledTemplates {
  /** A JavaScript expression: logical path → template. */
  code: string
  warnings: string[]
}

export function compileTemplates(sources: Sources, roots: string[]): CompiledTemplates {
  const group = new TmplGroup()
  const warnings: string[] = []
  const seen = new Set<string>()
  const queue = [...roots]
  for (let base = queue.shift(); base !== undefined; base = queue.shift()) {
    if (seen.has(base)) continue
    seen.add(base)
    const file = `${base}.wxml`
    report((group.addTmpl(base, sources.read(file)) ?? []) as TemplateProblem[], warnings)
    queue.push(...group.getDirectDependencies(base).map(String).map(withoutExtension))
    for (const script of group.getScriptDependencies(base))
      addScript(group, sources, withoutExtension(String(script)), seen)
  }
  const code = group.getTmplGenObjectGroups()
  group.free()
  return { code, warnings }
}

function report(problems: TemplateProblem[], warnings: string[]): void {
  for (const { isError, message, path: base, startLine, startColumn } of problems) {
    const line = `${base}.wxml:${startLine + 1}:${startColumn + 1}: ${message}`
    if (isError) throw new BuildError(line)
    warnings.push(line)
  }
}

function addScript(group: TmplGroup, sources: Sources, base: string, seen: Set<string>): void {
  const file = `${base}.wxs`
  if (seen.has(file)) return
  seen.add(file)
  const required: string[] = []
  // The compiled modules are known by their path without extension.
  const code = sources
    .read(file)
    .replace(/(require\(\s*['"])([^'"]+?)(?:\.wxs)?(['"]\s*\))/g, (_, open, reference, close) => {
      required.push(path.posix.join(path.posix.dirname(base), String(reference)))
      return `${open}${reference}${close}`
    })
    .replace(CONSTRUCTOR, 'getTypeName($1)')
  group.addScript(base, code)
  for (const next of required) addScript(group, sources, next, seen)
}

function withoutExtension(reference: string): string {
  return reference.replace(/\.(wxml|wxs)$/, '').replace(/^\//, '')
}
