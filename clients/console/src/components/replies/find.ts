/** Which canned replies fit what was typed, the likeliest first. Pure. */
import type { CannedReply } from '@/api/replies'
import { initials } from './pinyin'

/** How well something fits; the smaller the better. Within one kind what is used often and lately comes first. */
const EXACT = 0
const BEGINS = 1
const CONTAINS = 2
const SAYS = 3

export function findReplies(replies: readonly CannedReply[], query: string, limit = 50): CannedReply[] {
  const word = query.trim().toLowerCase()
  return replies
    .map((reply) => ({ reply, fit: word ? fitOf(reply, word) : BEGINS }))
    .filter(({ fit }) => fit !== null)
    .sort((a, b) => a.fit! - b.fit! || (b.reply.score ?? 0) - (a.reply.score ?? 0) || byPlace(a.reply, b.reply))
    .slice(0, limit)
    .map(({ reply }) => reply)
}

function fitOf(reply: CannedReply, word: string): number | null {
  const title = reply.title.toLowerCase()
  if (reply.shortcut === word) return EXACT
  const sounds = initials(title)
  const starts = [reply.shortcut, title, sounds, ...title.split(/[\s·・,，、/]+/)]
  if (starts.some((one) => one.startsWith(word))) return BEGINS
  if ([reply.shortcut, title, sounds].some((one) => one.includes(word))) return CONTAINS
  const said = [...Object.values(reply.texts ?? {}), reply.folder ?? '', ...(reply.tags ?? [])]
  return said.some((one) => one.toLowerCase().includes(word)) ? SAYS : null
}

/** One's own before the shared ones, a shop's before everybody's. */
function byPlace(a: CannedReply, b: CannedReply): number {
  const rank = (one: CannedReply): number => (one.owner_id ? 0 : one.shop_id ? 1 : 2)
  return rank(a) - rank(b) || a.shortcut.localeCompare(b.shortcut)
}

/** The word that is typed after a `/` at the very beginning, or null: there are slashes inside of sentences too. */
export function slashQuery(text: string, caret: number): string | null {
  if (text[0] !== '/' || caret < 1) return null
  const query = text.slice(1, caret)
  return /[\s/]/.test(query) || query.length > 32 || caret < text.length ? null : query
}

/** The text of a reply for a customer's language, else the agent's own, else whatever there is. */
export function textFor(texts: Record<string, string> | undefined, languages: readonly string[]): string {
  const has = Object.keys(texts ?? {})
  for (const wanted of languages.filter(Boolean)) {
    const base = (tag: string): string => tag.toLowerCase().split('-')[0]!
    const found =
      has.find((one) => one.toLowerCase() === wanted.toLowerCase()) ?? has.find((one) => base(one) === base(wanted))
    if (found) return texts![found]!
  }
  return texts?.[has[0] ?? ''] ?? ''
}
