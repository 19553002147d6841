/** The window of the chat: header, messages, what the page suggests to send, input. Knows nothing of the client. */
import type { Card } from '@chaguan/sdk'
import type { BubbleContext } from './bubble'
import { Composer, type ComposerWishes } from './composer'
import { focusable, h, icon } from './dom'
import { MessageList } from './list'
import type { Texts } from './texts'

export interface PanelWishes extends ComposerWishes {
  close: () => void
  retry: () => void
  older: () => void
  seen: () => void
  suggest: () => void
  dismiss: () => void
}

/** What stands instead of messages. */
export interface Blank {
  title: string
  text: string
  busy?: boolean
  retry?: boolean
  /** Where one signs in. */
  link?: { label: string; url: string }
}

export class Panel {
  readonly element: HTMLElement
  readonly list: MessageList
  readonly composer: Composer
  private readonly name = h('h2', { id: 'name' })
  private readonly under = h('p', { class: 'under', role: 'status' })
  private readonly banner = h('p', { class: 'banner', role: 'status', hidden: true })
  private readonly blank = h('div', { class: 'blank', role: 'status', hidden: true })
  private readonly suggestion = h('div', { class: 'suggestion', hidden: true })
  private readonly narrow = matchMedia('(max-width: 480px)')
  /** What stands there, in JSON. */
  private stands = 'null'
  private suggests: Card | null = null

  constructor(
    private readonly texts: Texts,
    draftKey: string,
    bubbles: BubbleContext,
    private readonly wish: PanelWishes,
  ) {
    this.list = new MessageList(bubbles, wish)
    this.composer = new Composer(texts, draftKey, wish)
    const close = { class: 'tool', type: 'button', 'aria-label': texts.close, title: texts.close, onclick: wish.close }
    this.element = h(
      'section',
      { class: 'panel', role: 'dialog', 'aria-labelledby': 'name', tabindex: -1, hidden: true },
      h('div', { class: 'head' }, h('div', {}, this.name, this.under), h('button', close, icon('close'))),
      this.banner,
      this.blank,
      this.list.element,
      this.suggestion,
      this.composer.element,
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

  open(): void {
    this.element.hidden = false
    this.element.setAttribute('aria-modal', String(this.narrow.matches))
    this.list.restart()
    this.composer.fit()
    this.fit()
  }

  close(): void {
    this.element.hidden = true
  }

  /** Into the input, where that brings up no keyboard over what the customer came to read. */
  focus(): void {
    const isWaiting = this.composer.element.hidden || matchMedia('(pointer: coarse)').matches
    const input = isWaiting ? this.element : this.composer.box
    input.focus({ preventScroll: true })
  }

  head(name: string, under: string): void {
    if (this.name.textContent !== name) this.name.textContent = name
    if (this.under.textContent !== under) this.under.textContent = under
  }

  warn(text: string): void {
    this.banner.hidden = !text
    if (this.banner.textContent !== text) this.banner.textContent = text
  }

  /** Instead of messages; null shows those again. `writes`: there are none yet, and one may write the first. */
  stand(blank: Blank | null, writes = !blank): void {
    const drawn = JSON.stringify(blank)
    if (drawn === this.stands) return
    const waited = (this.element.getRootNode() as ShadowRoot).activeElement === this.element
    this.stands = drawn
    this.blank.hidden = !blank
    this.list.element.hidden = !!blank
    this.composer.element.hidden = !writes
    this.blank.replaceChildren(...(blank ? this.said(blank) : []))
    if (writes) this.composer.fit()
    // Who was waiting for the input gets into it.
    if (waited && this.isOpen) this.focus()
  }

  private said({ title, text, busy, retry, link }: Blank): Node[] {
    const sign = busy
      ? h('span', { class: 'spinner', 'aria-hidden': 'true' })
      : h('span', { class: 'face large', 'aria-hidden': 'true' }, icon('chat'))
    const found: Node[] = [sign, h('b', {}, title), h('p', {}, text)]
    if (link) found.push(h('a', { class: 'plain strong', href: link.url }, link.label))
    const again = { type: 'button', class: 'plain', onclick: this.wish.retry }
    if (retry) found.push(h('button', again, this.texts.tryAgain))
    return found
  }

  /** Where one can write, a card can be sent. */
  suggest(offered: Card | null, picture: string): void {
    const card = this.composer.element.hidden ? null : offered
    if (card === this.suggests) return
    this.suggests = card
    this.suggestion.hidden = !card
    if (!card) return
    const { suggest, dismiss } = this.texts
    const line = card.lines?.[0]?.value ?? ''
    this.suggestion.replaceChildren(
      picture ? h('img', { src: picture, alt: '' }) : '',
      h('div', {}, h('b', {}, card.title), h('small', {}, line)),
      h('button', { type: 'button', class: 'plain', onclick: this.wish.suggest }, suggest),
      h(
        'button',
        { type: 'button', class: 'tool', 'aria-label': dismiss, title: dismiss, onclick: this.wish.dismiss },
        icon('close'),
      ),
    )
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
    const at = (this.element.getRootNode() as ShadowRoot).activeElement
    const leaves = event.shiftKey ? at === first || at === this.element : at === last
    if (!leaves) return
    event.preventDefault()
    ;(event.shiftKey ? last : first)?.focus()
  }

  private hearDrops(): void {
    const { element } = this
    const drop = (on: boolean) => element.classList.toggle('drops', on)
    element.addEventListener('dragover', (event) => {
      if (this.composer.element.hidden || !event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      drop(true)
    })
    element.addEventListener('dragleave', (event) => drop(element.contains(event.relatedTarget as Node | null)))
    element.addEventListener('drop', (event) => {
      event.preventDefault()
      drop(false)
      this.wish.files([...(event.dataTransfer?.files ?? [])])
    })
  }
}
