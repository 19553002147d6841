/** As much of semantic versioning as our own packages' ranges use. */
import { compareVersions } from './facts/api-versions'

/** null: the range is one that this does not read. */
export function satisfies(version: string, range: string): boolean | null {
  if (/^(?:\*|latest|)$/.test(range)) return true
  const match = /^(\^|~|>=)?(\d+)\.(\d+)\.(\d+)$/.exec(range)
  if (!match || !/^\d+\.\d+\.\d+$/.test(version)) return null
  const [, mark = '', major = '', minor = ''] = match
  const wanted = range.slice(mark.length)
  if (mark === '') return version === wanted
  if (compareVersions(version, wanted) < 0) return false
  if (mark === '>=') return true
  // A caret keeps the first number that is not 0.
  const fixed = mark === '~' || major === '0' ? `${major}.${minor}.` : `${major}.`
  return mark === '^' && major === '0' && minor === '0' ? version === wanted : version.startsWith(fixed)
}
