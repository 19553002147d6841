/** Answers of the shop's list over the input while the customer types, and the sheet that shows one of them. */
import { serviceTexts } from '@chaguan/mini-kit/service-texts'
import { fill, type Language } from '@chaguan/mini-kit/texts'
import type { Client, SuggestedAnswer, SuggestedAnswers } from '@chaguan/sdk'
import { suggestAnswers, type Suggester } from '@chaguan/sdk/answers'
import type { Chat } from './chat'
import { h, icon } from './dom'
import { Sheet } from './sheet'

export interface AnswerWishes {
  /** It was answered: what was typed is not sent. */
  solved: () => void
  /** A person shall answer this. */
  ask: (text: string) => void
  announce: (text: string) => void
  /** Where the customer writes. */
  focus: () => void
}

export class Answers {
  readonly element: HTMLElement
  readonly sheet: Sheet
  private readonly words
  private suggester: Suggester | null = null
  private client: Client | null = null
  private conversationId = ''
  private found: SuggestedAnswers = {}
  private text = ''

  constructor(
    private readonly chat: Chat,
    language: Language,
    private readonly wish: AnswerWishes,
  ) {
    this.words = serviceTexts(language)
    this.element = h('div', { class: 'answers', role: 'group', hidden: true })
    this.sheet = new Sheet('answer', this.words.close, () => wish.focus())
  }

  /** What stands in the input now. */
  typed(text: string): void {
    this.hold()
    this.text = text.trim()
    this.suggester ??= this.begin()
    this.suggester?.typed(text)
  }

  /** Of another conversation, or of somebody else, nothing stays. */
  hold(): void {
    const { client, conversationId } = this.chat
    if (this.suggester && (client !== this.client || conversationId !== this.conversationId)) this.rest()
  }

  /** The window closes, or is somebody else's. */
  rest(): void {
    this.suggester?.stop()
    this.suggester = null
    this.text = ''
    this.sheet.close()
    this.show({})
  }

  /** A key that was pressed in the input or here. Escape puts the answers away, arrows go from one to the next. */
  keyed(event: KeyboardEvent): void {
    const rows = [...this.element.children] as HTMLElement[]
    if (this.element.hidden || event.isComposing) return
    const at = rows.indexOf(event.target as HTMLElement)
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (event.key === 'Escape') {
      if (at >= 0) this.wish.focus()
      this.show({})
    } else if (step && at >= 0) rows[(at + step + rows.length) % rows.length]!.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  private begin(): Suggester | null {
    const { client, conversationId } = this.chat
    this.client = client
    this.conversationId = conversationId
    return client && conversationId ? suggestAnswers(client, conversationId, (found) => this.show(found)) : null
  }

  private show(found: SuggestedAnswers): void {
    const { answers = [] } = found
    const had = !this.element.hidden
    this.found = found
    this.element.hidden = !answers.length
    if (!answers.length) return this.element.replaceChildren()
    const told = fill(this.words.answers, { n: answers.length })
    this.element.setAttribute('aria-label', told)
    this.element.replaceChildren(...answers.map((one) => this.row(one)))
    if (!had) this.wish.announce(told)
  }

  private row(answer: SuggestedAnswer): HTMLElement {
    const open = () => this.open(answer)
    return h('button', { type: 'button', onclick: open }, h('span', {}, answer.question), icon('right'))
  }

  private open({ question, answer }: SuggestedAnswer): void {
    const { words, sheet, text, wish } = this
    const said = this.found.human ? `${text}\n${this.found.human}` : text
    const ask = () => {
      sheet.close()
      wish.ask(said)
    }
    const solve = () => {
      sheet.close()
      wish.solved()
    }
    const solved = h('button', { type: 'button', class: 'plain strong', onclick: solve }, words.answered)
    const asks = h('button', { type: 'button', class: 'plain', onclick: ask }, words.askPerson)
    sheet.show(question, '', [
      h('p', { class: 'answer', tabindex: 0 }, answer),
      h('div', { class: 'keys' }, asks, solved),
    ])
    solved.focus({ preventScroll: true })
  }
}
