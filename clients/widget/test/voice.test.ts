import { beforeEach, expect, test, vi } from 'vitest'
import { textsOf } from '../src/texts'
import { player, voice } from '../src/voice'

class Sound extends EventTarget {
  static made: Sound[] = []
  static works = true
  duration = 4
  currentTime = 0
  paused = true
  constructor(readonly src: string) {
    super()
    Sound.made.push(this)
  }
  async play() {
    if (!Sound.works) throw new Error('NotSupportedError')
    this.paused = false
  }
  pause() {
    this.paused = true
  }
  at(seconds: number) {
    this.currentTime = seconds
    this.dispatchEvent(new Event('timeupdate'))
  }
}

const note = { kind: 'voice', src: 'https://im.example/v.mp3', seconds: 4, bars: [20, 40, 60, 80] } as const
const stale = vi.fn()
const button = (key: string) => voice(key, { ...note, bars: [...note.bars] }, textsOf('en'), stale)
const label = (element: HTMLElement) => element.getAttribute('aria-label')
const heard = (element: HTMLElement) => element.querySelectorAll('.heard').length

beforeEach(() => {
  vi.stubGlobal('Audio', Sound)
  Sound.made = []
  Sound.works = true
  stale.mockClear()
  player.stop()
})

test('a voice note is heard and stopped by its button, and shows how far it got', () => {
  const one = button('a')
  expect(label(one)).toBe('Play voice message, 4 seconds')
  one.click()
  const [sound] = Sound.made
  expect(label(one)).toBe('Stop voice message, 4 seconds')
  sound!.at(2)
  expect(heard(one)).toBe(2)
  one.click()
  expect([sound!.paused, label(one), heard(one)]).toEqual([true, 'Play voice message, 4 seconds', 0])
})

test('one note is heard at a time', () => {
  const [one, other] = [button('a'), button('b')]
  one.click()
  other.click()
  expect(Sound.made.map(({ paused }) => paused)).toEqual([true, false])
  expect([label(one), label(other)].map((text) => text!.slice(0, 4))).toEqual(['Play', 'Stop'])
  Sound.made[0]!.dispatchEvent(new Event('ended'))
  expect(label(other)).toContain('Stop')
  Sound.made[1]!.dispatchEvent(new Event('ended'))
  expect(label(other)).toContain('Play')
})

test('a note whose line left the list and came back is still heard, and can be stopped', () => {
  button('a').click()
  const again = button('a')
  expect(label(again)).toContain('Stop')
  Sound.made[0]!.at(3)
  expect(heard(again)).toBe(3)
  again.click()
  expect(Sound.made[0]!.paused).toBe(true)
})

test('a link that has expired is asked for anew; being stopped before it began is no failure', async () => {
  Sound.works = false
  const one = button('a')
  one.click()
  await vi.waitFor(() => expect(stale).toHaveBeenCalledOnce())
  expect(label(one)).toContain('Play')
  one.click()
  one.click()
  await Promise.resolve()
  expect(stale).toHaveBeenCalledOnce()
})
