/** Plain text cut into text, links, mentions of me, and search hits. Pure; nothing is ever turned into HTML. */

export interface Piece {
  text: string
  href?: string
  mark?: boolean
}

// Chinese punctuation ends a link as a space does; a closing mark at the end belongs to the sentence.
const LINK = /\bhttps?:\/\/[^\s<>"'，。；：！？、（）《》「」【】]+/gi
const TRAILING = /[.,;:!?)\]}]+$/

export function linkPieces(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(LINK)) {
    const href = match[0].replace(TRAILING, '')
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) })
    pieces.push({ text: href, href })
    from = match.index + href.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from) })
  return pieces
}

/** The words of a query marked in a text, case ignored. */
export function markPieces(text: string, query: string): Piece[] {
  const words = query.trim().split(/\s+/).filter(Boolean).map(escapePattern)
  if (words.length === 0) return [{ text }]
  const pattern = new RegExp(`(${words.sort((a, b) => b.length - a.length).join('|')})`, 'gi')
  return text
    .split(pattern)
    .filter((part) => part !== '')
    .map((part) => ({ text: part, ...(new RegExp(`^(?:${pattern.source})$`, 'i').test(part) ? { mark: true } : {}) }))
}

function escapePattern(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** The part of a long text around the first hit, so that a hit is seen in one line. */
export function around(text: string, query: string, length: number): string {
  const flat = text.replace(/\s+/g, ' ')
  const word = query.trim().split(/\s+/)[0] ?? ''
  const at = word ? flat.toLowerCase().indexOf(word.toLowerCase()) : -1
  if (at < length / 2) return flat.slice(0, length * 2)
  return `…${flat.slice(at - Math.floor(length / 3))}`
}
