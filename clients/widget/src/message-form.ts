/** A message instead of waiting, and how to be reached: a sheet over the messages. Knows nothing of the client. */
import { serviceTexts } from '@chaguan/mini-kit/service-texts'
import { openingText } from '@chaguan/mini-kit/standing'
import { fill, type Language } from '@chaguan/mini-kit/texts'
import type { Callback } from '@chaguan/sdk'
import type { LeftMessage } from '@chaguan/sdk/service'
import { h } from './dom'
import { Sheet } from './sheet'

export interface MessageWishes {
  leaveMessage: (left: LeftMessage, key: string) => Promise<Callback>
  newKey: () => string
  /** Gives up waiting, and leaves nothing. */
  leave: () => void
  closed: () => void
}

export class MessageForm {
  readonly sheet: Sheet
  private readonly words
  private readonly text: HTMLTextAreaElement
  private readonly contact: HTMLInputElement
  private readonly consent = h('input', { type: 'checkbox' })
  private readonly problem = h('p', { class: 'problem', role: 'alert' })
  private key = ''
  private busy = false

  constructor(
    language: Language,
    private readonly wish: MessageWishes,
  ) {
    this.words = serviceTexts(language)
    const { words } = this
    this.sheet = new Sheet('message', words.close, () => wish.closed())
    this.text = h('textarea', {
      maxlength: 1000,
      rows: 3,
      placeholder: words.messageHint,
      'aria-label': words.messageHint,
    })
    this.contact = h('input', {
      class: 'field',
      maxlength: 100,
      placeholder: words.contactHint,
      'aria-label': words.contactHint,
    })
  }

  /** `canLeave`: the customer stands in a line, which they may leave without a word. */
  open(canLeave: boolean): void {
    const { words } = this
    this.key = this.wish.newKey()
    this.problem.textContent = ''
    const leave = h('button', { type: 'button', class: 'plain', onclick: () => this.wish.leave() }, words.leave)
    const send = h(
      'button',
      { type: 'button', class: 'plain strong', onclick: () => void this.send() },
      words.sendMessage,
    )
    this.sheet.show(words.messageTitle, words.messageAbout, [
      this.text,
      this.contact,
      h('label', { class: 'consent' }, this.consent, words.consent),
      this.problem,
      h('div', { class: 'keys' }, canLeave ? leave : null, send),
    ])
    this.text.focus({ preventScroll: true })
  }

  private async send(): Promise<void> {
    const { words, consent } = this
    const [text, contact] = [this.text.value.trim(), this.contact.value.trim()]
    if (!text || this.busy) return this.text.focus()
    if (contact && !consent.checked) return this.refuse(words.consent)
    this.busy = true
    this.refuse('')
    try {
      this.thank(await this.wish.leaveMessage({ text, contact, consent: consent.checked }, this.key))
    } catch (error) {
      const isLate = error instanceof Error && 'code' in error && error.code === 'conflict'
      this.refuse(isLate ? words.hasAgent : words.failed)
    }
    this.busy = false
  }

  private refuse(text: string): void {
    this.problem.textContent = text
  }

  private thank({ due_at }: Callback): void {
    const { words, sheet } = this
    this.text.value = this.contact.value = ''
    this.consent.checked = false
    if (!sheet.isOpen) return
    const time = openingText(due_at, Date.now(), words)
    const said = due_at > Date.now() ? fill(words.messageUntil, { time }) : words.messageLeft
    const close = h('button', { type: 'button', class: 'plain strong', onclick: () => sheet.close() }, words.close)
    sheet.show(words.messageTitle, '', [
      h('p', { class: 'meaning', role: 'status' }, said),
      h('div', { class: 'keys' }, close),
    ])
    sheet.element.focus({ preventScroll: true })
  }
}
