// WXSS to CSS: rpx, page-relative units, `page`, built-in tags, ids, and the class prefix that isolates a component.
import path from 'node:path'
import postcss, { type Declaration, type Rule } from 'postcss'
import selectorParser, { type Node as SelectorNode, type Root as SelectorRoot } from 'postcss-selector-parser'
import { BUILTIN_TAGS } from '../runtime/tags'
import { convertUnits } from '../runtime/units'
import { BuildError, type Sources } from './sources'

export interface StyleTarget {
  /** Prefix for class names, for isolated components. */
  scope?: string | undefined
  /** Route of the page the sheet belongs to: its rules then reach only that page. */
  page?: string | undefined
}

/** The CSS of one wxss file, imports inlined; empty when there is no such file. */
export function compileStyle(sources: Sources, file: string, target: StyleTarget): string {
  if (!sources.has(file)) return ''
  const sheet = postcss.parse(inlineImports(sources, file, []), { from: file })
  sheet.walkRules((rule) => rewriteRule(rule, target))
  sheet.walkDecls(rewriteDeclaration)
  return sheet.toString()
}

function inlineImports(sources: Sources, file: string, chain: string[]): string {
  if (chain.includes(file)) return ''
  if (!sources.has(file)) throw new BuildError(`${chain.at(-1) ?? file}: @import of ${file}, which does not exist`)
  return sources.read(file).replace(/@import\s+(?:url\()?["']([^"']+)["']\)?\s*;?/g, (_, reference: string) => {
    const target = reference.startsWith('/') ? reference.slice(1) : path.posix.join(path.posix.dirname(file), reference)
    return inlineImports(sources, path.posix.normalize(target), [...chain, file])
  })
}

function rewriteRule(rule: Rule, target: StyleTarget): void {
  const parent = rule.parent
  if (parent?.type === 'atrule' && /keyframes$/.test((parent as postcss.AtRule).name)) return
  rule.selector = selectorParser((root) => rewriteSelector(root, target)).processSync(rule.selector)
}

function rewriteSelector(root: SelectorRoot, target: StyleTarget): void {
  root.walk((node) => rewriteNode(node, target))
  if (!target.page) return
  for (const selector of root.nodes) {
    const first = selector.nodes.find((node) => node.type !== 'comment')
    const onPage = first?.type === 'tag' && first.value === 'wx-page'
    const guard = `:where(wx-page[data-route="${target.page}"])`
    if (onPage) selector.insertAfter(first, selectorParser.pseudo({ value: guard }))
    else selector.prepend(selectorParser.tag({ value: `${guard} ` }))
  }
}

function rewriteNode(node: SelectorNode, target: StyleTarget): void {
  if (node.type === 'tag') {
    if (node.value === 'page') node.value = 'wx-page'
    else if (BUILTIN_TAGS.has(node.value)) node.value = `wx-${node.value}`
  } else if (node.type === 'class' && target.scope) {
    node.value = `${target.scope}--${node.value}`
  } else if (node.type === 'id') {
    // Ids are per component, so they are not DOM ids.
    node.replaceWith(selectorParser.tag({ value: `[exparser\\:info-attr-id="${node.value}"]` }))
  } else if (node.type === 'pseudo' && node.value === ':host') {
    const host = target.scope ? `[wx-host="${target.scope}"]` : '[wx-host]'
    node.replaceWith(selectorParser.tag({ value: host }))
  }
}

function rewriteDeclaration(declaration: Declaration): void {
  declaration.value = convertUnits(declaration.value)
}
