// @vitest-environment jsdom
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ME } from './messages'
import { heardFrom, host, module, phone, show, use, type Rendered } from './simulate'

const { stored, toasts } = phone()
let shown: Rendered | undefined

afterEach(() => shown?.detach())

const text = () => shown!.dom.textContent ?? ''
const tap = (selector: string, at = 0) => shown!.querySelectorAll(selector)[at]!.dispatchEvent('tap')

describe('holding to talk', () => {
  const manager: Record<string, (event?: object) => void> = {}
  let running: boolean

  /** A recorder that starts and stops when the test says so. */
  beforeAll(() => {
    const on = (name: string) => (listener: (event?: object) => void) => (manager[name] = listener)
    host({
      getRecorderManager: () => ({
        onStart: on('started'),
        onStop: on('stopped'),
        onError: on('failed'),
        onInterruptionBegin: on('interrupted'),
        start: () => (running = true),
        stop: () => (running = false),
      }),
    })
  })

  let media: Record<string, unknown>[]
  const touch = (clientY: number) => ({ touches: [{ clientY }] })

  function holdDown(): void {
    shown = show('input-bar')
    media = heardFrom(shown, 'media')
    shown.instance['holdStart']!(touch(700))
    manager['started']!()
  }
  const stopped = (duration: number) => manager['stopped']!({ tempFilePath: 'voice.mp3', duration, fileSize: 9000 })

  test('sends what was said when the finger is lifted, and shows how long it is meanwhile', async () => {
    vi.useFakeTimers()
    holdDown()
    vi.advanceTimersByTime(3000)
    expect(text()).toContain('0:03')
    expect(text()).toContain('手指上滑，取消发送')
    shown!.instance['holdEnd']!()
    expect(running).toBe(false)
    stopped(3200)
    expect(media).toEqual([{ kind: 'voice', path: 'voice.mp3', duration_ms: 3200, size: 9000 }])
  })

  test('a finger that slides up cancels, and one that comes back does not', () => {
    vi.useFakeTimers()
    holdDown()
    shown!.instance['holdMove']!(touch(620))
    expect(text()).toContain('松开手指，取消发送')
    shown!.instance['holdMove']!(touch(690))
    expect(text()).not.toContain('松开手指，取消发送')
    shown!.instance['holdMove']!(touch(600))
    shown!.instance['holdEnd']!()
    stopped(3000)
    expect(media).toEqual([])
    expect(toasts).toEqual([])
  })

  test('what is too short to be meant is not sent, and said so', () => {
    vi.useFakeTimers()
    holdDown()
    shown!.instance['holdEnd']!()
    stopped(400)
    expect(media).toEqual([])
    expect(toasts).toEqual(['说话时间太短'])
  })

  test('the last ten seconds are counted down, and at sixty the recorder ends it', () => {
    vi.useFakeTimers()
    holdDown()
    vi.advanceTimersByTime(49_000)
    expect(text()).not.toContain('还可以说')
    vi.advanceTimersByTime(4000)
    expect(text()).toContain('还可以说 7 秒')
    stopped(60_000)
    expect(media).toHaveLength(1)
    expect(text()).not.toContain('还可以说')
  })

  test('a call that takes the microphone ends it, and what was said is sent', () => {
    vi.useFakeTimers()
    holdDown()
    vi.advanceTimersByTime(2000)
    manager['interrupted']!()
    expect(running).toBe(false)
    stopped(2000)
    expect(media).toHaveLength(1)
  })

  test('a finger lifted before the recorder began stops it as soon as it has', () => {
    vi.useFakeTimers()
    shown = show('input-bar')
    media = heardFrom(shown, 'media')
    shown.instance['holdStart']!(touch(700))
    shown.instance['holdEnd']!()
    expect(running).toBe(true)
    manager['started']!()
    expect(running).toBe(false)
    stopped(100)
    expect(media).toEqual([])
  })
})

describe('a voice bubble', () => {
  const bars = [20, 80, 40, 60].map((height, id) => ({ id, height }))
  const body = (more: object = {}) => ({
    kind: 'voice',
    src: 'a.mp3',
    seconds: 4,
    hint: '语音，4 秒',
    bars,
    at: Date.now(),
    theirs: true,
    ...more,
  })
  const classes = () => shown!.querySelectorAll('.bar').map((bar) => /played/.test(bar.dom.className))
  let move: (seconds: number) => void
  let fail: () => void

  beforeEach(() => {
    stored.clear()
    module<{ player: { context: null; track: null } }>('player.js').player.context = null
    const context = { currentTime: 0, src: '', play: () => undefined, stop: () => undefined }
    host({
      setInnerAudioOption: () => undefined,
      createInnerAudioContext: () =>
        Object.assign(context, {
          onEnded: () => undefined,
          onError: (listener: () => void) => (fail = listener),
          onTimeUpdate(listener: () => void) {
            move = (seconds) => {
              context.currentTime = seconds
              listener()
            }
          },
        }),
    })
    use({ me: ME })
  })

  test('a dot tells that it was not heard yet, until it plays', async () => {
    shown = show('bubble-voice', { body: body(), rowKey: 'fresh-1' })
    expect(shown.querySelectorAll('.dot')).toHaveLength(1)
    tap('.whole')
    await vi.waitFor(() => expect(shown!.querySelectorAll('.dot')).toHaveLength(0))
    shown.detach()
    shown = show('bubble-voice', { body: body(), rowKey: 'fresh-1' })
    expect(shown.querySelectorAll('.dot')).toHaveLength(0)
  })

  test('my own voice has no dot', () => {
    shown = show('bubble-voice', { body: body({ theirs: false }), rowKey: 'mine', mine: true })
    expect(shown.querySelectorAll('.dot')).toHaveLength(0)
  })

  test('the waveform fills as it plays, bar by bar', async () => {
    shown = show('bubble-voice', { body: body(), rowKey: 'k2' })
    tap('.whole')
    await vi.waitFor(() => expect(shown!.instance.data['playing']).toBe(true))
    const set = vi.spyOn(shown.instance, 'setData')
    for (const seconds of [0.2, 0.4, 0.9, 1.1]) move(seconds)
    await vi.waitFor(() => expect(classes()).toEqual([true, true, false, false]))
    expect(set).toHaveBeenCalledTimes(2)
    tap('.whole')
    await vi.waitFor(() => expect(shown!.instance.data['playing']).toBe(false))
    expect(classes()).toEqual([false, false, false, false])
  })

  test('one whose link has expired says so and asks for a fresh one', async () => {
    shown = show('bubble-voice', { body: body(), rowKey: 'k3' })
    const expired = heardFrom(shown, 'expired')
    tap('.whole')
    await vi.waitFor(() => expect(shown!.instance.data['playing']).toBe(true))
    fail()
    await vi.waitFor(() => expect(expired).toHaveLength(1))
    expect(toasts).toContain('没能播放，请再点一次')
    expect(shown.instance.data['playing']).toBe(false)
  })
})
