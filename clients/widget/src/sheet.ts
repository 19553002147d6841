/** What comes up over the messages and asks for something. Escape and the cross close it. */
import { h, tool } from './dom'

export class Sheet {
  readonly element: HTMLElement
  private readonly title: HTMLElement
  private readonly about = h('p', { class: 'sheet-about' })
  private readonly body = h('div')

  constructor(
    id: string,
    closing: string,
    private readonly closed: () => void,
  ) {
    this.title = h('h3', { id })
    this.element = h(
      'div',
      { class: 'sheet', role: 'dialog', 'aria-labelledby': id, tabindex: -1, hidden: true },
      h(
        'div',
        { class: 'sheet-top' },
        h('div', {}, this.title, this.about),
        tool('close', closing, () => this.close()),
      ),
      this.body,
    )
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return
      event.stopPropagation()
      this.close()
    })
  }

  get isOpen(): boolean {
    return !this.element.hidden
  }

  show(title: string, about: string, parts: HTMLElement[]): void {
    this.title.textContent = title
    this.about.textContent = about
    this.body.replaceChildren(...parts)
    this.element.hidden = false
  }

  close(): void {
    if (!this.isOpen) return
    this.element.hidden = true
    this.closed()
  }
}
