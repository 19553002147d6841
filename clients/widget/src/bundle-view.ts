/** A bundle of messages over the page, whole, and those inside of it: what is opened in it takes its place. */
import type { Merged } from '@chaguan/sdk'
import { bubbleOf, faceOf, type BubbleContext } from './bubble'
import { bundleTitle, inside } from './bundles'
import type { ContentContext } from './contents'
import { h, tool, unseen, type Child } from './dom'
import { pictureName } from './drawn'
import { rowsOfBundle, type Row } from './rows'
import { fill, type Texts } from './texts'
import type { Viewer } from './viewer'
import { player } from './voice'

export interface BundleWishes {
  /** The bundle as the log has it now, with links that work; null if it is gone. */
  read: (seq: number) => Promise<Merged | null>
  context: () => ContentContext & { now: number }
  viewer: Viewer
}

export class BundleView {
  readonly element: HTMLDialogElement
  private readonly title = h('h2', { id: 'chaguan-bundle' })
  private readonly back: HTMLButtonElement
  private readonly body = h('div', { class: 'bundle-body' })
  private readonly drawing: BubbleContext
  private seq = 0
  private whole: Merged | null = null
  /** Which item of the bundle was opened, which of that one, and so on. */
  private path: number[] = []
  private rows: Row[] = []
  private isRefreshed = false

  constructor(
    private readonly texts: Texts,
    bubbles: BubbleContext,
    private readonly wish: BundleWishes,
  ) {
    this.back = tool('left', texts.back, () => this.go(this.path.slice(0, -1)))
    const close = tool('close', texts.close, () => this.element.close())
    const top = h('div', { class: 'bundle-top' }, this.back, this.title, close)
    this.element = h('dialog', { class: 'bundle-view', 'aria-labelledby': this.title.id }, top, this.body)
    this.drawing = {
      ...bubbles,
      enter: (key) => this.go([...this.path, this.rows.findIndex((row) => row.key === key)]),
      view: (key) => this.view(key),
      stale: () => this.refresh(),
    }
    // The page's own shortcuts are not for what is read here.
    this.element.addEventListener('keydown', (event) => event.stopPropagation())
    this.element.addEventListener('close', () => this.leave())
  }

  /** `closed`: takes the focus back. */
  open(seq: number, closed: () => void): void {
    this.seq = seq
    this.isRefreshed = false
    this.element.showModal()
    this.element.addEventListener('close', closed, { once: true })
    void this.load()
  }

  close(): void {
    if (this.element.open) this.element.close()
  }

  private leave(): void {
    this.seq = 0
    this.path = []
    this.rows = []
    this.body.replaceChildren()
    player.stop()
  }

  private async load(): Promise<void> {
    const { seq, texts } = this
    this.say(texts.loading)
    try {
      const whole = await this.wish.read(seq)
      if (seq !== this.seq) return
      this.whole = whole
      if (whole) this.go([])
      else this.say(texts.bundleGone)
    } catch {
      // Whatever it was, the reader can only try again.
      if (seq !== this.seq) return
      const again = h('button', { class: 'plain', type: 'button', onclick: () => void this.load() }, texts.tryAgain)
      this.say(texts.failed, again)
      again.focus()
    }
  }

  /** Links that have expired are asked for once; what can't be shown then stays so. */
  private refresh(): void {
    const { seq } = this
    if (this.isRefreshed) return
    this.isRefreshed = true
    this.wish.read(seq).then(
      (whole) => {
        if (!whole || seq !== this.seq) return
        this.whole = whole
        this.draw()
      },
      // Without a network what is there stays.
      () => undefined,
    )
  }

  private go(path: number[]): void {
    this.path = path
    player.stop()
    this.draw()
    this.body.querySelector('ol')?.focus({ preventScroll: true })
  }

  private draw(): void {
    if (!this.whole) return
    const merged = inside(this.whole, this.path)
    const title = bundleTitle(merged, this.texts)
    this.rows = rowsOfBundle(merged, ['b', this.seq, ...this.path].join('.'), this.wish.context())
    this.head(title)
    const lines = this.rows.map((row) => this.lineOf(row))
    this.body.replaceChildren(h('ol', { tabindex: 0, 'aria-label': title }, ...lines))
  }

  private say(text: string, more?: Child): void {
    this.head(this.texts.bundle)
    this.body.replaceChildren(h('p', { class: 'bundle-note', role: 'status' }, text), ...(more ? [more] : []))
  }

  private head(title: string): void {
    this.title.textContent = title
    this.back.hidden = !this.path.length
  }

  private lineOf(row: Row): HTMLElement {
    const name = h('span', { class: 'name', 'aria-hidden': 'true' }, row.name)
    const speaks = unseen(fill(this.texts.said, { name: row.speaker, text: '' }))
    const top = h('div', { class: 'bundle-who' }, name, speaks, h('time', {}, row.time))
    return h('li', { 'data-key': row.key }, faceOf(row), h('div', { class: 'said' }, top, bubbleOf(row, this.drawing)))
  }

  private view(key: string): void {
    const shown = this.rows.filter(({ body }) => body.kind === 'image')
    const pictures = shown.map(({ body, speaker }) => ({
      src: body.kind === 'image' ? body.full : '',
      alt: pictureName(speaker, this.texts),
      stale: () => this.refresh(),
    }))
    const at = shown.findIndex((row) => row.key === key)
    const back = () => this.body.querySelector<HTMLElement>(`[data-key="${key}"] .picture`)?.focus()
    this.wish.viewer.open(pictures, at, back)
  }
}
