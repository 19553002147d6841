/** Emoji to pick, the same as in the mini program. Arrow keys go round, Tab passes by. */
import { EMOJI } from '@chaguan/mini-kit/emoji'
import { h } from './dom'

export interface EmojiWishes {
  /** `byKey`: from the keyboard, which stays here. */
  pick: (emoji: string, byKey: boolean) => void
  close: () => void
}

export class EmojiPanel {
  readonly element: HTMLElement
  private readonly keys: readonly HTMLButtonElement[]

  constructor(label: string, wish: EmojiWishes) {
    this.keys = EMOJI.map((emoji, i) => {
      const onclick = (event: MouseEvent) => wish.pick(emoji, event.detail === 0)
      return h('button', { type: 'button', tabindex: i ? -1 : 0, onclick }, emoji)
    })
    this.element = h('div', { class: 'emoji', role: 'group', 'aria-label': label, hidden: true }, ...this.keys)
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        event.stopPropagation()
        wish.close()
      } else this.walk(event)
    })
  }

  get isOpen(): boolean {
    return !this.element.hidden
  }

  show(on: boolean): void {
    this.element.hidden = !on
  }

  focus(): void {
    this.keys.find(({ tabIndex }) => tabIndex === 0)?.focus({ preventScroll: true })
  }

  private walk(event: KeyboardEvent): void {
    const { keys } = this
    const at = keys.findIndex((key) => key === event.target)
    const top = keys[0]?.offsetTop
    const across = Math.max(1, keys.filter(({ offsetTop }) => offsetTop === top).length)
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: across,
      ArrowUp: -across,
      Home: -at,
      End: keys.length - 1 - at,
    }
    const step = steps[event.key]
    const next = step === undefined ? undefined : keys[at + step]
    if (step === undefined || at < 0) return
    event.preventDefault()
    if (!next) return
    keys.forEach((key) => (key.tabIndex = key === next ? 0 : -1))
    next.focus()
  }
}
