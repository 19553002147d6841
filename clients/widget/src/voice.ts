/** A voice note: one button, and one note at a time that is heard. */
import { h, icon } from './dom'
import type { Body } from './rows'
import { fill, type Texts } from './texts'

let stopOther: (() => void) | null = null

export function voice(body: Extract<Body, { kind: 'voice' }>, texts: Texts, stale: () => void): HTMLElement {
  const bars = body.bars.map((height) => {
    const bar = h('i')
    bar.style.height = `${height}%`
    return bar
  })
  const button = h('button', { class: 'voice', type: 'button' })
  let audio: HTMLAudioElement | null = null

  const show = (playing: boolean) => {
    const label = fill(playing ? texts.stopVoice : texts.playVoice, { n: body.seconds })
    button.setAttribute('aria-label', label)
    button.replaceChildren(icon(playing ? 'pause' : 'play'), h('span', { class: 'bars' }, ...bars), `${body.seconds}″`)
    if (!playing) bars.forEach((bar) => bar.classList.remove('heard'))
  }
  const stop = () => {
    audio?.pause()
    audio = null
    if (stopOther === stop) stopOther = null
    show(false)
  }
  const fail = () => {
    stop()
    stale()
  }
  const play = () => {
    stopOther?.()
    stopOther = stop
    const playing = (audio = new Audio(body.src))
    playing.addEventListener('ended', stop)
    playing.addEventListener('timeupdate', () => {
      const heard = (playing.currentTime / (playing.duration || body.seconds)) * bars.length
      bars.forEach((bar, i) => bar.classList.toggle('heard', i < heard))
    })
    show(true)
    playing.play().catch(() => audio === playing && fail())
  }
  button.addEventListener('click', () => (audio ? stop() : play()))
  button.toggleAttribute('disabled', !body.src)
  show(false)
  return button
}
