// Writes each long property name that occurs often once, as a constant: `a.conversation_id` becomes `a[$a]`.
import ts from 'typescript'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
/** Words of two letters that a variable can't be called. */
const RESERVED = ['do', 'if', 'in', 'of', 'as', 'is']

/** Names of one or two letters that stand nowhere in the code. */
function freeNames(code) {
  const taken = new Set([...RESERVED, ...(code.match(/[\w$]+/g) ?? [])])
  const one = [...LETTERS, '$', '_']
  const two = one.flatMap((first) => [...one, ...'0123456789'].map((second) => first + second))
  return [...one, ...two].filter((name) => !taken.has(name))
}

/** Where property names stand: start, end, name, and whether a dot comes before. */
function places(code) {
  const found = []
  const key = (name) => {
    if (name && ts.isIdentifier(name) && name.text !== 'constructor')
      found.push({ start: name.getStart(), end: name.end, name: name.text, dotted: false })
  }
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const dot = node.name.getStart() - 1
      if (code[dot] === '.') found.push({ start: dot, end: node.name.end, name: node.name.text, dotted: true })
    } else if (ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node) || ts.isGetAccessor(node)) key(node.name)
    else if (ts.isBindingElement(node)) key(node.propertyName)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('bundle.js', code, ts.ScriptTarget.ES2017, true, ts.ScriptKind.JS))
  return found
}

export function hoistNames(code) {
  const found = places(code)
  const cost = new Map()
  for (const { name, dotted } of found) cost.set(name, (cost.get(name) ?? 0) + name.length + (dotted ? 1 : 0) - 4)
  const worth = [...cost].filter(([name, saved]) => saved > name.length + 6).sort((a, b) => b[1] - a[1])
  const free = freeNames(code)
  const constants = new Map(worth.map(([name], i) => [name, free[i]]))
  let out = code
  for (const { start, end, name } of found.sort((a, b) => b.start - a.start)) {
    const constant = constants.get(name)
    if (constant) out = `${out.slice(0, start)}[${constant}]${out.slice(end)}`
  }
  const head = [...constants].map(([name, constant]) => `${constant}="${name}"`).join(',')
  return `"use strict";var ${head};${out.replace(/^"use strict";/, '')}`
}
