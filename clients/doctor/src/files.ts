/** The files that the developer tools would put into the packages. */
import fs from 'node:fs'
import path from 'node:path'

export interface ProgramFile {
  /** From the program's root, with forward slashes: `pages/chat/index.ts`. */
  path: string
  bytes: number
}

interface Rule {
  type?: string
  value?: string
}

/** Kinds of files that get into a package; `ts`, `less` and `scss` as what they are compiled to. */
const PACKED =
  /\.(?:js|ts|json|wxml|wxss|wxs|less|scss|sass|png|jpe?g|gif|svg|webp|cer|pem|key|cert|mp3|aac|m4a|mp4|wav|ogg|silk|wasm|br)$/i

export function walk(folder: string, skip: (relative: string) => boolean, below = ''): ProgramFile[] {
  const found: ProgramFile[] = []
  for (const entry of fs.readdirSync(path.join(folder, below), { withFileTypes: true })) {
    const name = below ? `${below}/${entry.name}` : entry.name
    if (entry.name.startsWith('.') || entry.name === 'node_modules' || skip(name)) continue
    if (entry.isDirectory()) found.push(...walk(folder, skip, name))
    else if (entry.isFile()) found.push({ path: name, bytes: fs.statSync(path.join(folder, name)).size })
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

export const isPacked = (file: string) => PACKED.test(file) && !file.endsWith('.d.ts') && !CONFIG.test(file)
const CONFIG = /^(?:project(?:\.private)?\.config|package(?:-lock)?|tsconfig[\w.]*)\.json$/

/** `packOptions` of project.config.json as one question. `include` wins over `ignore`. */
export function ignoredBy(packOptions: unknown): (file: string) => boolean {
  const { ignore, include } = (packOptions ?? {}) as { ignore?: unknown; include?: unknown }
  const out = rules(ignore)
  const back = rules(include)
  return (file) => out.some((rule) => matches(rule, file)) && !back.some((rule) => matches(rule, file))
}

const rules = (value: unknown): Rule[] => (Array.isArray(value) ? (value as Rule[]) : [])

function matches({ type, value }: Rule, file: string): boolean {
  const name = (value ?? '').replace(/^\.?\//, '').replace(/\/$/, '')
  if (!name) return false
  if (type === 'folder') return file.startsWith(`${name}/`)
  if (type === 'file') return file === name
  if (type === 'suffix') return file.endsWith(value ?? '')
  if (type === 'prefix') return path.posix.basename(file).startsWith(name)
  if (type === 'regexp') return expression(value ?? '').test(file)
  return type === 'glob' && globbed(name).test(file)
}

function expression(source: string): RegExp {
  try {
    return new RegExp(source)
  } catch {
    return /(?!)/
  }
}

function globbed(glob: string): RegExp {
  const body = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (mark) => (mark.startsWith('**') ? '.*' : mark === '*' ? '[^/]*' : '[^/]'))
  return new RegExp(`^${body}$`)
}
