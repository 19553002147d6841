// The component space: where built-ins and the program's pages and components are registered.
import * as adapter from 'glass-easel-miniprogram-adapter'
import { adjustTemplate } from './attributes'
import { HarnessBackend } from './backend'
import { installSetData } from './set-data'
import type { GeComponent, Registration, Templates } from './types'

const { glassEasel } = adapter
// Ids become the attribute exparser:info-attr-id, which #id selectors of wxss are compiled to.
glassEasel.globalOptions.writeExtraInfoToAttr = true

const environment = new adapter.MiniProgramEnv()
const backend = new HarnessBackend()
export const associated = environment.associateBackend(backend as never)
export const space = environment.createCodeSpace('program', true)
const builtins: Record<string, string> = {}

type AnyBehavior = adapter.behavior.GeneralBehavior
/** What `behaviors: ['wx://form-field']` stands for. */
const NAMED_BEHAVIORS: Record<string, AnyBehavior | undefined> = {}

export function defineNamedBehaviors(): void {
  const field = space
    .behavior()
    .property('name', String as never)
    .property('value', null as never)
  NAMED_BEHAVIORS['wx://form-field'] = field.register() as unknown as AnyBehavior
}

interface Definition {
  behaviors?: unknown[]
}

/** Names of behaviours become behaviours; unknown names (wx://form-field-button, wx://component-export) need nothing. */
function resolveBehaviors<T>(definition: T): T {
  const behaviors = (definition as Definition | undefined)?.behaviors
  if (!Array.isArray(behaviors)) return definition
  const resolved = behaviors.map((item) => (typeof item === 'string' ? NAMED_BEHAVIORS[item] : item)).filter(Boolean)
  return { ...definition, behaviors: resolved }
}

/** Makes `tag` usable in every template. */
export function useBuiltin(tag: string, path: string): void {
  builtins[tag] = `/${path}`
}

export function registerStyle(path: string, css: string, scope?: string): void {
  if (css) associated.registerStyleSheetContent(path, css)
  space.addStyleSheet(path, css ? path : undefined, scope)
}

/** Registers one page or component: config, template, style, then runs its script, which calls Page or Component. */
export function register(entry: Registration, templates: Templates, run: () => unknown): void {
  const template = templates[entry.path]
  if (!template) throw new Error(`${entry.path}: no template`)
  const json = {
    ...entry.json,
    component: !entry.isPage,
    usingComponents: { ...builtins, ...entry.json.usingComponents },
  }
  space.addComponentStaticConfig(entry.path, json as never)
  space.addCompiledTemplate(entry.path, {
    groupList: templates,
    content: adjustTemplate(template),
    fallbackListenerOnNativeNode: true,
  } as never)
  registerStyle(entry.path, entry.css, entry.scope)
  space.globalComponentEnv(globalThis, entry.path, () => runScript(run))
}

interface DefinitionGlobals {
  Page(definition: unknown): unknown
  Component(definition: unknown): unknown
  Behavior: ((definition: unknown) => unknown) & Record<string, unknown>
}

function runScript(run: () => unknown): unknown {
  const scope = globalThis as unknown as DefinitionGlobals
  const { Page, Component, Behavior } = scope
  scope.Page = (definition) => Page(resolveBehaviors(definition))
  scope.Component = (definition) => Component(resolveBehaviors(definition))
  scope.Behavior = Object.assign((definition: unknown) => Behavior(resolveBehaviors(definition)), Behavior)
  return run()
}

/** glass-easel leaves `ready` to its host: once the tree stands, children before parents. */
const awaitingReady: GeComponent[] = []

function whenAttached(element: GeComponent): void {
  if (awaitingReady.push(element) > 1) return
  queueMicrotask(() => {
    for (const component of awaitingReady.splice(0).reverse()) {
      if (glassEasel.Element.isAttached(component)) component.triggerLifetime('ready', [])
    }
  })
}

const readiness = space.behavior().definition({
  lifetimes: {
    // The adapter adds the sheets of what a page names in usingComponents; what comes by a generic has to be added here.
    created(this: { _$: GeComponent }) {
      const sheet = space.getStyleSheet(this._$.is)
      if (sheet !== undefined) backend.appendStyleSheetPath(sheet)
    },
    attached(this: { _$: GeComponent }) {
      whenAttached(this._$)
    },
  },
} as never)
space.setOverallBehavior((readiness.register() as unknown as { _$: never })._$)
installSetData(adapter.component.ComponentCaller.prototype as never)
