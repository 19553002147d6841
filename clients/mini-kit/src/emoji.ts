import { DRAWN } from './drawn'

/** Chosen for shops and everyday talk; the kit brings its own pictures of them, so that they look alike on every phone. */
export const EMOJI: readonly string[] = DRAWN.split(' ')

// What follows may make another emoji of it (the colour of a hand, a family), which the kit has no picture of.
const KNOWN = new RegExp(
  `(\\u200d?)(${EMOJI.map((emoji) => emoji.replace('\ufe0f', '')).join('|')})(\\ufe0f?)(?![\\u{1f3fb}-\\u{1f3ff}\\u200d\\ufe0e\\ufe0f\\u20e3])`,
  'gu',
)

/** The classes that draw an emoji, or '' where it is left to the phone. */
export function drawnClass(emoji: string): string {
  KNOWN.lastIndex = 0
  const found = KNOWN.exec(emoji)
  return found?.[0] === emoji && !found[1] ? classOf(emoji) : ''
}

const classOf = (emoji: string) => `cg-e cg-e-${(emoji.codePointAt(0) ?? 0).toString(16)}`

/** What stands after so many pieces of a message is left to the phone: each of them crosses to the view. */
const MOST_PIECES = 200

export interface Piece {
  text: string
  /** Empty for words. */
  drawn: string
}

/** A text cut where emoji stand that the kit draws. Pure. */
export function cutEmoji(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  KNOWN.lastIndex = 0
  for (let found = KNOWN.exec(text); found && pieces.length < MOST_PIECES; found = KNOWN.exec(text)) {
    if (found[1]) continue
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), drawn: '' })
    pieces.push({ text: found[0], drawn: classOf(found[0]) })
    from = found.index + found[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), drawn: '' })
  return pieces
}
