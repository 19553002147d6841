/** The project's own settings. */
import type { Found, Options } from '../findings'
import { placeOf, text, type Project } from '../project'
import { unitsOf } from './used'

export function* unreadable(project: Project): Iterable<Found> {
  const all = [project.config, project.personal, project.app, ...unitsOf(project).map(({ json }) => json)]
  for (const json of all) if (json?.fault) yield { severity: 'error', at: json.place, data: { fault: json.fault } }
}

/** A trial id can't be published; the private file may hold the real one. */
export function* appid(project: Project, { release }: Options): Iterable<Found> {
  const given = text(project.personal?.value.appid) || text(project.config?.value.appid)
  if (/^wx[0-9a-f]{16}$/.test(given)) return
  const at = project.config ? placeOf(project.config, 'appid') : project.app.place
  yield { severity: release ? 'error' : 'warning', at, data: { appid: given || '—' } }
}
