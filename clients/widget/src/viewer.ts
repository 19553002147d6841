/** Pictures one by one over the whole page: arrow keys, Escape, full size. */
import { h, tool } from './dom'
import { fill, type Texts } from './texts'

export interface Picture {
  src: string
  alt: string
  /** What is known of its links does not hold any more. */
  stale: () => void
}

export class Viewer {
  readonly element: HTMLDialogElement
  private readonly frame = h('div', { class: 'frame' })
  private readonly count = h('p', { class: 'count', role: 'status' })
  private readonly before: HTMLButtonElement
  private readonly after: HTMLButtonElement
  private readonly larger: HTMLButtonElement
  private readonly original: HTMLAnchorElement
  private pictures: readonly Picture[] = []
  private at = 0

  constructor(private readonly texts: Texts) {
    this.before = tool('left', texts.pictureBefore, () => this.show(this.at - 1))
    this.after = tool('right', texts.pictureAfter, () => this.show(this.at + 1))
    this.larger = tool('zoom', texts.fullSize, () => this.zoom(), { 'aria-pressed': 'false' })
    this.original = h('a', { class: 'plain', target: '_blank', rel: 'noopener noreferrer' }, texts.original)
    const close = tool('close', texts.close, () => this.element.close())
    const bar = h('div', { class: 'bar' }, this.count, this.original, this.larger, close)
    this.element = h(
      'dialog',
      { class: 'viewer', 'aria-label': texts.pictures },
      bar,
      this.before,
      this.frame,
      this.after,
    )
    this.element.addEventListener('keydown', (event) => this.keyed(event))
    this.element.addEventListener('click', ({ target }) => target === this.frame && this.element.close())
    this.element.addEventListener('close', () => this.frame.replaceChildren())
    // What is behind stays where it is.
    this.element.addEventListener('wheel', (event) => this.isZoomed || event.preventDefault(), { passive: false })
  }

  /** `closed`: takes the focus back. */
  open(pictures: readonly Picture[], at: number, closed: () => void): void {
    this.pictures = pictures
    for (const one of [this.before, this.after, this.count]) one.hidden = pictures.length < 2
    this.element.showModal()
    this.element.addEventListener('close', closed, { once: true })
    this.show(at)
  }

  close(): void {
    if (this.element.open) this.element.close()
  }

  private get isZoomed(): boolean {
    return this.frame.classList.contains('zoomed')
  }

  private show(at: number): void {
    const picture = this.pictures[at]
    if (!picture) return
    this.at = at
    const gone = () => {
      this.frame.replaceChildren(h('p', {}, this.texts.mediaGone))
      picture.stale()
    }
    const image = h('img', { src: picture.src, alt: picture.alt, onerror: gone, onclick: () => this.zoom() })
    this.frame.replaceChildren(image)
    this.zoom(false)
    this.original.href = picture.src
    this.count.textContent = fill(this.texts.pictureOf, { n: at + 1, all: this.pictures.length })
    // They stay in the order of Tab: who pressed one at the end is still on it.
    this.before.setAttribute('aria-disabled', String(at === 0))
    this.after.setAttribute('aria-disabled', String(at === this.pictures.length - 1))
  }

  private zoom(on = !this.isZoomed): void {
    this.frame.classList.toggle('zoomed', on)
    this.larger.setAttribute('aria-pressed', String(on))
  }

  private keyed(event: KeyboardEvent): void {
    // The page's own shortcuts are not for what is seen here.
    event.stopPropagation()
    const last = this.pictures.length - 1
    const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last }[event.key]
    if (to === undefined || this.isZoomed) return
    event.preventDefault()
    this.show(to)
  }
}
