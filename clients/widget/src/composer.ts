/** Where the customer writes. Enter sends, Shift+Enter breaks the line; pictures come by button, paste and drop. */
import { canRecord } from '@chaguan/console/recorder'
import { h, icon, isTouched, tool } from './dom'
import { EmojiPanel } from './emoji'
import type { Memory } from './memory'
import { Recording } from './recording'
import type { Texts } from './texts'

export interface Quote {
  seq: number
  text: string
}

export interface ComposerWishes {
  send: (text: string, quoteSeq: number) => void
  files: (files: readonly File[]) => void
  voice: (file: File, duration_ms: number) => void
  typing: () => void
  /** What stands in the box is another now. */
  wrote: (text: string) => void
  warn: (text: string) => void
}

/** A draft belongs to its conversation, and outlives the page it was begun on, as long as the tab. */
interface Draft {
  text: string
  quote: Quote | null
}

export class Composer {
  readonly element: HTMLFormElement
  readonly box: HTMLTextAreaElement
  private readonly emoji: EmojiPanel
  private readonly toEmoji: HTMLButtonElement
  private readonly button: HTMLButtonElement
  /** In its place while there is nothing to send, where there is a microphone. */
  private readonly mic: HTMLButtonElement
  private readonly recording: Recording
  private readonly line: HTMLElement
  private most_ms = 0
  private readonly quoting = h('div', { class: 'quoting', hidden: true })
  private quoted: Quote | null = null
  private draftName = ''

  constructor(
    private readonly texts: Texts,
    private readonly memory: Memory,
    private readonly wish: ComposerWishes,
  ) {
    const picker = this.picker()
    this.box = h('textarea', { rows: 1, placeholder: texts.draft, 'aria-label': texts.draft, enterkeyhint: 'send' })
    this.emoji = new EmojiPanel(texts.emoji, {
      pick: (emoji, byKey) => this.insert(emoji, byKey),
      close: () => this.showEmoji(false),
    })
    this.toEmoji = tool('emoji', texts.emoji, () => this.showEmoji(!this.emoji.isOpen), { 'aria-expanded': 'false' })
    const send = { class: 'send', type: 'submit', 'aria-label': texts.send, title: texts.send }
    this.button = h('button', send, icon('send'))
    this.mic = tool('mic', texts.record, () => void this.record())
    this.recording = new Recording(texts, { voice: wish.voice, warn: wish.warn, ended: () => this.recorded() })
    const attach = tool('attach', texts.attach, () => picker.click())
    this.line = h('div', { class: 'write' }, attach, this.toEmoji, this.box, this.mic, this.button)
    const parts = [this.quoting, picker, this.line, this.recording.element, this.emoji.element]
    this.element = h('form', { class: 'composer' }, ...parts)
    this.hear()
    this.fit()
  }

  /** Takes up the draft of a conversation. */
  hold(conversationId: string): void {
    const name = conversationId && `draft:${conversationId}`
    if (name === this.draftName) return
    this.draftName = name
    this.recording.cancel()
    const { text, quote } = draftOf(name && this.memory.get(name))
    this.box.value = text
    this.showQuote(quote)
    this.showEmoji(false, false)
    this.fit()
  }

  limit({ text_length, voice_ms }: { text_length?: number; voice_ms?: number }): void {
    if (text_length) this.box.maxLength = text_length
    this.most_ms = voice_ms ?? 0
  }

  /** The window closes: nobody goes on listening. */
  rest(): void {
    this.recording.cancel()
  }

  /** Answers a message; null answers none. */
  quote(quote: Quote | null): void {
    this.showQuote(quote)
    this.keep()
    this.box.focus({ preventScroll: true })
  }

  /** Puts a text into the box, after what stands there. */
  write(text: string): void {
    this.box.value = [this.box.value.trim(), text].filter(Boolean).join('\n')
    this.wrote(false)
    this.box.focus({ preventScroll: true })
  }

  /** As high as its text, up to what the style sheet allows; only once it is shown can that be measured. */
  fit(): void {
    this.box.style.height = 'auto'
    if (this.box.scrollHeight) this.box.style.height = `${this.box.scrollHeight}px`
    // It stays in the order of Tab while there is nothing to send.
    const isEmpty = !this.box.value.trim()
    this.button.setAttribute('aria-disabled', String(isEmpty))
    this.mic.hidden = !isEmpty || !canRecord()
    this.button.hidden = !this.mic.hidden
  }

  /** Nothing of it is to be sent. */
  clear(): void {
    this.box.value = ''
    this.showQuote(null)
    this.wrote(false)
  }

  private async record(): Promise<void> {
    if (!(await this.recording.begin(this.most_ms))) return
    this.showEmoji(false, false)
    this.line.hidden = true
    this.recording.focus()
  }

  private recorded(): void {
    this.line.hidden = false
    this.mic.focus({ preventScroll: true })
  }

  private picker(): HTMLInputElement {
    const picker = h('input', { type: 'file', multiple: true, hidden: true, 'aria-hidden': 'true', tabindex: -1 })
    picker.addEventListener('change', () => {
      this.wish.files([...(picker.files ?? [])])
      picker.value = ''
    })
    return picker
  }

  private hear(): void {
    this.element.addEventListener('submit', (event) => {
      event.preventDefault()
      this.send()
    })
    this.box.addEventListener('keydown', (event) => this.keyed(event))
    this.box.addEventListener('input', () => this.wrote())
    this.box.addEventListener('paste', (event) => this.pasted(event))
    // The keyboard of a phone comes up where the emoji are.
    this.box.addEventListener('focus', () => isTouched() && this.showEmoji(false, false))
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
    const seq = this.quoted?.seq ?? 0
    this.clear()
    this.wish.send(text, seq)
    if (!this.emoji.isOpen) this.box.focus()
  }

  private insert(emoji: string, byKey: boolean): void {
    const { selectionStart: from, selectionEnd: to, value, maxLength } = this.box
    if (maxLength > 0 && value.length + emoji.length > maxLength) return
    this.box.setRangeText(emoji, from, to, 'end')
    this.wrote()
    if (!byKey && !isTouched()) this.box.focus({ preventScroll: true })
  }

  private showEmoji(on: boolean, focus = true): void {
    if (on === this.emoji.isOpen) return
    this.emoji.show(on)
    this.toEmoji.setAttribute('aria-expanded', String(on))
    if (!focus) return
    if (on) this.emoji.focus()
    else this.toEmoji.focus({ preventScroll: true })
  }

  private showQuote(quote: Quote | null): void {
    this.quoted = quote
    this.quoting.hidden = !quote
    if (quote)
      this.quoting.replaceChildren(
        h('p', {}, quote.text),
        tool('close', this.texts.removeQuote, () => this.quote(null)),
      )
  }

  private wrote(tell = true): void {
    this.fit()
    this.keep()
    this.wish.wrote(this.box.value)
    if (tell && this.box.value) this.wish.typing()
  }

  private pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])]
    // A spreadsheet puts a picture of its cells beside their text; who pastes that means the text.
    if (!files.length || event.clipboardData?.getData('text/plain')) return
    event.preventDefault()
    this.wish.files(files)
  }

  private keep(): void {
    const { quoted: quote, draftName } = this
    const text = this.box.value
    if (draftName) this.memory.set(draftName, text || quote ? JSON.stringify({ text, quote } satisfies Draft) : '')
  }
}

function draftOf(kept: string): Draft {
  try {
    const { text = '', quote = null } = JSON.parse(kept || '{}') as Partial<Draft>
    return { text, quote }
  } catch {
    // Not written by this version.
    return { text: '', quote: null }
  }
}
