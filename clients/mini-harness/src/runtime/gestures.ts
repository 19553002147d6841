// Mouse and touch alike become touchstart/move/end/cancel, tap, longpress; hover classes while pressed.
import { dispatch, elementOf } from './events'
import type { BackedElement, GeElement } from './types'

const TAP_DISTANCE = 10
const LONG_PRESS_MS = 350
const MOUSE_ID = -1

interface Point {
  identifier: number
  clientX: number
  clientY: number
}

interface Press extends Point {
  target: GeElement
  dom: BackedElement
  moved: boolean
  longPressed: boolean
  timer: number
  unhover: () => void
}

const presses = new Map<number, Press>()
let lastTouchAt = -Infinity

export function installGestures(root: HTMLElement): void {
  const options = { capture: true, passive: false }
  root.addEventListener('touchstart', (event) => onTouches(event, start), options)
  root.addEventListener('touchmove', (event) => onTouches(event, move), options)
  root.addEventListener('touchend', (event) => onTouches(event, end), options)
  root.addEventListener('touchcancel', (event) => onTouches(event, cancel), options)
  root.addEventListener('mousedown', (event) => onMouse(event, start), options)
  window.addEventListener('mousemove', (event) => onMouse(event, move), options)
  window.addEventListener('mouseup', (event) => onMouse(event, end), options)
  for (const type of ['transitionend', 'animationstart', 'animationiteration', 'animationend'])
    root.addEventListener(type, bridgeAnimation, true)
}

function onTouches(event: TouchEvent, step: (event: Event, point: Point) => void): void {
  lastTouchAt = event.timeStamp
  for (const touch of event.changedTouches) step(event, touch)
}

/** Browsers follow a touch with imitated mouse events; those would tap twice. */
function onMouse(event: MouseEvent, step: (event: Event, point: Point) => void): void {
  if (event.timeStamp - lastTouchAt < 800 || event.button !== 0) return
  step(event, { identifier: MOUSE_ID, clientX: event.clientX, clientY: event.clientY })
}

function start(event: Event, point: Point): void {
  const target = elementOf(event.target)
  if (!target) return
  const press: Press = {
    ...pick(point),
    target,
    dom: event.target as BackedElement,
    moved: false,
    longPressed: false,
    unhover: hover(event.target as BackedElement),
    timer: 0,
  }
  press.timer = window.setTimeout(() => longPress(press, event), LONG_PRESS_MS)
  presses.set(point.identifier, press)
  send(press, 'touchstart', event, point)
}

function longPress(press: Press, event: Event): void {
  press.longPressed = true
  const caught = listensTo(press.target, 'longpress') || listensTo(press.target, 'longtap')
  send(press, 'longpress', event, press)
  send(press, 'longtap', event, press)
  // Without a listener a long press still ends in a tap.
  press.longPressed = caught
}

function move(event: Event, point: Point): void {
  const press = presses.get(point.identifier)
  if (!press) return
  if (!press.moved && Math.hypot(point.clientX - press.clientX, point.clientY - press.clientY) > TAP_DISTANCE) {
    press.moved = true
    clearTimeout(press.timer)
    press.unhover()
  }
  if (send(press, 'touchmove', event, point) && event.cancelable) event.preventDefault()
}

function end(event: Event, point: Point): void {
  const press = finish(point)
  if (!press) return
  send(press, 'touchend', event, point)
  if (!press.moved && !press.longPressed) tap(press.target, press.dom, event, point)
}

/** The tap itself; the keyboard and labels use it too. */
export function tap(target: GeElement, dom: BackedElement, event?: Event, point?: Point): void {
  const at = point ? pageOffset(dom, point) : { x: 0, y: 0 }
  const touch = point ? [touchOf(dom, point)] : []
  dom.dispatchEvent(new CustomEvent('mp:tap', { bubbles: true, cancelable: true }))
  dispatch(target, 'tap', at, {
    bubbles: true,
    composed: true,
    ...(event && { originalEvent: event }),
    extra: { touches: touch, changedTouches: touch },
  })
}

function cancel(event: Event, point: Point): void {
  const press = finish(point)
  if (press) send(press, 'touchcancel', event, point)
}

function finish(point: Point): Press | undefined {
  const press = presses.get(point.identifier)
  if (!press) return undefined
  presses.delete(point.identifier)
  clearTimeout(press.timer)
  // Seen for a moment even when the finger was quick.
  setTimeout(press.unhover, 70)
  return press
}

function send(press: Press, type: string, event: Event, point: Point): boolean {
  const changed = [touchOf(press.dom, point)]
  const ended = type === 'touchend' || type === 'touchcancel'
  const extra = { touches: ended ? [] : changed, changedTouches: changed }
  const detail = type.startsWith('long') ? pageOffset(press.dom, point) : extra
  return dispatch(press.target, type, detail, { bubbles: true, composed: true, originalEvent: event, extra })
}

function pick({ identifier, clientX, clientY }: Point): Point {
  return { identifier, clientX, clientY }
}

/** Coordinates count from the page's own corner, below the navigation bar. */
function pageOffset(dom: Element, point: Point): { x: number; y: number } {
  const page = dom.closest('.mp-viewport')?.getBoundingClientRect()
  return { x: point.clientX - (page?.left ?? 0), y: point.clientY - (page?.top ?? 0) }
}

function touchOf(dom: Element, point: Point): Record<string, number> {
  const { x, y } = pageOffset(dom, point)
  const scrolled = dom.closest('wx-page')?.scrollTop ?? 0
  return { identifier: Math.max(point.identifier, 0), clientX: x, clientY: y, pageX: x, pageY: y + scrolled, force: 1 }
}

interface Listening {
  _$eventTarget?: { listeners: Record<string, unknown> } | null
  parentNode: GeElement | null
}

function listensTo(element: GeElement, type: string): boolean {
  for (let node: GeElement | null | undefined = element; node; node = (node as unknown as Listening).parentNode) {
    if ((node as unknown as Listening)._$eventTarget?.listeners[type]) return true
  }
  return false
}

/** Puts on the hover classes of the innermost element that has some; returns what takes them off. */
function hover(dom: BackedElement): () => void {
  const holder = dom.closest<BackedElement>('[hover-class]')
  const names = holder?.getAttribute('hover-class') ?? ''
  const element = holder?.__wxElement
  if (!element || names === 'none' || names === '' || holder.hasAttribute('disabled')) return () => undefined
  const show = setTimeout(() => toggle(element, names, true), 20)
  return () => {
    clearTimeout(show)
    toggle(element, names, false)
  }
}

function toggle(element: GeElement, names: string, on: boolean): void {
  for (const name of names.split(/\s+/)) element.toggleNodeClass(name, on)
}

function bridgeAnimation(event: Event): void {
  const target = (event.target as BackedElement).__wxElement
  if (target) dispatch(target, event.type, {}, { bubbles: true, composed: true, originalEvent: event })
}
