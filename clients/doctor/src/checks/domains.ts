/** Addresses in the code, and what has to stand in the four lists of mp.weixin.qq.com. */
import type { Found, Options, Place } from '../findings'
import { list, placeIn, placeOf, readJson, record, strings, within, type Project } from '../project'
import path from 'node:path'

interface Address {
  scheme: string
  /** With its port. */
  host: string
  /** A Chaguan deployment: it needs all four lists. */
  endpoint: boolean
  /** Where else it is needed. */
  lists: string[]
  at: Place
}

export const LISTS = ['request', 'socket', 'uploadFile', 'downloadFile']
const ADDRESS = /\b(https?|wss?):\/\/([\w.\-[\]:]+)/g
const ENDPOINT = /\bendpoint['"]?\s*(?::\s*(?!string\b)[\w<>[\] |]*=\s*|[:=]\s*)[[{]?\s*['"`]$/i
/** Words before an address that say that it is asked, not only shown: `baseUrl = 'https://…`. */
const ASKED =
  /(?:url|api|host|base|server|gateway|origin|socket|endpoint)\w*['"]?\s*(?::[^'"`=]*=|[:=])[^'"`\n]{0,40}['"`]$/i
const CALLS: [RegExp, string][] = [
  [/\bwx\.request\s*(?:<[^>]*>)?\(/, 'request'],
  [/\bwx\.connectSocket\s*\(/, 'socket'],
  [/\bwx\.uploadFile\s*\(/, 'uploadFile'],
  [/\bwx\.downloadFile\s*\(/, 'downloadFile'],
]

export function addressesOf(project: Project): Address[] {
  const found = project.scripts.flatMap(({ file, code }) =>
    [...code.matchAll(ADDRESS)].flatMap((match) =>
      addressAt(
        code.slice(Math.max(0, match.index - 160), match.index),
        match,
        placeIn(project, file, code, match.index),
      ),
    ),
  )
  return [...found, ...extAddresses(project)]
}

/** ext.json is what third-party platforms hand a program; its addresses count as those in code do. */
function extAddresses(project: Project): Address[] {
  const ext = readJson(project.root, within(project.root, path.join(project.program, 'ext.json')))
  if (!ext || ext.value.extEnable === false) return []
  return Object.entries(record(ext.value.ext)).flatMap(([key, value]) => {
    const before = `${key} = "`
    const match = typeof value === 'string' ? [...value.matchAll(ADDRESS)][0] : undefined
    return match ? addressAt(before, match, placeOf(ext, key)) : []
  })
}

function addressAt(before: string, match: RegExpExecArray, at: Place): Address[] {
  const endpoint = ENDPOINT.test(before)
  const call = CALLS.find(
    ([pattern]) => pattern.test(before) && !/\)\s*[;\n]/.test(before.slice(before.search(pattern))),
  )
  if (!endpoint && !call && !ASKED.test(before)) return []
  const [, scheme = '', host = ''] = match
  const lists = endpoint ? LISTS : [call?.[1] ?? (scheme.startsWith('ws') ? 'socket' : 'request')]
  return [{ scheme, host, endpoint, lists, at }]
}

const bare = (host: string) => host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
const isNumeric = (host: string) => /^\d+(?:\.\d+){3}$/.test(bare(host)) || host.startsWith('[')
const isLocal = (host: string) =>
  isNumeric(host) ||
  /^localhost$|\.(?:local|localhost|test|lan|internal)$/.test(bare(host)) ||
  !bare(host).includes('.')

export function* local(project: Project, { release }: Options): Iterable<Found> {
  for (const { host, at } of addressesOf(project).filter((one) => isLocal(one.host)))
    yield { severity: release ? 'error' : 'warning', at, data: { host } }
}

export function* insecure(project: Project): Iterable<Found> {
  const plain = ({ scheme, host }: Address) => (scheme === 'http' || scheme === 'ws') && !isLocal(host)
  for (const { scheme, host, at } of addressesOf(project).filter(plain))
    yield { severity: 'error', at, data: { host, scheme } }
}

/** The hosts given on the command line or in package.json: `"chaguan": {"domains": [...]}`. */
export function knownDomains(project: Project, given: string[]): string[] {
  const own = readJson(project.root, 'package.json')
  return [...given, ...strings(list(record(own?.value.chaguan).domains))].map((host) =>
    host.replace(/^\w+:\/\//, '').replace(/\/.*$/, ''),
  )
}

export function* unlisted(project: Project, { domains }: Options): Iterable<Found> {
  const known = knownDomains(project, domains)
  if (!known.length) return
  const missing = addressesOf(project).filter(
    ({ host, scheme }) => !isLocal(host) && !known.some((one) => covers(one, host, scheme)),
  )
  for (const { host, at } of missing) yield { severity: 'error', at, data: { host, known: known.join(', ') } }
}

/** An https entry holds for its own port alone, a wss entry for every port of its host; neither for sub-domains. */
const covers = (known: string, host: string, scheme: string) =>
  known === host || (scheme.startsWith('ws') && bare(known) === bare(host))

export function* legalDomains(project: Project): Iterable<Found> {
  const usable = addressesOf(project).filter(({ host }) => !isLocal(host))
  if (!usable.length) return
  const entries = LISTS.map((name) => {
    const hosts = new Set(
      usable
        .filter(({ lists }) => lists.includes(name))
        .map(({ host }) => (name === 'socket' ? `wss://${bare(host)}` : `https://${host}`)),
    )
    return hosts.size ? `${name}: ${[...hosts].join(' ')}` : ''
  })
  yield { severity: 'note', at: usable[0]!.at, data: { lists: entries.filter(Boolean).join('; ') } }
}

/** Only the committed file: project.private.config.json is one developer's own and goes nowhere. */
export function* urlCheck(project: Project, { release }: Options): Iterable<Found> {
  const { config } = project
  if (config && record(config.value.setting).urlCheck === false)
    yield { severity: release ? 'error' : 'warning', at: placeOf(config, 'urlCheck') }
}
