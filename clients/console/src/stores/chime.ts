/** A soft sound made here, two notes like a cup touched twice; no file is loaded. */

let context: AudioContext | null = null

export function chime(): void {
  context ??= new AudioContext()
  // Browsers hold the sound back until the page was touched once; then it is simply silent.
  if (context.state === 'suspended') void context.resume()
  const start = context.currentTime + 0.02
  note(context, 880, start, 0.5)
  note(context, 1318.5, start + 0.14, 0.7)
}

function note(audio: AudioContext, hertz: number, at: number, seconds: number): void {
  const tone = audio.createOscillator()
  const volume = audio.createGain()
  tone.type = 'sine'
  tone.frequency.value = hertz
  volume.gain.setValueAtTime(0.0001, at)
  volume.gain.exponentialRampToValueAtTime(0.08, at + 0.015)
  volume.gain.exponentialRampToValueAtTime(0.0001, at + seconds)
  tone.connect(volume).connect(audio.destination)
  tone.start(at)
  tone.stop(at + seconds)
}
