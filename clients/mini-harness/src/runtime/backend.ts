// glass-easel's DOM backend, adjusted: built-in tags get their "wx-" prefix, inline styles know rpx, each style
// sheet is added once, and input events come from our own gestures instead of glass-easel's.
import { glassEasel } from 'glass-easel-miniprogram-adapter'
import { themeChanged, themedCss } from './theme'
import { convertUnits } from './units'

type ContextDocument = glassEasel.CurrentWindowBackendContext['document']

/** A tag without a hyphen might be a real HTML element with behaviour of its own ("input", "dialog"). */
function domTag(tag: string): string {
  return tag.includes('-') && !tag.startsWith('scroll-') && !isHyphenatedBuiltin(tag) ? tag : `wx-${tag}`
}

const HYPHENATED = new Set(
  (
    'scroll-view swiper-item rich-text picker-view picker-view-column checkbox-group radio-group cover-view ' +
    'cover-image web-view movable-view movable-area page-container root-portal page-meta navigation-bar match-media'
  ).split(' '),
)

function isHyphenatedBuiltin(tag: string): boolean {
  return HYPHENATED.has(tag)
}

function createElement(tag: string): HTMLElement {
  const element = document.createElement(domTag(tag))
  const setAttribute = element.setAttribute.bind(element)
  element.setAttribute = (name: string, value: string) => {
    if (name === 'style') element.style.cssText = convertUnits(value)
    else if (name === 'aria-role') setAttribute('role', value)
    else setAttribute(name, value)
  }
  return element
}

export class HarnessBackend extends glassEasel.CurrentWindowBackendContext {
  override document = {
    createElement,
    createTextNode: (text: string) => document.createTextNode(text),
    createDocumentFragment: () => document.createDocumentFragment(),
  } as unknown as ContextDocument

  private readonly sheets = new Map<string, string>()
  private readonly added = new Map<string, HTMLStyleElement>()

  constructor() {
    super()
    themeChanged.on(() => this.added.forEach((style, path) => (style.textContent = this.css(path))))
  }

  private css(path: string): string {
    return themedCss(this.sheets.get(path) ?? '')
  }

  override registerStyleSheetContent(path: string, content: unknown): void {
    this.sheets.set(path, String(content))
  }

  override appendStyleSheetPath(path: string): number {
    if (this.sheets.get(path) && !this.added.has(path)) {
      const style = document.createElement('style')
      this.added.set(path, style)
      style.dataset['sheet'] = path
      style.textContent = this.css(path)
      document.head.append(style)
    }
    return 0
  }

  override disableStyleSheet(): void {
    // Sheets are shared between pages, so they stay.
  }

  override onEvent(): void {
    // gestures.ts and the built-ins dispatch every event.
  }

  override setListenerStats(): void {
    // Likewise: nothing is bound to single DOM elements.
  }
}
