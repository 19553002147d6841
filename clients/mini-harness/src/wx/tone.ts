// A spoken-length tone as WAV, for machines without a microphone.
const RATE = 16_000

export function toneWav(milliseconds: number): Blob {
  const samples = Math.max(1, Math.round((RATE * milliseconds) / 1000))
  const view = new DataView(new ArrayBuffer(44 + samples * 2))
  const text = (offset: number, value: string) =>
    [...value].forEach((char, i) => view.setUint8(offset + i, char.charCodeAt(0)))
  text(0, 'RIFF')
  view.setUint32(4, 36 + samples * 2, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, RATE, true)
  view.setUint32(28, RATE * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, 'data')
  view.setUint32(40, samples * 2, true)
  for (let i = 0; i < samples; i += 1) {
    // Swells like syllables, so that a waveform drawn from it has a shape.
    const swell = 0.15 + 0.35 * Math.abs(Math.sin((i / RATE) * Math.PI * 2.3))
    view.setInt16(44 + i * 2, Math.sin((i / RATE) * 2 * Math.PI * 320) * swell * 32767, true)
  }
  return new Blob([view.buffer], { type: 'audio/wav' })
}
