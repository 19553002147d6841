/** One voice note plays at a time, wherever it stands. */
import { ref } from 'vue'

export const playing = ref('')
export const position = ref(0)

let audio: HTMLAudioElement | null = null

export function toggle(id: string, url: string, onBroken: () => void): void {
  if (playing.value === id) {
    stop()
    return
  }
  stop()
  const started = new Audio(url)
  audio = started
  playing.value = id
  started.ontimeupdate = () => {
    if (audio === started && started.duration) position.value = started.currentTime / started.duration
  }
  started.onended = stop
  started.onerror = () => {
    if (audio === started) stop()
    onBroken()
  }
  started.play().catch(() => audio === started && stop())
}

export function stop(): void {
  audio?.pause()
  audio = null
  playing.value = ''
  position.value = 0
}
