/** A card that the page offers to be sent with one click. */
import type { Card } from '@chaguan/sdk'
import { h, tool } from './dom'
import type { Texts } from './texts'

export class Suggestion {
  readonly element = h('div', { class: 'suggestion', hidden: true })
  private offered: Card | null = null

  constructor(
    private readonly texts: Texts,
    private readonly wish: { send: (card: Card) => void; dismiss: () => void },
  ) {}

  show(card: Card | null, picture: string): void {
    if (card === this.offered) return
    this.offered = card
    this.element.hidden = !card
    if (!card) return
    const { texts, wish } = this
    const line = card.lines?.[0]?.value ?? ''
    this.element.replaceChildren(
      picture ? h('img', { src: picture, alt: '' }) : '',
      h('div', {}, h('b', {}, card.title), h('small', {}, line)),
      h('button', { type: 'button', class: 'plain', onclick: () => wish.send(card) }, texts.suggest),
      tool('close', texts.dismiss, () => wish.dismiss()),
    )
  }
}
