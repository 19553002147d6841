// Attributes every tag understands, whether it is a native node, a built-in or the program's own component.
import { callHandler } from './events'
import { makeReachable } from './keys'
import type { BackedElement, GeElement, Template } from './types'

const COMMON = /^(hidden|aria-[a-z]+|role|hover-(class|stop-propagation|start-time|stay-time)|animation|user-select)$/

type SetAttribute = (element: GeElement, name: string, value: unknown, ...rest: unknown[]) => void

/** The part of glass-easel's template interpreter that is adjusted. */
interface ProcGenWrapper {
  r: SetAttribute
  setEventListenerWrapper(wrapper: typeof callHandler): void
  __adjusted?: true
}

/** Wraps a compiled template so that handlers get plain events and common attributes reach the DOM. */
export function adjustTemplate(template: Template): Template {
  return (name) => {
    const generate = template(name) as unknown as ((wrapper: ProcGenWrapper, ...rest: unknown[]) => unknown) | undefined
    if (!generate) return generate as never
    return ((wrapper: ProcGenWrapper, ...rest: unknown[]) => {
      adjust(wrapper)
      return generate(wrapper, ...rest)
    }) as never
  }
}

function adjust(wrapper: ProcGenWrapper): void {
  if (wrapper.__adjusted) return
  wrapper.__adjusted = true
  wrapper.setEventListenerWrapper(callHandler)
  const original = wrapper.r
  wrapper.r = (element, name, value, ...rest) => {
    const known = (element as { _$behavior?: unknown; hasExternalClass?(name: string): boolean }).hasExternalClass?.(
      name,
    )
    if (COMMON.test(name) && !known && !hasProperty(element, name)) setCommon(element, name, value)
    else original(element, name, value, ...rest)
  }
}

function hasProperty(element: GeElement, name: string): boolean {
  const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const data = (element as { data?: Record<string, unknown> }).data
  return data !== undefined && camel in data
}

function setCommon(element: GeElement, name: string, value: unknown): void {
  const dom = (element as unknown as { $$: BackedElement | null }).$$
  if (!dom) return
  const absent = value === undefined || value === null || (value === false && !name.startsWith('aria-')) || value === ''
  if (absent && !(name === 'hidden' && value === '')) dom.removeAttribute(name)
  else dom.setAttribute(name, String(value))
  if (name === 'role' || name === 'aria-role') makeReachable(dom, String(value))
}
