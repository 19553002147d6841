/** What text, pictures, voice and files measure on the screen. Pure. */

const PICTURE_MOST = 220
const PICTURE_LEAST = 72
const LINK = /https?:\/\/[^\s<>"，。；！？、（）【】《》]+/g

/** A piece of text, and where it leads if it is a link. */
export interface Part {
  text: string
  href: string
}

/** Text cut where links begin and end. Only http and https become links. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const found of text.matchAll(LINK)) {
    const href = found[0].replace(/[.,;:!?)\]']+$/, '')
    if (found.index > at) parts.push({ text: text.slice(at, found.index), href: '' })
    parts.push({ text: href, href })
    at = found.index + href.length
  }
  if (at < text.length) parts.push({ text: text.slice(at), href: '' })
  return parts
}

/** Width and height on screen in px, so that nothing moves when the picture arrives. */
export function pictureSize(width = 0, height = 0): { width: number; height: number } {
  if (width <= 0 || height <= 0) return { width: PICTURE_MOST, height: Math.round(PICTURE_MOST * 0.75) }
  const scale = Math.min(1, PICTURE_MOST / Math.max(width, height))
  const clamp = (value: number) => Math.round(Math.max(PICTURE_LEAST, value * scale))
  return { width: clamp(width), height: clamp(height) }
}

export function sizeText(bytes = 0): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** At most 24 bars of 12 to 100, longer for longer notes. */
export function barsOf(waveform: readonly number[] = [], seconds: number): number[] {
  const count = Math.max(6, Math.min(24, 6 + seconds))
  return Array.from({ length: count }, (_, i) => {
    const peak = waveform[Math.floor((i * waveform.length) / count)] ?? 30 + ((i * 37) % 50)
    return Math.max(12, Math.min(100, peak))
  })
}

/** What a chosen file is sent as; the server looks at the bytes and has the last word. */
export function kindOf(mime: string): 'image' | 'video' | 'file' {
  if (/^image\/(png|jpeg|gif|webp)$/.test(mime)) return 'image'
  return /^video\/(mp4|quicktime|webm)$/.test(mime) ? 'video' : 'file'
}
