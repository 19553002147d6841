/** Sub-packages: what they may reach, and whether the chat in one is there when the customer taps. */
import type { Found } from '../findings'
import { isElsewhere, resolveComponent, resolveScript } from '../modules'
import { packageOf, placeOf, record, strings, type Project, type SubPackage } from '../project'
import { PACKAGE_LIMIT, sizeOf } from './sizes'
import { jsonOf, userPackages, usesOf, type Use } from './used'

interface Crossing extends Use {
  from: SubPackage
  to: SubPackage
}

/** Uses that lead from one package into another at once; those that are loaded later may. */
function crossings(project: Project): Crossing[] {
  return usesOf(project)
    .filter(({ name, later }) => name !== '' && !later && !isElsewhere(name))
    .flatMap((use) => {
      const { file } = (use.by === 'json' ? resolveComponent : resolveScript)(project, use.file, use.name)
      const crossing =
        file === null ? null : { ...use, from: packageOf(project, use.file), to: packageOf(project, file) }
      return crossing && crossing.from !== crossing.to ? [crossing] : []
    })
}

export function* independent(project: Project): Iterable<Found> {
  for (const { from, name, at } of crossings(project))
    if (from.independent) yield { severity: 'error', at, data: { package: from.root, name } }
}

/** app.json and pages of the main package run before any sub-package is there. */
export function* mainIntoSub(project: Project): Iterable<Found> {
  for (const { from, to, name, at, by, file } of crossings(project)) {
    if (to.root === '' || from.independent) continue
    // A component of another package is allowed where a placeholder stands in until it has come.
    if (by === 'json' && hasPlaceholder(project, file)) continue
    yield { severity: 'error', at, data: { package: to.root, name } }
  }
}

function hasPlaceholder(project: Project, file: string): boolean {
  const json = file === 'app.json' ? project.app.value : jsonValue(project, file)
  return Object.keys(record(json.componentPlaceholder)).length > 0
}

const jsonValue = (project: Project, file: string) => jsonOf(project, file)?.value ?? {}

function preloads(project: Project): { page: string; packages: string[] }[] {
  const rules = Object.entries(record(project.app.value.preloadRule))
  return rules.map(([page, rule]) => ({ page, packages: strings(record(rule).packages) }))
}

const named = (project: Project, name: string) =>
  project.packages.find((sub) => name !== '' && (sub.name === name || sub.root === name.replace(/^\/|\/$/g, '')))

export function* noPreload(project: Project): Iterable<Found> {
  // What only staff open, customers shall not load ahead.
  const staff = userPackages(project, '@chaguan/mini-desk')
  const loaded = new Set(preloads(project).flatMap(({ packages }) => packages.map((name) => named(project, name))))
  for (const sub of userPackages(project, '@chaguan/mini-kit'))
    if (sub.root !== '' && !staff.has(sub) && !loaded.has(sub))
      yield { severity: 'warning', at: placeOf(project.app, sub.root), data: { package: sub.root } }
}

export function* preloadUnknown(project: Project): Iterable<Found> {
  const pages = project.packages.flatMap((sub) => sub.pages)
  for (const { page, packages } of preloads(project)) {
    const strange = [
      ...(pages.includes(page) || page === '*' ? [] : [page]),
      ...packages.filter((name) => !named(project, name)),
    ]
    for (const name of strange) yield { severity: 'error', at: placeOf(project.app, page), data: { name } }
  }
}

/** Pages of one package share 2 MB of what they may load ahead. */
export function* preloadTooLarge(project: Project): Iterable<Found> {
  for (const sub of project.packages) {
    const wanted = preloads(project).filter(({ page }) => sub.pages.includes(page))
    const names = new Set(wanted.flatMap(({ packages }) => packages.map((name) => named(project, name))))
    const bytes = [...names].reduce((sum, one) => sum + (one && one !== sub ? sizeOf(project, one) : 0), 0)
    if (bytes > PACKAGE_LIMIT)
      yield {
        severity: 'warning',
        at: placeOf(project.app, 'preloadRule'),
        data: { package: sub.root || 'main', size: `${Math.ceil(bytes / 1024)} KiB` },
      }
  }
}

export function* lazyLoading(project: Project): Iterable<Found> {
  if (project.app.value.lazyCodeLoading !== 'requiredComponents')
    yield { severity: 'warning', at: placeOf(project.app, 'lazyCodeLoading') }
}
