// A drawn stand-in for the phone's keyboard: takes its height, tells the page, and moves the page when asked to.
import { Emitter } from './emitter'
import { currentPage } from './pages'
import { make } from './screen'
import { config } from './settings'
import { word } from './words'

export const keyboardHeightChanged = new Emitter<{ height: number }>()

const panel = make('div', 'mp-keyboard')
panel.textContent = word('keyboard')
panel.setAttribute('aria-hidden', 'true')
let raisedFor: HTMLElement | undefined

export const keyboardHeight = (): number => (raisedFor ? config.keyboardHeight : 0)

/** The field got focus. With `adjust` the page moves up so that `spacing` px below the field stay visible. */
export function raiseKeyboard(field: HTMLElement, adjust: boolean, spacing: number): void {
  const was = keyboardHeight()
  raisedFor = field
  const page = currentPage()
  if (config.keyboardHeight === 0 || !page) return
  panel.style.cssText = `position:absolute;left:0;right:0;bottom:0;z-index:80;height:${config.keyboardHeight}px`
  page.holder.append(panel)
  if (adjust) moveUp(page.viewport, field, spacing)
  if (was !== config.keyboardHeight) keyboardHeightChanged.emit({ height: config.keyboardHeight })
}

export function lowerKeyboard(field: HTMLElement): void {
  if (raisedFor !== field) return
  raisedFor = undefined
  panel.remove()
  for (const viewport of document.querySelectorAll<HTMLElement>('.mp-viewport')) viewport.style.transform = ''
  if (config.keyboardHeight > 0) keyboardHeightChanged.emit({ height: 0 })
}

export function hideKeyboard(): void {
  ;(document.activeElement as HTMLElement | null)?.blur()
}

function moveUp(viewport: HTMLElement, field: HTMLElement, spacing: number): void {
  const limit = innerHeight - config.keyboardHeight
  const over = field.getBoundingClientRect().bottom + spacing - limit
  if (over > 0) viewport.style.transform = `translateY(${-over}px)`
}
