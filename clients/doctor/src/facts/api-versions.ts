/** Which base library brought which call of `wx`, from 2.0.0 on; a test holds it against WeChat's own typings. */
import table from './api-versions.json'

const since = new Map(
  Object.entries(table).flatMap(([version, names]) => names.split(' ').map((name) => [name, version])),
)

/** '' for calls that every phone has. */
export const apiSince = (api: string): string => since.get(api) ?? ''

/** What our packages call without asking first; a test reads it from their sources. */
export const PACKAGES_NEED: Record<string, string> = { '@chaguan/sdk': '2.9.3', '@chaguan/mini-kit': '2.10.0' }

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference) return difference
  }
  return 0
}
