// Names of properties that never leave the core: neither API, wire, storage nor host. The build may shorten them.
import { readFileSync, readdirSync } from 'node:fs'
import ts from 'typescript'

const parse = (path) => ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2020, true)
const named = (node) => (node.name && ts.isIdentifier(node.name) ? [node.name.text] : [])

/** Every identifier that stands as a property name or after a dot. */
function propertyNames(path) {
  const names = new Set()
  const visit = (node) => {
    if (ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isPropertyAssignment(node))
      named(node).forEach((n) => names.add(n))
    if (ts.isShorthandPropertyAssignment(node) || ts.isPropertyDeclaration(node) || ts.isMethodDeclaration(node))
      named(node).forEach((n) => names.add(n))
    if (ts.isPropertyAccessExpression(node)) names.add(node.name.text)
    if (ts.isGetAccessor(node) || ts.isParameterPropertyDeclaration(node, node.parent))
      named(node).forEach((n) => names.add(n))
    if (ts.isBindingElement(node)) names.add((node.propertyName ?? node.name).text)
    ts.forEachChild(node, visit)
  }
  visit(parse(path))
  return names
}

/** Members of the classes and interfaces of a file, private ones or all. */
function members(path, onlyPrivate) {
  const names = new Set()
  const isPrivate = (node) => node.modifiers?.some((one) => one.kind === ts.SyntaxKind.PrivateKeyword)
  const visit = (node) => {
    const isMember =
      ts.isPropertyDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isGetAccessor(node) ||
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node) ||
      ts.isParameterPropertyDeclaration(node, node.parent)
    if (isMember && (!onlyPrivate || isPrivate(node))) named(node).forEach((name) => names.add(name))
    ts.forEachChild(node, visit)
  }
  visit(parse(path))
  return names
}

function builtins() {
  const of = [
    Object,
    Function,
    Array,
    String,
    Number,
    Promise,
    Map,
    Set,
    WeakMap,
    Error,
    Math,
    JSON,
    Date,
    Uint8Array,
    globalThis,
  ]
  const names = of.flatMap((one) => [
    ...Object.getOwnPropertyNames(one),
    ...Object.getOwnPropertyNames(one.prototype ?? {}),
  ])
  return new Set([...names, 'done', 'value', 'next'])
}

/** Files whose every member is internal, and those of which only the private members are. */
const INTERNAL = ['engine', 'store', 'log', 'connection', 'transport', 'sync', 'typing', 'emitter', 'cache']
const OUTWARD = ['types.ts', 'adapter.ts', 'errors.ts']

export function internalNames(core, protocol, adapters) {
  const keep = builtins()
  const add = (names) => names.forEach((name) => keep.add(name))
  add(propertyNames(protocol))
  OUTWARD.forEach((file) => add(members(`${core}/${file}`, false)))
  adapters.forEach((path) => add(propertyNames(path)))
  const internal = new Set()
  for (const file of readdirSync(core)) {
    const path = `${core}/${file}`
    const isInternal = INTERNAL.includes(file.replace('.ts', ''))
    members(path, !isInternal).forEach((name) => internal.add(name))
    if (isInternal || OUTWARD.includes(file)) continue
    const hidden = members(path, true)
    members(path, false).forEach((name) => hidden.has(name) || keep.add(name))
  }
  // What is written to storage must read the same in the next version.
  for (const name of [
    'version',
    'epoch',
    'userVersion',
    'nextCursor',
    'listEnd',
    'seenAt',
    'role',
    'me',
    'rows',
    'users',
    'upTo',
    'messages',
    'before',
    'user_id',
    'account',
  ])
    keep.add(name)
  return [...internal].filter((name) => !keep.has(name)).sort()
}
