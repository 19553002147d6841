/** The round button on the page, and how much is unread behind it. */
import { h, icon } from './dom'
import { fill, type Texts } from './texts'

export class Launcher {
  readonly element: HTMLButtonElement
  private readonly badge = h('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' })

  constructor(
    private readonly texts: Texts,
    onclick: () => void,
  ) {
    const named = { class: 'launcher', type: 'button', 'aria-haspopup': 'dialog' }
    this.element = h('button', { ...named, onclick }, icon('chat'), icon('down'), this.badge)
  }

  show(isOpen: boolean, unread: number): void {
    const { texts, badge, element } = this
    const shown = isOpen ? 0 : unread
    badge.hidden = shown === 0
    badge.textContent = shown > 99 ? '99+' : String(shown)
    const closed = shown ? fill(texts.openUnread, { n: shown }) : texts.open
    element.setAttribute('aria-label', isOpen ? texts.close : closed)
    element.setAttribute('aria-expanded', String(isOpen))
  }
}
