// Shapes shared by the runtime's modules.
import type { glassEasel } from 'glass-easel-miniprogram-adapter'
import type { AppConfig, ComponentJson, WindowConfig } from '../program-config'

export type { AppConfig, ComponentJson, WindowConfig }
export type GeElement = glassEasel.Element
export type GeComponent = glassEasel.GeneralComponent
export type Template = (name: string) => (wrapper: never, ...rest: unknown[]) => unknown
export type Templates = Record<string, Template>
export type Query = Record<string, string>

export interface Registration {
  path: string
  json: ComponentJson
  isPage: boolean
  scope?: string
  css: string
}

/** A page's `this`; the mini program's own fields come on top. */
export interface PageInstance {
  [name: string]: unknown
  _$: GeComponent
  route: string
  options: Query
  data: Record<string, unknown>
  setData(data: Record<string, unknown>, done?: () => void): void
}

/** DOM elements made by the backend know their glass-easel element. */
export interface BackedElement extends HTMLElement {
  __wxElement?: GeElement
}
