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
  send: 'M4 11.5L20 4l-5 16-3.5-6.5z M11.5 13.5L20 4',
  file: 'M6 3h8l4 4v14H6z M14 3v4h4',
  place: 'M12 21s-6.5-6-6.5-11a6.5 6.5 0 0113 0C18.5 15 12 21 12 21z M12 8.2v.1',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 6v12 M15.5 6v12',
  down: 'M6 10l6 6 6-6',
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

/** Whether an element can have the focus and is shown. */
export function focusable(within: HTMLElement): HTMLElement[] {
  const found = within.querySelectorAll<HTMLElement>('button, textarea, a[href], video, [tabindex="0"]')
  return [...found].filter((one) => !one.hasAttribute('disabled') && one.getClientRects().length > 0)
}
