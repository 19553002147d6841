/** A UUID of version 7: its beginning is the time, so that keys made later sort later. */
export function uuid7(now: number, random: ArrayLike<number>): string {
  const time = now.toString(16).padStart(12, '0')
  const hex = Array.from(random, (byte) => (256 + byte).toString(16).slice(1)).join('')
  const variant = '89ab'.charAt((random[9] ?? 0) & 3)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(3, 6)}-${hex.slice(6, 18)}`
}

/** Length of a string in UTF-8 bytes, without TextEncoder. A surrogate counts 2, a pair 4. */
export function utf8Length(text: string): number {
  const two = text.match(/[\u0080-\u07ff\ud800-\udfff]/g) || []
  const three = text.match(/[\u0800-\ud7ff\ue000-\uffff]/g) || []
  return text.length + two.length + 2 * three.length
}
