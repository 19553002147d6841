/** Elements without markup: no string ever becomes HTML, so that a page may demand Trusted Types. */

type Value = string | number | boolean | null | undefined | ((event: never) => void)
export type Child = Node | string | null | false | undefined

/** `h('button', {class: 'x', onclick: fn}, 'text')`: functions are heard, false and null leave the attribute out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else if (value !== false && value != null) element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== false && !!child))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'
const ICONS = {
  chat: 'M4 5.5h16v11H9.5L5.5 20v-3.5H4z M8.5 9.5h7 M8.5 12.5h4.5',
  close: 'M6 6l12 12 M18 6L6 18',
  attach: 'M4 5h16v14H4z M4 16l4.5-4.5 3.5 3.5 3-3 5 5 M15.5 9.2h.1',
  emoji: 'M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z M8.5 14c1 1.6 2.1 2.3 3.5 2.3s2.5-.7 3.5-2.3 M9 9.6v.1 M15 9.6v.1',
  mic: 'M12 3.5a3 3 0 00-3 3v5a3 3 0 006 0v-5a3 3 0 00-3-3z M5.5 11.5a6.5 6.5 0 0013 0 M12 18v3',
  send: 'M4 11.5L20 4l-5 16-3.5-6.5z M11.5 13.5L20 4',
  file: 'M6 3h8l4 4v14H6z M14 3v4h4',
  place: 'M12 21s-6.5-6-6.5-11a6.5 6.5 0 0113 0C18.5 15 12 21 12 21z M12 8.2v.1',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 6v12 M15.5 6v12',
  down: 'M6 10l6 6 6-6',
  up: 'M6 14l6-6 6 6',
  left: 'M14 6l-6 6 6 6',
  right: 'M10 6l6 6-6 6',
  more: 'M6 12h.1 M12 12h.1 M18 12h.1',
  copy: 'M9 9h10v11H9z M5 15V4h10',
  quote: 'M10 6L4.5 11.5 10 17 M4.5 11.5H14a5.5 5.5 0 015.5 5.5v1',
  recall: 'M8 5L4.5 8.5 8 12 M4.5 8.5h9a5.75 5.75 0 010 11.5H8',
  zoom: 'M10.5 4.5a6 6 0 100 12 6 6 0 000-12z M15 15l5 5 M10.5 8v5 M8 10.5h5',
  star: 'M12 3.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.8l5.9-.8z',
  out: 'M13 4h7v7 M20 4l-9 9 M9 5H5v14h14v-4',
} as const

export type IconName = keyof typeof ICONS

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  const drawn = document.createElementNS(SVG, 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  drawn.setAttribute('d', ICONS[name])
  svg.append(drawn)
  return svg
}

/** A button that is an icon; `more`: further attributes. */
export function tool(
  name: IconName,
  label: string,
  onclick: (event: MouseEvent) => void,
  more: Record<string, Value> = {},
): HTMLButtonElement {
  return h('button', { class: 'tool', type: 'button', 'aria-label': label, title: label, onclick, ...more }, icon(name))
}

/** Words for a screen reader alone. */
export const unseen = (text: string): HTMLElement => h('span', { class: 'sr' }, text)

/** A constructed sheet is no inline style to a content security policy. */
export function dress(root: ShadowRoot, css: string): void {
  if (!('adoptedStyleSheets' in root)) {
    // Safari before 16.4: a `style` element, which needs `style-src 'unsafe-inline'`.
    ;(root as ShadowRoot).append(h('style', {}, css))
    return
  }
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
}

/** Whatever has the focus inside an element of the shadow root, else null. */
export function focusedIn(within: HTMLElement): HTMLElement | null {
  const { activeElement } = within.getRootNode() as ShadowRoot
  return activeElement instanceof HTMLElement && within.contains(activeElement) ? activeElement : null
}

/** Where the focus of the whole page is, inside open shadow roots too. */
export function focused(root: DocumentOrShadowRoot): HTMLElement | null {
  const at = root.activeElement
  if (at?.shadowRoot?.activeElement) return focused(at.shadowRoot)
  return at instanceof HTMLElement && at !== document.body ? at : null
}

/** What Tab comes to inside an element, in order. */
export function focusable(within: HTMLElement): HTMLElement[] {
  const found = within.querySelectorAll<HTMLElement>('button, textarea, input, a[href], video, [tabindex="0"]')
  return [...found].filter((one) => one.tabIndex >= 0 && !one.hasAttribute('disabled') && isShown(one))
}

const isShown = (element: HTMLElement) => element.getClientRects().length > 0

/** Fingers, not a mouse: focusing an input brings up a keyboard over half the screen. */
export const isTouched = (): boolean => matchMedia('(pointer: coarse)').matches
