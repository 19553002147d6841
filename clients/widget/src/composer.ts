/** Where the customer writes. Enter sends, Shift+Enter breaks the line; pictures come by button, paste and drop. */
import { h, icon } from './dom'
import type { Texts } from './texts'

export interface ComposerWishes {
  send: (text: string) => void
  files: (files: readonly File[]) => void
  typing: () => void
}

/** A draft outlives the page it was begun on, as long as the tab. */
export class Composer {
  readonly element: HTMLFormElement
  readonly box: HTMLTextAreaElement
  private readonly button: HTMLButtonElement

  constructor(
    texts: Texts,
    private readonly draftKey: string,
    private readonly wish: ComposerWishes,
  ) {
    const picker = h('input', { type: 'file', multiple: true, hidden: true, 'aria-hidden': 'true', tabindex: -1 })
    picker.addEventListener('change', () => {
      wish.files([...(picker.files ?? [])])
      picker.value = ''
    })
    const attach = { class: 'tool', type: 'button', 'aria-label': texts.attach, title: texts.attach }
    this.box = h('textarea', { rows: 1, placeholder: texts.draft, 'aria-label': texts.draft, enterkeyhint: 'send' })
    this.button = h(
      'button',
      { class: 'send', type: 'submit', 'aria-label': texts.send, title: texts.send },
      icon('send'),
    )
    this.element = h(
      'form',
      { class: 'composer' },
      picker,
      h('button', { ...attach, onclick: () => picker.click() }, icon('attach')),
      this.box,
      this.button,
    )
    this.element.addEventListener('submit', (event) => {
      event.preventDefault()
      this.send()
    })
    this.box.addEventListener('keydown', (event) => this.keyed(event))
    this.box.addEventListener('input', () => this.wrote())
    this.box.addEventListener('paste', (event) => this.pasted(event))
    this.box.value = this.kept()
    this.fit()
  }

  limit(characters: number | undefined): void {
    if (characters) this.box.maxLength = characters
  }

  /** As high as its text, up to what the style sheet allows; only once it is shown can that be measured. */
  fit(): void {
    this.box.style.height = 'auto'
    if (this.box.scrollHeight) this.box.style.height = `${this.box.scrollHeight}px`
    // It stays in the order of Tab while there is nothing to send.
    this.button.setAttribute('aria-disabled', String(!this.box.value.trim()))
  }

  private keyed(event: KeyboardEvent): void {
    // While an input method composes, Enter takes what it offers; some report that only by this code.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    this.send()
  }

  private send(): void {
    const text = this.box.value.trim()
    if (!text) return
    this.box.value = ''
    this.wrote(false)
    this.wish.send(text)
    this.box.focus()
  }

  private wrote(tell = true): void {
    this.fit()
    this.keep()
    if (tell && this.box.value) this.wish.typing()
  }

  private pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])]
    if (!files.length) return
    event.preventDefault()
    this.wish.files(files)
  }

  private kept(): string {
    try {
      return sessionStorage.getItem(this.draftKey) ?? ''
    } catch {
      return ''
    }
  }

  private keep(): void {
    try {
      if (this.box.value) sessionStorage.setItem(this.draftKey, this.box.value)
      else sessionStorage.removeItem(this.draftKey)
    } catch {
      // A browser that forbids storage keeps no drafts.
    }
  }
}
