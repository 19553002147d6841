const HEX = '0123456789abcdef'

/** A UUID of version 7: its beginning is the time, so that keys made later sort later. */
export function uuid7(now: number, random: ArrayLike<number>): string {
  const bytes: number[] = []
  for (let shift = 5; shift >= 0; shift--) bytes.push(Math.floor(now / 2 ** (8 * shift)) % 256)
  for (let i = 0; i < 10; i++) bytes.push((random[i] || 0) & 255)
  bytes[6] = 0x70 | ((bytes[6] || 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] || 0) & 0x3f)
  let text = ''
  bytes.forEach((byte, i) => {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-'
    text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15)
  })
  return text
}

/** Length of a string in UTF-8 bytes, without TextEncoder. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit < 0xdc00) {
      bytes += 4
      i++
    } else bytes += 3
  }
  return bytes
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function fromBase64Url(text: string): string {
  let bits = 0
  let count = 0
  let escaped = ''
  for (let i = 0; i < text.length; i++) {
    const value = BASE64.indexOf(text.charAt(i))
    if (value < 0) return ''
    bits = (bits << 6) | value
    count += 6
    if (count < 8) continue
    count -= 8
    const byte = (bits >> count) & 255
    escaped += '%' + HEX.charAt(byte >> 4) + HEX.charAt(byte & 15)
  }
  return decodeURIComponent(escaped)
}

/** Whom a signed user token is for, or empty if it is no JWT. Only compared, never trusted. */
export function subjectOf(token: string): string {
  const payload = token.split('.')
  if (payload.length !== 3) return ''
  try {
    const claims = JSON.parse(fromBase64Url(payload[1] || '')) as Record<string, unknown>
    return claims['sub'] ? `${String(claims['iss'] || '')} ${String(claims['sub'])}` : ''
  } catch {
    return ''
  }
}
