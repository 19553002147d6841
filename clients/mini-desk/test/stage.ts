// Built components under WeChat's own template compiler, in jsdom. The compiler of the tests finds parts by path alone, so
// both packages are laid beside each other, with the names by which they call each other made into paths.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export interface Rendered {
  dom: HTMLElement
  attach(parent: HTMLElement): void
  detach(): void
  instance: { setData(data: object): void; data: Record<string, unknown> } & Record<
    string,
    (detail?: unknown) => unknown
  >
  querySelector(selector: string): (Rendered & { dispatchEvent(name: string, options?: object): void }) | undefined
  querySelectorAll(selector: string): (Rendered & { dispatchEvent(name: string, options?: object): void })[]
  addEventListener(name: string, listener: (event: { detail: Record<string, unknown> }) => void): void
}

interface Simulate {
  load(path: string, tag?: string, options?: object): string
  render(id: string, properties?: object): Rendered
}

const require = createRequire(import.meta.url)
const home = path.join(import.meta.dirname, '..')
/** Inside of the workspace, so that the SDK is found from there. */
const around = path.join(home, 'dist')
fs.mkdirSync(around, { recursive: true })
const stage = fs.mkdtempSync(path.join(around, 'stage-'))
const KIT = '@chaguan/mini-kit/'

function lay(from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const copy = path.join(stage, to, path.relative(from, file))
    fs.mkdirSync(path.dirname(copy), { recursive: true })
    const up = path.relative(path.dirname(copy), path.join(stage, 'kit'))
    fs.writeFileSync(copy, fs.readFileSync(file, 'utf8').replaceAll(KIT, `${up}/`))
  }
}

lay(path.join(home, '../mini-kit/miniprogram_dist'), 'kit')
lay(path.join(home, 'miniprogram_dist'), 'desk')
process.on('exit', () => fs.rmSync(stage, { recursive: true, force: true }))

export const simulate = require('miniprogram-simulate') as Simulate

/** A module of the desk or of the kit: the very one that the components have. */
export function module<T>(name: string): T {
  return require(path.join(stage, name)) as T
}

export function show(name: string, properties: object = {}): Rendered {
  const id = simulate.load(path.join(stage, 'desk/components', name, 'index'), `cg-${name}`, {
    compiler: 'official',
    rootPath: stage,
  })
  const rendered = simulate.render(id, properties)
  rendered.attach(document.body.appendChild(document.createElement('div')))
  return rendered
}
