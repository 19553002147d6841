// Which components the pages reach, with their json resolved to logical paths.
import { pagesOf, type AppConfig, type ComponentJson, type Generic } from '../program-config'
import { checkVariables } from './app-config'
import { BuildError, type Sources } from './sources'

export interface ComponentUnit {
  /** Logical base path, e.g. "pages/home/index". */
  path: string
  isPage: boolean
  json: ComponentJson
  script: string
  /** Class prefix; absent where the style is shared with the page. */
  scope: string | undefined
}

/** Built-in component that stands where a generic has no default. */
export const EMPTY_COMPONENT = '/builtin/empty'

export function collectComponents(sources: Sources, app: AppConfig): ComponentUnit[] {
  const pages = new Set(pagesOf(app))
  const global = resolveUsing(sources, 'app.json', app.usingComponents ?? {})
  const units = new Map<string, ComponentUnit>()
  const queue = [...pages]
  if (app.tabBar?.custom) queue.push('custom-tab-bar/index')
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (units.has(path)) continue
    const unit = readUnit(sources, path, pages.has(path), global, units.size)
    if (unit.isPage) checkVariables(`${path}.json`, windowOf(unit.json), app.themes)
    units.set(path, unit)
    queue.push(...dependenciesOf(unit))
  }
  return usedFirst(units)
}

/** A component must be registered before whatever uses it; of those that use each other, either may be first. */
function usedFirst(units: Map<string, ComponentUnit>): ComponentUnit[] {
  const ordered = new Set<ComponentUnit>()
  const entered = new Set<string>()
  const enter = (path: string): void => {
    const unit = units.get(path)
    if (!unit || entered.has(path)) return
    entered.add(path)
    dependenciesOf(unit).forEach(enter)
    ordered.add(unit)
  }
  for (const path of units.keys()) enter(path)
  return [...ordered]
}

function readUnit(
  sources: Sources,
  path: string,
  isPage: boolean,
  global: Record<string, string>,
  index: number,
): ComponentUnit {
  const script = sources.script(path)
  if (!script) throw new BuildError(`${path}: no script (.ts or .js)`)
  if (!sources.has(`${path}.wxml`)) throw new BuildError(`${path}: no template (.wxml)`)
  const raw = sources.has(`${path}.json`) ? sources.json<ComponentJson>(`${path}.json`) : {}
  const json: ComponentJson = {
    ...raw,
    usingComponents: { ...global, ...resolveUsing(sources, path, raw.usingComponents ?? {}) },
    ...(raw.componentGenerics && { componentGenerics: resolveGenerics(sources, path, raw.componentGenerics) }),
  }
  return { path, isPage, json, script, scope: scopeOf(json, isPage, index) }
}

/** What a page's json says of its window. */
function windowOf({ usingComponents: _, componentGenerics: _generics, ...window }: ComponentJson): object {
  return window
}

function scopeOf(json: ComponentJson, isPage: boolean, index: number): string | undefined {
  const isolation = json.styleIsolation ?? (isPage ? 'shared' : 'isolated')
  return isolation === 'shared' || isolation === 'page-shared' ? undefined : `s${index.toString(36)}`
}

function resolveUsing(sources: Sources, from: string, using: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(using).map(([tag, reference]) => [tag, `/${sources.component(from, reference)}`]),
  )
}

function resolveGenerics(sources: Sources, from: string, generics: Record<string, Generic>): Record<string, Generic> {
  return Object.fromEntries(
    Object.entries(generics).map(([name, generic]) => {
      const named = generic === true ? undefined : generic.default
      return [name, { default: named ? `/${sources.component(from, named)}` : EMPTY_COMPONENT }]
    }),
  )
}

function dependenciesOf(unit: ComponentUnit): string[] {
  const generics = Object.values(unit.json.componentGenerics ?? {}).map(
    (generic) => (generic as { default: string }).default,
  )
  return [...Object.values(unit.json.usingComponents ?? {}), ...generics]
    .filter((reference) => reference !== EMPTY_COMPONENT)
    .map((reference) => reference.slice(1))
}
