/** The window of the chat: header, banner, whatever stands in it, and the focus, which it holds. Knows nothing of the client. */
import { drawBlank, type Blank } from './blank'
import { faceOf } from './bubble'
import { focusable, focusedIn, h, icon, isTouched, tool } from './dom'
import type { Texts } from './texts'

/** What stands in the window, from top to bottom. */
export interface Parts {
  /** What can be done about the place in the line, or about the end. */
  act: HTMLElement
  /** Over the rest, one at a time. */
  sheets: HTMLElement[]
  list: HTMLElement
  suggestion: HTMLElement
  composer: HTMLElement
  box: HTMLElement
}

export interface FrameWishes {
  close: () => void
  retry: () => void
  files: (files: readonly File[]) => void
}

/** Who is at the other end, and what they do. */
export interface Head {
  title: string
  under: string
  name: string
  avatar: string
}

export class Frame {
  readonly element: HTMLElement
  private readonly name = h('h2', { id: 'name' })
  private readonly under = h('p', { class: 'under' })
  private readonly face = h('div', { class: 'facing' })
  private readonly banner = h('p', { class: 'banner', role: 'status', hidden: true })
  private readonly blank = h('div', { class: 'blank', role: 'status', hidden: true })
  private readonly news = h('div', { class: 'sr news', 'aria-live': 'polite' })
  private readonly narrow = matchMedia('(max-width: 480px)')
  /** What stands there, in JSON. */
  private stands = 'null'
  private faces = ''

  constructor(
    private readonly texts: Texts,
    private readonly parts: Parts,
    private readonly wish: FrameWishes,
  ) {
    const close = tool('close', texts.close, () => wish.close())
    this.element = h(
      'section',
      { class: 'panel', role: 'dialog', 'aria-labelledby': 'name', tabindex: -1, hidden: true },
      h('div', { class: 'head' }, this.face, h('div', { class: 'who' }, this.name, this.under), parts.act, close),
      this.banner,
      this.blank,
      parts.list,
      this.news,
      parts.suggestion,
      parts.composer,
      ...parts.sheets,
      h('p', { class: 'dropping', 'aria-hidden': 'true' }, texts.drop),
    )
    this.element.addEventListener('keydown', (event) => this.keyed(event))
    this.hearDrops()
    // The keyboard of a phone covers the page without making it smaller; the panel ends above it.
    visualViewport?.addEventListener('resize', () => this.fit())
  }

  get isOpen(): boolean {
    return !this.element.hidden
  }

  /** Whether one can write: a card can be sent, files can be dropped. */
  get isWritable(): boolean {
    return !this.parts.composer.hidden
  }

  open(): void {
    this.element.hidden = false
    this.element.setAttribute('aria-modal', String(this.narrow.matches))
    this.fit()
  }

  close(): void {
    this.element.hidden = true
  }

  /** Into the input, where that brings up no keyboard over what the customer came to read. */
  focus(): void {
    const input = !this.isWritable || isTouched() ? this.element : this.parts.box
    input.focus({ preventScroll: true })
  }

  /** What had the focus may go while things are drawn; the window keeps it. */
  keepingFocus(draw: () => void): void {
    const had = focusedIn(this.element)
    draw()
    if (had && this.isOpen && !focusedIn(this.element)) this.focus()
  }

  head({ title, under, name, avatar }: Head): void {
    if (this.name.textContent !== title) this.name.textContent = title
    if (this.under.textContent !== under) this.under.textContent = under
    if (this.faces === name + avatar && this.face.firstChild) return
    this.faces = name + avatar
    const nobody = h('span', { class: 'face known', 'aria-hidden': 'true' }, icon('chat'))
    this.face.replaceChildren(name ? faceOf({ name, avatar }) : nobody)
  }

  warn(text: string): void {
    this.banner.hidden = !text
    if (this.banner.textContent !== text) this.banner.textContent = text
  }

  /** Said once to who hears the screen, by an element of its own each time, since the same words may come again. */
  announce(text: string): void {
    this.news.replaceChildren(h('p', {}, text))
  }

  /** Instead of messages; null shows those again. `writes`: there are none yet, and one may write the first. */
  stand(blank: Blank | null, writes = !blank): void {
    const drawn = JSON.stringify(blank)
    if (drawn === this.stands) return
    const waited = focusedIn(this.element) === this.element
    this.stands = drawn
    this.blank.hidden = !blank
    this.parts.list.hidden = !!blank
    this.parts.composer.hidden = !writes
    this.blank.replaceChildren(...(blank ? drawBlank(blank, this.texts.tryAgain, this.wish.retry) : []))
    // Who was waiting for the input gets into it.
    if (waited && this.isOpen) this.focus()
  }

  private fit(): void {
    const height = visualViewport && this.narrow.matches ? `${visualViewport.height}px` : ''
    if (this.isOpen) this.element.style.setProperty('--height', height)
  }

  private keyed(event: KeyboardEvent): void {
    // The page's own shortcuts are not for what is written here.
    event.stopPropagation()
    if (event.key === 'Escape' && !event.isComposing) this.wish.close()
    if (event.key === 'Tab') this.hold(event)
  }

  /** Tab goes round inside; Escape leads out. */
  private hold(event: KeyboardEvent): void {
    const inside = focusable(this.element)
    const [first, last] = [inside[0], inside[inside.length - 1]]
    const at = focusedIn(this.element)
    const leaves = event.shiftKey ? at === first || at === this.element : at === last
    if (!leaves) return
    event.preventDefault()
    ;(event.shiftKey ? last : first)?.focus()
  }

  private hearDrops(): void {
    const { element } = this
    const drop = (on: boolean) => element.classList.toggle('drops', on)
    element.addEventListener('dragover', (event) => {
      if (!this.isWritable || !event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      drop(true)
    })
    element.addEventListener('dragleave', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) drop(false)
    })
    element.addEventListener('drop', (event) => {
      event.preventDefault()
      drop(false)
      if (this.isWritable) this.wish.files([...(event.dataTransfer?.files ?? [])])
    })
  }
}
