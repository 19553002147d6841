// From DOM or built-in component to the mini program's handler: dispatch, and the plain event object it receives.
import { glassEasel } from 'glass-easel-miniprogram-adapter'
import type { BackedElement, GeElement } from './types'

export interface DispatchOptions {
  bubbles?: boolean
  /** Crosses component borders, as touches do. */
  composed?: boolean
  originalEvent?: Event
  extra?: Record<string, unknown>
}

/** Sends an event into the tree; true when a handler caught it (catchtap …), so the default must not happen. */
export function dispatch(element: GeElement, type: string, detail: unknown, options: DispatchOptions = {}): boolean {
  const event = new glassEasel.Event(type, detail, {
    bubbles: options.bubbles ?? false,
    composed: options.composed ?? false,
    capturePhase: true,
    ...(options.originalEvent && { originalEvent: options.originalEvent }),
    ...(options.extra && { extraFields: options.extra }),
  })
  glassEasel.Event.dispatchEvent(element, event)
  return event.defaultPrevented()
}

/** The nearest element of the tree at or above a DOM node. */
export function elementOf(node: EventTarget | null): GeElement | undefined {
  for (let dom = node as BackedElement | null; dom; dom = dom.parentElement) {
    if (dom.__wxElement) return dom.__wxElement
  }
  return undefined
}

interface ShadowedEvent {
  type: string
  timeStamp: number
  detail: unknown
  mark: Record<string, unknown> | null
  target: unknown
  currentTarget: unknown
  extraFields?: Record<string, unknown>
  stopPropagation(): void
  preventDefault(): void
}

type Handler = (this: unknown, event: unknown) => unknown

/** glass-easel hands its handlers live nodes; a mini program gets data it may keep or send. */
export function callHandler(component: unknown, event: ShadowedEvent, handler: Handler): undefined {
  handler.call(component, {
    type: event.type,
    timeStamp: event.timeStamp,
    detail: event.detail,
    mark: event.mark ?? {},
    target: describe(event.target),
    currentTarget: describe(event.currentTarget),
    touches: [],
    changedTouches: [],
    ...event.extraFields,
  })
  return undefined
}

interface Described {
  id?: string
  dataset?: Record<string, unknown>
  $$?: BackedElement | null
  _$?: { $$: BackedElement | null }
}

function describe(node: unknown): Record<string, unknown> {
  const { id = '', dataset, $$, _$ } = node as Described
  const dom = $$ ?? _$?.$$
  return { id, dataset: { ...dataset }, offsetLeft: dom?.offsetLeft ?? 0, offsetTop: dom?.offsetTop ?? 0 }
}
