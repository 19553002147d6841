// The mini program's files as the package would hold them: logical paths ("pages/home/index.wxml",
// "miniprogram_npm/<name>/…") on top of whatever directories they really live in. Reads, never writes.
import fs from 'node:fs'
import path from 'node:path'

export class BuildError extends Error {
  override name = 'BuildError'
}

const SKIPPED = new Set(['node_modules', '.git', 'dist', 'typings'])

export interface SourceOptions {
  /** npm package name → directory holding its mini-program sources; wins over node_modules. */
  npm?: Record<string, string>
}

export class Sources {
  readonly root: string
  private readonly real = new Map<string, string>()
  private readonly mounted = new Map<string, boolean>()
  private readonly mapped: Map<string, string>

  constructor(root: string, options: SourceOptions = {}) {
    this.root = programRoot(path.resolve(root))
    this.mapped = new Map(Object.entries(options.npm ?? {}).map(([name, dir]) => [name, path.resolve(dir)]))
    this.mount(this.root, '')
  }

  has(file: string): boolean {
    return this.real.has(file)
  }

  /** The file's place on disk. */
  at(file: string): string {
    const real = this.real.get(file)
    if (!real) throw new BuildError(`${file}: no such file in the mini program`)
    return real
  }

  read(file: string): string {
    return fs.readFileSync(this.at(file), 'utf8')
  }

  json<T>(file: string): T {
    try {
      return JSON.parse(this.read(file)) as T
    } catch (error) {
      if (error instanceof SyntaxError) throw new BuildError(`${file}: ${error.message}`)
      throw error
    }
  }

  files(): string[] {
    return [...this.real.keys()]
  }

  /** Every directory files were taken from; a watcher watches these. */
  directories(): string[] {
    return [this.root, ...this.mapped.values()]
  }

  /** The script of a page or component: TypeScript first, as the developer tools compile it. */
  script(base: string): string | undefined {
    return [`${base}.ts`, `${base}.js`].find((file) => this.has(file))
  }

  /** A path named in `usingComponents` (or wxml/wxss import) of the file `from`, as a logical base path. */
  component(from: string, reference: string): string {
    const found = this.candidates(from, reference).find((base) => this.has(`${base}.json`) || this.has(`${base}.wxml`))
    if (!found) throw new BuildError(`${from}: component "${reference}" not found`)
    return found
  }

  /** The real directory of an npm package as 构建 npm would copy it, or undefined. */
  packageDirectory(name: string): string | undefined {
    const mapped = this.mapped.get(name)
    if (mapped) return mapped
    for (let dir = this.root; ; dir = path.dirname(dir)) {
      const home = path.join(dir, 'node_modules', name)
      if (fs.existsSync(path.join(home, 'package.json'))) return miniprogramDirectory(home)
      if (dir === path.dirname(dir)) return undefined
    }
  }

  private candidates(from: string, reference: string): string[] {
    if (reference.startsWith('/')) return withIndex(reference.slice(1))
    const near = path.posix.normalize(path.posix.join(path.posix.dirname(from), reference))
    if (reference.startsWith('.')) return withIndex(near)
    return [...withIndex(near), ...this.npmCandidates(from, reference)]
  }

  private npmCandidates(from: string, reference: string): string[] {
    const found: string[] = []
    for (let dir = path.posix.dirname(from); ; dir = path.posix.dirname(dir)) {
      found.push(...withIndex(path.posix.join(dir, 'miniprogram_npm', reference)))
      if (dir === '.' || dir === '/') break
    }
    const name = packageName(reference)
    if (this.mountPackage(name)) found.push(...withIndex(`miniprogram_npm/${reference}`))
    return found
  }

  private mountPackage(name: string): boolean {
    const known = this.mounted.get(name)
    if (known !== undefined) return known
    const dir = this.packageDirectory(name)
    if (dir) this.mount(dir, `miniprogram_npm/${name}`)
    this.mounted.set(name, dir !== undefined)
    return dir !== undefined
  }

  private mount(dir: string, prefix: string): void {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue
      const real = path.join(dir, entry.name)
      const logical = path.posix.join(prefix, entry.name)
      if (entry.isDirectory()) this.mount(real, logical)
      else this.real.set(logical, real)
    }
  }
}

/** `@scope/name/deep/file` → `@scope/name`. */
export function packageName(reference: string): string {
  return reference
    .split('/')
    .slice(0, reference.startsWith('@') ? 2 : 1)
    .join('/')
}

/** The folder with app.json: this one, or the one project.config.json names. */
function programRoot(root: string): string {
  if (fs.existsSync(path.join(root, 'app.json'))) return root
  const project = path.join(root, 'project.config.json')
  const named = fs.existsSync(project)
    ? (JSON.parse(fs.readFileSync(project, 'utf8')) as { miniprogramRoot?: string }).miniprogramRoot
    : undefined
  if (named && fs.existsSync(path.join(root, named, 'app.json'))) return path.resolve(root, named)
  throw new BuildError(`${root}: no app.json here`)
}

function withIndex(base: string): string[] {
  return [base, `${base}/index`]
}

function miniprogramDirectory(home: string): string | undefined {
  const manifest = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as { miniprogram?: string }
  const dir = path.join(home, manifest.miniprogram ?? 'miniprogram_dist')
  return fs.existsSync(dir) ? dir : undefined
}
