/** What was found, cut into what matches and what does not. Pure. */
export interface HitPart {
  id: number
  text: string
  hit: boolean
}

const AROUND = 16
const LONGEST = 90

/** The text near its first match; every word of the query is marked wherever it stands. */
export function excerpt(text: string, query: string): HitPart[] {
  const flat = text.replace(/\s+/g, ' ').trim()
  const words = wordsOf(query)
  if (!words.length) return [{ id: 0, text: flat.slice(0, LONGEST), hit: false }]
  const first = flat.search(patternOf(words))
  const start = first > 2 * AROUND ? first - AROUND : 0
  const shown = (start ? '…' : '') + flat.slice(start, start + LONGEST) + (flat.length > start + LONGEST ? '…' : '')
  return cut(shown, patternOf(words))
}

function cut(text: string, pattern: RegExp): HitPart[] {
  const parts: HitPart[] = []
  const push = (piece: string, hit: boolean) => piece && parts.push({ id: parts.length, text: piece, hit })
  let from = 0
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    push(text.slice(from, found.index), false)
    push(found[0], true)
    from = found.index + found[0].length
  }
  push(text.slice(from), false)
  return parts
}

function wordsOf(query: string): string[] {
  return query.split(/\s+/).filter(Boolean)
}

function patternOf(words: string[]): RegExp {
  const longestFirst = [...words].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi')
}
