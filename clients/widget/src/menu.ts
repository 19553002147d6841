/** What can be done with a message: a menu beside it, by mouse, finger or keyboard. */
import { h, icon, type IconName } from './dom'

export interface Choice {
  icon: IconName
  label: string
  act: () => void
}

const MARGIN_PX = 6

export class Menu {
  readonly element = h('div', { class: 'menu', role: 'menu', hidden: true })
  private closed: () => void = () => undefined

  constructor(label: string) {
    this.element.setAttribute('aria-label', label)
    this.element.addEventListener('keydown', (event) => this.keyed(event))
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.element.contains(relatedTarget))) this.close(false)
    })
  }

  get isOpen(): boolean {
    return !this.element.hidden
  }

  /** Beside `anchor`, inside `within`. `closed`: takes the focus back. */
  open(choices: readonly Choice[], anchor: HTMLElement, within: HTMLElement, closed: () => void): void {
    if (!choices.length) return
    this.closed = closed
    this.element.replaceChildren(...choices.map((choice) => this.item(choice)))
    this.element.hidden = false
    this.place(anchor.getBoundingClientRect(), within.getBoundingClientRect())
    this.focus(0)
  }

  close(returns = true): void {
    if (!this.isOpen) return
    this.element.hidden = true
    if (returns) this.closed()
  }

  private item({ icon: sign, label, act }: Choice): HTMLElement {
    const onclick = () => {
      this.close()
      act()
    }
    return h('button', { class: 'choice', type: 'button', role: 'menuitem', tabindex: -1, onclick }, icon(sign), label)
  }

  /** Below the bubble where there is room, else above it, else over it. */
  private place(anchor: DOMRect, within: DOMRect): void {
    const { offsetWidth: width, offsetHeight: height, style } = this.element
    const below = anchor.bottom + MARGIN_PX
    const wished = below + height <= within.bottom ? below : anchor.top - MARGIN_PX - height
    const left = anchor.left + anchor.width / 2 > within.left + within.width / 2 ? anchor.right - width : anchor.left
    const clamp = (value: number, most: number) => Math.max(MARGIN_PX, Math.min(value, most - MARGIN_PX))
    style.top = `${clamp(wished - within.top, within.height - height)}px`
    style.left = `${clamp(left - within.left, within.width - width)}px`
  }

  private keyed(event: KeyboardEvent): void {
    const items = [...this.element.children]
    const at = items.findIndex((item) => item === event.target)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key]
    if (to === undefined && event.key !== 'Escape' && event.key !== 'Tab') return
    event.preventDefault()
    event.stopPropagation()
    if (to === undefined) this.close()
    else this.focus((to + items.length) % items.length)
  }

  private focus(at: number): void {
    ;(this.element.children[at] as HTMLElement | undefined)?.focus({ preventScroll: true })
  }
}
