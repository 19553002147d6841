import { record } from '@chaguan/console/recorder'
import { beforeEach, expect, test, vi } from 'vitest'
import { Recording } from '../src/recording'
import { textsOf } from '../src/texts'

vi.mock('@chaguan/console/recorder')

const file = new File(['o'], 'voice.webm')
const take = { stop: vi.fn(async () => file), cancel: vi.fn() }
const wish = { voice: vi.fn(), warn: vi.fn(), ended: vi.fn() }
const made = () => new Recording(textsOf('en'), wish)
const send = (recording: Recording) => recording.element.querySelector<HTMLElement>('.send')!.click()

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  vi.mocked(record).mockResolvedValue(take)
})

test('what is spoken is sent with its length', async () => {
  const recording = made()
  expect(await recording.begin(60_000)).toBe(true)
  await vi.advanceTimersByTimeAsync(3_200)
  expect(recording.element.textContent).toContain('Recording 3 s')
  send(recording)
  await vi.advanceTimersByTimeAsync(0)
  expect(wish.voice).toHaveBeenCalledWith(file, 3_200)
  expect(recording.element.hidden).toBe(true)
})

test('it goes out by itself when it is as long as it may be', async () => {
  const recording = made()
  await recording.begin(5_000)
  await vi.advanceTimersByTimeAsync(5_500)
  expect(wish.voice).toHaveBeenCalledOnce()
})

test('a slip of the finger is not sent', async () => {
  const recording = made()
  await recording.begin(60_000)
  send(recording)
  await vi.advanceTimersByTimeAsync(0)
  expect(wish.voice).not.toHaveBeenCalled()
  expect(wish.warn).toHaveBeenCalledWith('That was too short')
  expect(take.cancel).toHaveBeenCalledOnce()
})

test('nobody listens on after it was let go, not even when the browser’s question is answered later', async () => {
  const recording = made()
  await recording.begin(60_000)
  recording.cancel()
  expect(take.cancel).toHaveBeenCalledTimes(1)
  const begun = recording.begin(60_000)
  recording.cancel()
  expect(await begun).toBe(false)
  expect(take.cancel).toHaveBeenCalledTimes(2)
  expect(recording.element.hidden).toBe(true)
})

test('without a microphone the visitor is told', async () => {
  vi.mocked(record).mockRejectedValueOnce(new Error('NotAllowedError'))
  expect(await made().begin(60_000)).toBe(false)
  expect(wish.warn).toHaveBeenCalledWith('The microphone cannot be used; allow it in the browser')
})
