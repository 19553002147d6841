// How a built-in component is written: its properties, and what it does with its DOM element.
import { dispatch } from '../events'
import { space, useBuiltin } from '../space'
import type { BackedElement, GeElement } from '../types'

type PropertyType =
  StringConstructor | NumberConstructor | BooleanConstructor | ObjectConstructor | ArrayConstructor | null
export type Properties = Record<
  string,
  PropertyType | { type: PropertyType; value: unknown; optionalTypes?: PropertyType[] }
>
export type Props = Record<string, unknown>

export interface Host<P extends Props = Props> {
  readonly dom: BackedElement
  /** Current values; read them anew each time. */
  readonly props: P
  /** Path of the component whose template this stands in; relative file paths count from there. */
  readonly owner: string
  emit(type: string, detail?: unknown, bubbles?: boolean): void
  /** Changes own properties, so that model: bindings and forms see it. */
  set(values: Partial<P>): void
}

export interface Mounted {
  changed?(name: string, value: unknown): void
  unmounted?(): void
}

export interface Builtin<P extends Props> {
  properties: Properties
  mount(host: Host<P>): Mounted | void
}

interface Instance {
  _$: GeElement & {
    data: Props
    setData(values: object): void
    $$: BackedElement
    ownerShadowRoot: { getHostNode(): { is: string } } | null
  }
  __mounted?: Mounted | void
}

/** Properties every built-in may carry without meaning here. */
const IGNORED: Properties = { name: { type: String, value: '' } }

export function define<P extends Props>(tag: string, builtin: Builtin<P>): void {
  const path = `builtin/${tag}`
  const properties = { ...IGNORED, ...builtin.properties }
  const observers = Object.fromEntries(
    Object.keys(properties).map((name) => [
      name,
      function changed(this: Instance, value: unknown) {
        if (this.__mounted) this.__mounted.changed?.(name, value)
      },
    ]),
  )
  const definition = {
    properties,
    observers,
    options: { virtualHost: false },
    lifetimes: {
      attached(this: Instance) {
        this.__mounted = builtin.mount(hostOf<P>(this)) ?? {}
      },
      detached(this: Instance) {
        if (this.__mounted) this.__mounted.unmounted?.()
      },
    },
  }
  space.addComponentStaticConfig(path, { component: true } as never)
  space
    .component(path)
    .definition(definition as never)
    .register()
  useBuiltin(tag, path)
}

function hostOf<P extends Props>({ _$: element }: Instance): Host<P> {
  return {
    dom: element.$$,
    get props() {
      return element.data as P
    },
    get owner() {
      return element.ownerShadowRoot?.getHostNode().is ?? 'app'
    },
    emit: (type, detail = {}, bubbles = false) => void dispatch(element, type, detail, { bubbles }),
    set: (values) => element.setData(values),
  }
}

/** What a tap on the built-in itself does, whether by finger, mouse, keyboard or label. */
export function onTap(dom: HTMLElement, action: (event: Event) => void): void {
  dom.addEventListener('mp:tap', action)
}

/** Makes a control reachable and operable by keyboard. */
export function keyboardOperable(dom: BackedElement, role: string, activate: () => void): void {
  dom.setAttribute('role', role)
  dom.tabIndex = 0
  dom.addEventListener('keydown', (event) => {
    if (event.target !== dom || (event.key !== 'Enter' && event.key !== ' ')) return
    event.preventDefault()
    activate()
  })
}

export interface Drag {
  start?(): boolean | void
  move(dx: number, dy: number): boolean | void
  end(dx: number, dy: number): void
}

/** One-finger or mouse drags; `start` returning false declines, `move` returning true keeps the browser from scrolling. */
export function onDrag(dom: HTMLElement, drag: Drag): void {
  let from: { x: number; y: number } | undefined
  const begin = (x: number, y: number) => (from = drag.start?.() === false ? undefined : { x, y })
  const delta = (x: number, y: number) => [x - (from?.x ?? x), y - (from?.y ?? y)] as const
  dom.addEventListener('touchstart', ({ touches: [touch] }) => touch && begin(touch.clientX, touch.clientY), {
    passive: true,
  })
  dom.addEventListener(
    'touchmove',
    (event) => {
      const [touch] = event.touches
      if (from && touch && drag.move(...delta(touch.clientX, touch.clientY)) && event.cancelable) event.preventDefault()
    },
    { passive: false },
  )
  dom.addEventListener('touchend', ({ changedTouches: [touch] }) => {
    if (from && touch) drag.end(...delta(touch.clientX, touch.clientY))
    from = undefined
  })
  dom.addEventListener('mousedown', (event) => {
    if (!begin(event.clientX, event.clientY)) return
    const move = (next: MouseEvent) => void drag.move(...delta(next.clientX, next.clientY))
    const end = (next: MouseEvent) => {
      window.removeEventListener('mousemove', move)
      drag.end(...delta(next.clientX, next.clientY))
      from = undefined
    }
    window.addEventListener('mousemove', move)
    window.addEventListener('mouseup', end, { once: true })
  })
}
