import type { Message } from '@chaguan/sdk'

/** Mentions in a text that is being written. Pure. */
export interface Mention {
  /** A user id, or `all`. */
  id: string
  name: string
}

export interface Writing {
  text: string
  mentions: readonly Mention[]
}

export const EVERYONE = 'all'
export const MOST_MENTIONS = 50

/** Ends a mention, as in WeChat: a space that nobody types, so that names may hold ordinary ones. */
const END = '\u2005'
const ANY = /@[^@\u2005\n]{1,64}\u2005/g

export function tokenOf(name: string): string {
  return `@${name}${END}`
}

/** Puts a mention where the cursor is, in place of the @ before it, if there is one. */
export function insertMention(writing: Writing, cursor: number, who: Mention): Writing & { cursor: number } {
  const before = writing.text.slice(0, cursor).replace(/@$/, '') + tokenOf(who.name)
  const text = before + writing.text.slice(cursor)
  return { text, mentions: standing(text, [...writing.mentions, who]), cursor: before.length }
}

/** The writing after the text became another. A mention of which something was deleted goes as a whole. */
export function rewrite(writing: Writing, typed: string): Writing & { cursor: number } {
  const { text } = writing
  const start = sharedStart(text, typed)
  const end = text.length - sharedEnd(text, typed, start)
  if (typed.length !== start + text.length - end || end === start)
    return { text: typed, mentions: standing(typed, writing.mentions), cursor: -1 }
  const [from, to] = widened(writing, start, end)
  const left = text.slice(0, from) + text.slice(to)
  // The host places the cursor itself where nothing but its own change happened.
  return { text: left, mentions: standing(left, writing.mentions), cursor: left === typed ? -1 : from }
}

/** Whether the change from one text to the other is an @ that begins a mention; -1, or where the cursor stands. */
export function typedAt(before: string, after: string, cursor: number): number {
  if (after.length !== before.length + 1 || after[cursor - 1] !== '@') return -1
  if (after.slice(0, cursor - 1) + after.slice(cursor) !== before) return -1
  // The @ of a mail address asks for nobody.
  return /[A-Za-z0-9]/.test(after[cursor - 2] ?? '') ? -1 : cursor
}

/** The first message after what was read in which somebody else mentions the reader, or everyone. */
export function firstCall(messages: readonly Message[], readSeq: number, me: string): Message | undefined {
  let found: Message | undefined
  // From the end: what was read may be long.
  for (let i = messages.length - 1; i >= 0; i--) {
    const { seq, mentions = [], sender_id } = messages[i] as Message
    if (seq && seq <= readSeq) break
    if (sender_id !== me && (mentions.indexOf(me) >= 0 || mentions.indexOf(EVERYONE) >= 0)) found = messages[i]
  }
  return found
}

export interface Cut {
  text: string
  /** Empty: plain words. `me`: a mention of the reader. */
  at: '' | 'at' | 'me'
}

/** A sent text cut where mentions stand; `names` are those of who was mentioned, `mine` those that mean the reader. */
export function cutMentions(text: string, names: readonly string[], mine: readonly string[]): Cut[] {
  const known = names.filter(Boolean).map((name) => `@${name}`.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp([ANY.source, ...known.sort((a, b) => b.length - a.length)].join('|'), 'g')
  const cuts: Cut[] = []
  let from = 0
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    if (found.index > from) cuts.push({ text: text.slice(from, found.index), at: '' })
    const said = found[0].replace(END, '')
    cuts.push({ text: said, at: mine.indexOf(said.slice(1)) >= 0 ? 'me' : 'at' })
    from = found.index + said.length
  }
  if (from < text.length) cuts.push({ text: text.slice(from), at: '' })
  return cuts
}

/** The mentions that the text still has, each as often as it is written. */
function standing(text: string, mentions: readonly Mention[]): Mention[] {
  const left = new Map<string, number>()
  const ids = new Set<string>()
  return mentions.filter(({ id, name }) => {
    const token = tokenOf(name)
    const room = left.get(token) ?? text.split(token).length - 1
    left.set(token, room - 1)
    return room > 0 && !ids.has(id) && ids.add(id)
  })
}

function widened({ text, mentions }: Writing, start: number, end: number): [number, number] {
  let [from, to] = [start, end]
  for (const token of mentions.map(({ name }) => tokenOf(name))) {
    for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + token.length)) {
      if (at >= end || at + token.length <= start) continue
      from = Math.min(from, at)
      to = Math.max(to, at + token.length)
    }
  }
  return [from, to]
}

function sharedStart(a: string, b: string): number {
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i += 1
  return i
}

function sharedEnd(a: string, b: string, start: number): number {
  let i = 0
  while (i < Math.min(a.length, b.length) - start && a[a.length - 1 - i] === b[b.length - 1 - i]) i += 1
  return i
}
