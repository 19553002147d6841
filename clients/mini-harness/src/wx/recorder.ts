// wx.getRecorderManager: the real microphone where there is one, else a generated tone of the same length.
import { suspended } from '../runtime/app'
import { keepFile } from '../runtime/assets'
import { Emitter } from '../runtime/emitter'
import { config } from '../runtime/settings'
import { deliver } from '../runtime/timers'
import { toneWav } from './tone'

interface StartOptions {
  duration?: number
  format?: string
  frameSize?: number
}

interface StopResult {
  tempFilePath: string
  duration: number
  fileSize: number
}

type State = 'idle' | 'starting' | 'recording' | 'paused'
const LONGEST_MS = 600_000
const FRAME_MS = 200

class RecorderManager {
  private state: State = 'idle'
  private recorder: MediaRecorder | undefined
  private chunks: Blob[] = []
  private startedAt = 0
  private elapsed = 0
  private limit: ReturnType<typeof setTimeout> | undefined
  private frames: ReturnType<typeof setInterval> | undefined
  private readonly started = new Emitter()
  private readonly pausedEvent = new Emitter()
  private readonly resumedEvent = new Emitter()
  private readonly stopped = new Emitter<StopResult>()
  private readonly frame = new Emitter<{ frameBuffer: ArrayBuffer; isLastFrame: boolean }>()
  private readonly failed = new Emitter<{ errMsg: string }>()

  onStart = (listener: () => void) => this.started.on(listener)
  onPause = (listener: () => void) => this.pausedEvent.on(listener)
  onResume = (listener: () => void) => this.resumedEvent.on(listener)
  onStop = (listener: (result: StopResult) => void) => this.stopped.on(listener)
  onFrameRecorded = (listener: Parameters<typeof this.frame.on>[0]) => this.frame.on(listener)
  onError = (listener: (error: { errMsg: string }) => void) => this.failed.on(listener)
  onInterruptionBegin = () => undefined
  onInterruptionEnd = () => undefined

  start = (options: StartOptions = {}): void => {
    if (this.state !== 'idle') return this.fail('operateRecorder:fail:is recording or paused')
    const { duration = 60_000 } = options
    if (duration > LONGEST_MS) return this.fail('operateRecorder:fail:duration exceeds 600000')
    if (!config.recordPermission) return this.fail('operateRecorder:fail auth deny')
    this.state = 'starting'
    void this.begin(duration, options.frameSize !== undefined)
  }

  stop = (): void => {
    if (this.state === 'idle') return this.fail('operateRecorder:fail:recorder not start')
    void this.finish()
  }

  pause = (): void => {
    if (this.state !== 'recording') return
    this.state = 'paused'
    this.elapsed += performance.now() - this.startedAt
    this.recorder?.pause()
    this.pausedEvent.emit()
  }

  resume = (): void => {
    if (this.state !== 'paused') return
    this.state = 'recording'
    this.startedAt = performance.now()
    this.recorder?.resume()
    this.resumedEvent.emit()
  }

  private async begin(duration: number, framed: boolean): Promise<void> {
    this.chunks = []
    this.elapsed = 0
    this.recorder = await openMicrophone(this.chunks)
    // Stopped before the microphone answered.
    if (this.state !== 'starting') return
    this.state = 'recording'
    this.startedAt = performance.now()
    this.recorder?.start()
    this.limit = setTimeout(() => void this.finish(), duration)
    if (framed) this.frames = setInterval(() => this.sendFrame(false), FRAME_MS)
    deliver(() => this.started.emit())
  }

  private sendFrame(isLastFrame: boolean): void {
    void toneWav(FRAME_MS)
      .arrayBuffer()
      .then((frameBuffer) => deliver(() => this.frame.emit({ frameBuffer, isLastFrame })))
  }

  private async finish(): Promise<void> {
    clearTimeout(this.limit)
    clearInterval(this.frames)
    const running = this.state === 'recording' ? performance.now() - this.startedAt : 0
    const duration = Math.round(this.elapsed + running)
    if (this.frames !== undefined) this.sendFrame(true)
    this.frames = undefined
    this.state = 'idle'
    const blob = this.recorder ? await closeMicrophone(this.recorder, this.chunks) : toneWav(duration)
    const tempFilePath = keepFile(blob, blob.type.includes('wav') ? 'wav' : 'webm')
    deliver(() => this.stopped.emit({ tempFilePath, duration, fileSize: blob.size }))
  }

  private fail(errMsg: string): void {
    setTimeout(() => deliver(() => this.failed.emit({ errMsg })))
  }
}

async function openMicrophone(chunks: Blob[]): Promise<MediaRecorder | undefined> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    const recorder = new MediaRecorder(stream)
    recorder.ondataavailable = ({ data }) => void chunks.push(data)
    return recorder
  } catch {
    // No microphone, no permission or no secure origin: the tone stands in.
    return undefined
  }
}

function closeMicrophone(recorder: MediaRecorder, chunks: Blob[]): Promise<Blob> {
  return new Promise((resolve) => {
    recorder.onstop = () => {
      recorder.stream.getTracks().forEach((track) => track.stop())
      resolve(new Blob(chunks, { type: recorder.mimeType }))
    }
    recorder.stop()
  })
}

const manager = new RecorderManager()
suspended.on(() => manager.pause())

export const recorder = { getRecorderManager: () => manager }
