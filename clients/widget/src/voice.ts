/** Voice notes: a button each, and one note at a time that is heard, also while its line is out of the list. */
import type { Body } from './contents'
import { h, icon } from './dom'
import { fill, type Texts } from './texts'

type Note = Extract<Body, { kind: 'voice' }>

class Player {
  private audio: HTMLAudioElement | null = null
  private key = ''
  /** Draws the button of the note that is heard. */
  private draw: (heard: number | null) => void = () => undefined

  /** How much of a note was heard, from 0 to 1; null if it is not playing. A new button of it takes over. */
  watch(key: string, draw: (heard: number | null) => void): void {
    if (key === this.key) this.draw = draw
    draw(key === this.key ? this.heard : null)
  }

  toggle(key: string, src: string, draw: (heard: number | null) => void, failed: () => void): void {
    const stops = key === this.key
    this.stop()
    if (stops) return
    const audio = (this.audio = new Audio(src))
    this.key = key
    this.draw = draw
    const end = () => this.audio === audio && this.stop()
    audio.addEventListener('ended', end)
    audio.addEventListener('timeupdate', () => this.audio === audio && this.draw(this.heard))
    draw(0)
    audio.play().catch(() => {
      // Stopped before it began is no failure.
      if (this.audio !== audio) return
      end()
      failed()
    })
  }

  stop(): void {
    this.audio?.pause()
    this.audio = null
    this.key = ''
    this.draw(null)
    this.draw = () => undefined
  }

  private get heard(): number {
    return this.audio?.duration ? this.audio.currentTime / this.audio.duration : 0
  }
}

export const player = new Player()

export function voice(key: string, note: Note, texts: Texts, stale: () => void): HTMLElement {
  const bars = note.bars.map((height) => {
    const bar = h('i')
    bar.style.height = `${height}%`
    return bar
  })
  const sign = h('span')
  const button = h(
    'button',
    { class: 'voice', type: 'button', disabled: !note.src },
    sign,
    h('span', { class: 'bars' }, ...bars),
    `${note.seconds}″`,
  )
  const draw = (heard: number | null) => {
    const label = heard === null ? texts.playVoice : texts.stopVoice
    button.setAttribute('aria-label', fill(label, { n: note.seconds }))
    sign.replaceChildren(icon(heard === null ? 'play' : 'pause'))
    bars.forEach((bar, i) => bar.classList.toggle('heard', heard !== null && i < heard * bars.length))
  }
  button.addEventListener('click', () => player.toggle(key, note.src, draw, stale))
  player.watch(key, draw)
  return button
}
