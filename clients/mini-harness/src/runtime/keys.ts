// Computers have keys: what calls itself operable can be reached with Tab and tapped with Enter or Space.
import { elementOf } from './events'
import { tap } from './gestures'
import type { BackedElement } from './types'

const OPERABLE = ['button', 'link', 'tab', 'checkbox', 'radio', 'switch', 'option', 'menuitem']

/** Called when an element of the program is given a role. */
export function makeReachable(dom: HTMLElement, role: string): void {
  if (!dom.hasAttribute('tabindex') && OPERABLE.includes(role)) dom.tabIndex = 0
}

export function installKeys(root: HTMLElement): void {
  root.addEventListener('keydown', (event) => {
    const dom = event.target as BackedElement
    const target = elementOf(dom)
    // Built-ins answer keys themselves; they have prevented the default by now.
    if (event.defaultPrevented || !target || (event.key !== 'Enter' && event.key !== ' ')) return
    if (!OPERABLE.includes(dom.getAttribute('role') ?? '')) return
    event.preventDefault()
    tap(target, dom, event)
  })
}
