/** Which base library the code needs, and what the project says of it. */
import type { Found, Place } from '../findings'
import { apiSince, compareVersions, PACKAGES_NEED } from '../facts/api-versions'
import { placeIn, placeOf, text, type Project } from '../project'
import { hostCalls } from '../source'
import { usedPackages } from './used'

interface Need {
  version: string
  what: string
  at?: Place
}

/** The call or package that asks for the newest base library; null when any will do. */
export function neediest(project: Project): Need | null {
  const calls = project.scripts.flatMap(({ file, code }) =>
    hostCalls(code)
      .filter(({ api }) => apiSince(api))
      .map(({ api, offset }): Need => ({
        version: apiSince(api),
        what: `wx.${api}`,
        at: placeIn(project, file, code, offset),
      })),
  )
  const packages = [...usedPackages(project)]
    .filter((name) => PACKAGES_NEED[name])
    .map((name): Need => ({ version: PACKAGES_NEED[name]!, what: name }))
  return [...calls, ...packages].sort((a, b) => compareVersions(b.version, a.version))[0] ?? null
}

export function* tooOld(project: Project): Iterable<Found> {
  const need = neediest(project)
  for (const config of [project.config, project.personal]) {
    const version = text(config?.value.libVersion)
    // `latest`, `trial` and the like name no version that could be compared.
    if (!need || !config || !/^\d+\.\d+\.\d+$/.test(version) || compareVersions(version, need.version) >= 0) continue
    yield {
      severity: 'error',
      at: placeOf(config, 'libVersion'),
      data: { version, needed: need.version, what: need.what },
    }
  }
}

export function* minimum(project: Project): Iterable<Found> {
  const need = neediest(project)
  if (!need) return
  const place = need.at ?? project.config?.place
  yield { severity: 'note', ...(place && { at: place }), data: { needed: need.version, what: need.what } }
}
