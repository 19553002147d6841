/** Both languages say everything, and no template says anything by itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'
import { en } from '@/i18n/en'
import { zhCN } from '@/i18n/zh-CN'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flat(value, `${path}${key}.`),
  )
}

const CHINESE = new Map(flat(zhCN))
const ENGLISH = new Map(flat(en))
/** What the server can write into the audit record. */
const SERVER_ACTS = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../../schema/protocol.schema.json'), 'utf8')) as {
    $defs: { AuditAction: { enum: string[] } }
  }
).$defs.AuditAction.enum
const SOURCE = join(import.meta.dirname, '../../src')
const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name))

function names(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort()
}

it('both languages have the same keys', () => {
  expect([...ENGLISH.keys()].sort()).toEqual([...CHINESE.keys()].sort())
})

it.each([...CHINESE.keys()])('%s is filled and has the same places in both', (key) => {
  expect(CHINESE.get(key)).toBeTruthy()
  expect(ENGLISH.get(key)).toBeTruthy()
  expect(names(ENGLISH.get(key) ?? '')).toEqual(names(CHINESE.get(key) ?? ''))
})

it.each(SERVER_ACTS)('an administrator reads what %s means', (act) => {
  expect(CHINESE.get(`audit.actions.${act}`)).toMatch(/\p{Script=Han}/u)
  expect(ENGLISH.get(`audit.actions.${act}`)).toMatch(/^[A-Z][^_]+$/)
})

it('the server has acts, and no words are kept for one that it has not', () => {
  expect([...CHINESE.keys()].filter((key) => key.startsWith('audit.actions.')).sort()).toEqual(
    SERVER_ACTS.map((act) => `audit.actions.${act}`).sort(),
  )
  expect(SERVER_ACTS).toContain('shop_created')
})

it('every key that is asked for exists', () => {
  for (const name of FILES) {
    const text = readFileSync(join(SOURCE, name), 'utf8')
    for (const [, key] of text.matchAll(/\bt\(\s*'([\w.]+)'/g))
      expect(CHINESE.has(key ?? ''), `${name}: ${key}`).toBe(true)
  }
})

interface Node {
  type: number
  content?: unknown
  props?: { type: number; name: string; value?: { content: string } }[]
  children?: Node[]
  branches?: Node[]
}

/** Attributes that people read or hear. */
const SAID = new Set(['label', 'title', 'placeholder', 'aria-label', 'alt', 'hint', 'intro', 'text'])
const ELEMENT = 1
const TEXT = 2
const ATTRIBUTE = 6
/** Names of keys on a keyboard, and marks, are the same in every language. */
const NEUTRAL = /^(Esc|https:\/\/|wx…|[A-Z])$/

function literals(node: Node): string[] {
  const own: string[] = []
  if (node.type === TEXT && typeof node.content === 'string') own.push(node.content.replaceAll('&nbsp;', ' ').trim())
  if (node.type === ELEMENT) {
    for (const prop of node.props ?? [])
      if (prop.type === ATTRIBUTE && SAID.has(prop.name)) own.push(prop.value?.content ?? '')
  }
  return [...own, ...(node.children ?? []).flatMap(literals)].filter(
    (text) => /[\p{L}]/u.test(text) && !NEUTRAL.test(text),
  )
}

describe('templates', () => {
  it.each(FILES.filter((name) => name.endsWith('.vue')))('%s says nothing in one language alone', (name) => {
    const { descriptor } = parse(readFileSync(join(SOURCE, name), 'utf8'))
    expect(literals((descriptor.template?.ast ?? { type: 0 }) as unknown as Node)).toEqual([])
  })
})

it('would find words in a template, and in what is read aloud', () => {
  const { descriptor } = parse('<template><p aria-label="Close">{{ t("a") }} 你好</p></template>')
  expect(literals(descriptor.template?.ast as unknown as Node)).toEqual(['Close', '你好'])
})
