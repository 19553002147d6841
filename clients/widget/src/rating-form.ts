/** Stars, what was good or bad, a few words: a sheet over the messages. Knows nothing of the client. */
import { serviceTexts } from '@chaguan/mini-kit/service-texts'
import { chipsOf } from '@chaguan/mini-kit/standing'
import { fill, type Language } from '@chaguan/mini-kit/texts'
import type { Rating, Service } from '@chaguan/sdk'
import type { Said } from '@chaguan/sdk/service'
import { h, icon } from './dom'
import { Sheet } from './sheet'

export interface RatingWishes {
  /** Null: kept until there is a connection. */
  rate: (said: Said) => Promise<Rating | null>
  reopen: () => void
  closed: () => void
}

export class RatingForm {
  readonly sheet: Sheet
  private readonly words
  private readonly chips = h('div', { class: 'chips', role: 'group' })
  private readonly meaning = h('p', { class: 'meaning', 'aria-hidden': 'true' })
  private readonly problem = h('p', { class: 'problem', role: 'alert' })
  private readonly text: HTMLTextAreaElement
  private service: Service | null = null
  private stars = 0
  private tapped: string[] = []
  private busy = false

  constructor(
    private readonly language: Language,
    private readonly wish: RatingWishes,
  ) {
    this.words = serviceTexts(language)
    const { words } = this
    this.sheet = new Sheet('rating', words.close, () => wish.closed())
    this.text = h('textarea', { maxlength: 500, rows: 2, placeholder: words.textHint, 'aria-label': words.textHint })
    this.chips.setAttribute('aria-label', words.why)
  }

  /** With what was said already, if anything was. */
  open(service: Service | null, said: Said | null): void {
    this.service = service
    this.stars = said?.stars ?? 0
    this.tapped = said?.reasons ?? []
    this.text.value = said?.text ?? ''
    this.ask()
  }

  private ask(): void {
    const { words, service } = this
    const name = service?.agent?.name
    this.problem.textContent = ''
    const again = h('button', { type: 'button', class: 'plain', onclick: () => this.wish.reopen() }, words.notSolved)
    const send = h(
      'button',
      { type: 'button', class: 'plain strong', onclick: () => void this.send() },
      words.sendRating,
    )
    const keys = h('div', { class: 'keys' }, service?.can_reopen ? again : null, send)
    this.sheet.show(words.rateTitle, name ? fill(words.rateAbout, { name }) : '', [
      this.starred(),
      this.meaning,
      this.chips,
      this.text,
      this.problem,
      keys,
    ])
    this.show()
    this.focusIn()
  }

  /** Radios of the browser's own: arrow keys, names and the group come with them. */
  private starred(): HTMLElement {
    const { words } = this
    const row = words.starNames.split(',').map((name, i) => {
      const label = fill(words.starOf, { n: i + 1, name })
      const radio = h('input', { type: 'radio', name: 'stars', value: i + 1, 'aria-label': label })
      radio.checked = this.stars === i + 1
      radio.addEventListener('change', () => {
        this.stars = i + 1
        this.show()
      })
      return h('label', { class: 'star', title: name }, radio, icon('star'))
    })
    return h('fieldset', { class: 'stars' }, h('legend', { class: 'sr' }, words.stars), ...row)
  }

  /** What follows from the stars and from what is tapped. */
  private show(): void {
    const { stars, tapped, language, sheet } = this
    sheet.element.querySelectorAll('.star').forEach((star, i) => star.classList.toggle('on', i < stars))
    this.meaning.textContent = this.words.starNames.split(',')[stars - 1] ?? ''
    const chips = chipsOf(this.service?.invitation, stars, tapped, language)
    this.chips.replaceChildren(
      ...chips.map(({ id, text, on }) => {
        const chip = h('button', { type: 'button', class: 'chip', 'aria-pressed': String(on) }, text)
        chip.addEventListener('click', () => {
          const isOn = this.tapped.includes(id)
          this.tapped = isOn ? this.tapped.filter((other) => other !== id) : [...this.tapped, id]
          chip.setAttribute('aria-pressed', String(!isOn))
        })
        return chip
      }),
    )
  }

  private async send(): Promise<void> {
    const { words, stars, language, busy } = this
    if (busy) return
    if (!stars) return this.focusIn()
    this.busy = true
    const offered = chipsOf(this.service?.invitation, stars, this.tapped, language)
    const reasons = offered.filter(({ on }) => on).map(({ id }) => id)
    try {
      this.thank(!(await this.wish.rate({ stars, reasons, text: this.text.value.trim() })))
    } catch (error) {
      const isLate = error instanceof Error && 'code' in error && error.code === 'conflict'
      this.problem.textContent = isLate ? words.rateLate : words.rateRefused
    }
    this.busy = false
  }

  private thank(kept: boolean): void {
    const { words, stars, sheet } = this
    if (!sheet.isOpen) return
    const row = [1, 2, 3, 4, 5].map((n) => h('span', { class: n <= stars ? 'star on' : 'star' }, icon('star')))
    const name = words.starNames.split(',')[stars - 1] ?? ''
    sheet.show(kept ? words.keptTitle : words.sentTitle, kept ? words.keptAbout : '', [
      h('div', { class: 'stars', 'aria-hidden': 'true' }, ...row),
      h('p', { class: 'meaning', role: 'status' }, fill(words.starOf, { n: stars, name })),
      h(
        'div',
        { class: 'keys' },
        h('button', { type: 'button', class: 'plain', onclick: () => this.ask() }, words.changeRating),
        h('button', { type: 'button', class: 'plain strong', onclick: () => sheet.close() }, words.close),
      ),
    ])
    sheet.element.focus({ preventScroll: true })
  }

  private focusIn(): void {
    const radios = [...this.sheet.element.querySelectorAll<HTMLElement>('input')]
    ;(radios[Math.max(0, this.stars - 1)] ?? this.sheet.element).focus({ preventScroll: true })
  }
}
