const HEX = '0123456789abcdef'
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
