// The navigation bar WeChat draws above a page: status bar, back arrow, title, capsule.
import { make } from './screen'
import { config } from './settings'
import { barColors } from './theme'
import { word } from './words'
import type { WindowConfig } from './types'

const BACK =
  '<svg viewBox="0 0 12 20" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M10 2 2 10l8 8"/></svg>'
const HOME =
  '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" aria-hidden="true"><path d="M3 9 10 3l7 6v8H3z"/></svg>'
const MORE =
  '<svg viewBox="0 0 18 18" fill="currentColor" aria-hidden="true"><circle cx="3" cy="9" r="1.6"/><circle cx="9" cy="9" r="2.4"/><circle cx="15" cy="9" r="1.6"/></svg>'
const CLOSE =
  '<svg viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><circle cx="9" cy="9" r="7.4"/><circle cx="9" cy="9" r="2.4" fill="currentColor"/></svg>'

export interface NavBarEvents {
  onBack(): void
  onHome(): void
  onClose(): void
}

export interface NavBarState {
  canGoBack: boolean
  canGoHome: boolean
}

export class NavBar {
  readonly element: HTMLElement
  private readonly title: HTMLElement
  private readonly capsule: HTMLElement
  /** The program chose the colours itself: the theme has no say any more. */
  private chosen = false
  private onName: (title: string) => void = () => undefined

  constructor(
    private readonly window: WindowConfig,
    state: NavBarState,
    events: NavBarEvents,
  ) {
    this.element = make('header', window.navigationStyle === 'custom' ? 'mp-nav-custom' : 'mp-nav')
    const status = make('div', 'mp-status', this.element)
    status.toggleAttribute('data-short', config.statusBarHeight < 30)
    status.setAttribute('aria-hidden', 'true')
    status.innerHTML = '<span>9:41</span><span>5G ▮</span>'
    this.title = make('h1', 'mp-nav-title')
    if (window.navigationStyle !== 'custom') {
      this.element.append(this.title)
      if (state.canGoBack) this.button('mp-nav-back', BACK, word('back'), events.onBack)
      else if (state.canGoHome) this.button('mp-nav-back', HOME, word('home'), events.onHome)
    }
    this.capsule = make('div', 'mp-capsule', this.element)
    this.button('', MORE, word('more'), () => undefined, this.capsule)
    this.button('', CLOSE, word('close'), events.onClose, this.capsule)
    this.setTitle(window.navigationBarTitleText ?? '')
    this.dress()
  }

  /** In the colours that the configuration has for the theme. */
  dress(): void {
    if (this.chosen) return
    const { text, background } = barColors(this.window)
    this.paint(text, background)
  }

  setTitle(text: string): void {
    this.title.textContent = text
    this.onName(text)
  }

  /** Hears what the page is called, now and whenever it is called otherwise. */
  named(listener: (title: string) => void): void {
    this.onName = listener
    listener(this.text)
  }

  get text(): string {
    return this.title.textContent ?? ''
  }

  setColor(front: string, background: string): void {
    this.chosen = true
    this.paint(front, background)
  }

  private paint(front: string, background: string): void {
    this.element.style.color = front
    if (this.element.className === 'mp-nav') this.element.style.background = background
    this.capsule.classList.toggle('mp-light', front.toLowerCase() === '#ffffff')
  }

  setLoading(on: boolean): void {
    this.title.classList.toggle('mp-nav-loading', on)
  }

  private button(className: string, icon: string, label: string, onClick: () => void, parent = this.element): void {
    const button = make('button', className, parent)
    button.innerHTML = icon
    button.setAttribute('aria-label', label)
    button.addEventListener('click', onClick)
  }
}
