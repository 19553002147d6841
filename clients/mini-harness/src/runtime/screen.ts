// The phone's screen: one element that pages, tab bar and dialogs live in, and the measures they share.
import { config } from './settings'
import css from './screen-css'

export const NAV_BAR_HEIGHT = 44
export const TAB_BAR_HEIGHT = 50
const MAX_WIDTH = 430

export const screenRoot = make('div', 'mp-screen')
export const pagesRoot = make('div', 'mp-pages', screenRoot)
export const overlayRoot = make('div', 'mp-overlays', screenRoot)

export function make(tag: string, className: string, parent?: HTMLElement): HTMLElement {
  const element = document.createElement(tag)
  element.className = className
  parent?.append(element)
  return element
}

export function mountScreen(): void {
  const style = document.createElement('style')
  style.dataset['sheet'] = 'harness'
  style.textContent = css
  document.head.prepend(style)
  document.body.append(screenRoot)
  measure()
  window.addEventListener('resize', measure)
}

export function screenWidth(): number {
  return Math.min(innerWidth, MAX_WIDTH)
}

/** From the top of the screen to the bottom of the navigation bar. */
export function headerHeight(): number {
  return config.statusBarHeight + NAV_BAR_HEIGHT
}

/** The capsule, as wx.getMenuButtonBoundingClientRect reports it. */
export function capsuleRect(): {
  width: number
  height: number
  top: number
  bottom: number
  left: number
  right: number
} {
  const width = 87
  const height = 32
  const top = config.statusBarHeight + (NAV_BAR_HEIGHT - height) / 2
  const right = screenWidth() - 7
  return { width, height, top, bottom: top + height, left: right - width, right }
}

function measure(): void {
  const set = (name: string, value: number) => document.documentElement.style.setProperty(name, `${value}px`)
  set('--mp-rpx', screenWidth() / 750)
  set('--mp-vw', screenWidth() / 100)
  set('--mp-vh', innerHeight / 100)
  set('--mp-safe-top', config.statusBarHeight)
  set('--mp-safe-bottom', config.safeAreaBottom)
  set('--mp-status', config.statusBarHeight)
}
