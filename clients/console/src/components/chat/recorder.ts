/** A voice note from the microphone, through MediaRecorder. The server makes it playable everywhere. */

export interface Recording {
  stop(): Promise<File>
  cancel(): void
}

export function canRecord(): boolean {
  return typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia)
}

const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/webm']

export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? ''
  const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {})
  const parts: Blob[] = []
  recorder.ondataavailable = (event) => parts.push(event.data)
  const stopped = new Promise<void>((resolve) => (recorder.onstop = () => resolve()))
  recorder.start(250)

  function release(): void {
    if (recorder.state !== 'inactive') recorder.stop()
    // Else the browser goes on showing that it listens.
    stream.getTracks().forEach((track) => track.stop())
  }

  return {
    async stop() {
      release()
      await stopped
      const type = (recorder.mimeType || 'audio/webm').split(';')[0]!
      return new File(parts, `voice.${type.endsWith('mp4') ? 'm4a' : 'webm'}`, { type })
    },
    cancel: release,
  }
}
