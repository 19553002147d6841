import { player } from './player'

export interface Recording {
  path: string
  duration_ms: number
  size: number
}

export interface RecorderEvents {
  started(): void
  done(recording: Recording): void
  failed(errMsg: string): void
}

/** mp3 is what every phone plays; 16 kHz and one channel are enough for speech and small. */
const OPTIONS: WechatMiniprogram.RecorderManagerStartOption = {
  duration: 60_000,
  sampleRate: 16_000,
  numberOfChannels: 1,
  encodeBitRate: 48_000,
  format: 'mp3',
}

let current: RecorderEvents | null = null
let manager: WechatMiniprogram.RecorderManager | null = null

/** The host's only recorder can't be let go of, so it is wired once and tells whoever started it last. */
function open(): WechatMiniprogram.RecorderManager {
  const made = wx.getRecorderManager()
  made.onStart(() => current?.started())
  made.onStop(({ tempFilePath, duration, fileSize }) => {
    const events = current
    current = null
    events?.done({ path: tempFilePath, duration_ms: Math.round(duration), size: fileSize })
  })
  // A call or an alarm took the microphone: what was said so far is kept.
  made.onInterruptionBegin?.(() => stopRecording())
  made.onError(({ errMsg }) => {
    const events = current
    current = null
    events?.failed(errMsg)
  })
  return made
}

export function startRecording(events: RecorderEvents): void {
  // Or it would record what it plays.
  player.stop()
  manager = manager ?? open()
  current = events
  manager.start(OPTIONS)
}

export function stopRecording(): void {
  if (current) manager?.stop()
}
