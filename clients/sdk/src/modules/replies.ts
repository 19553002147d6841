import type { Card, Image } from '@chaguan/protocol'
import type { Client } from '../core/client'

/** What agents say often: shared, or one's own. */
export interface CannedReply {
  id: string
  shortcut: string
  title: string
  folder?: string
  tags?: string[]
  /** By language. */
  texts?: Record<string, string>
  contents?: (Card | Image)[]
  /** Empty: every shop's. */
  shop_id?: string
  /** Empty: shared. */
  owner_id?: string
  /** How often and how lately I used it. */
  score?: number
}

const PATH = '/v1/desk/canned-replies'
const VARIABLE = /\{\{\s*([a-z]+\.[a-z]+)\s*\}\}/g

/** Staff: mine and the shared ones. `shopId`: those that serve this shop. */
export async function listReplies(client: Client, shopId = ''): Promise<CannedReply[]> {
  const path = `${PATH}?shop_id=${encodeURIComponent(shopId)}`
  return (await client.http<{ replies: CannedReply[] }>('GET', path)).replies
}

/** What is used often and lately has a larger `score`, and is offered first. */
export async function noteUsed(client: Client, replyId: string): Promise<void> {
  await client.http<null>('POST', `${PATH}/${encodeURIComponent(replyId)}/use`)
}

/** Those that fit what was typed after the `/`, the likeliest first. */
export function findReplies(replies: readonly CannedReply[], query: string, limit = 20): CannedReply[] {
  const word = query.trim().toLowerCase()
  const fits = replies.map((reply) => ({ reply, fit: fitOf(reply, word) })).filter(({ fit }) => fit >= 0)
  const better = (a: CannedReply, b: CannedReply) =>
    (b.score ?? 0) - (a.score ?? 0) || (a.shortcut < b.shortcut ? -1 : 1)
  return fits
    .sort((a, b) => a.fit - b.fit || better(a.reply, b.reply))
    .slice(0, limit)
    .map(({ reply }) => reply)
}

/** 0: its shortcut; 1: something begins so; 2: something contains it; 3: its text does; -1: nothing. */
function fitOf({ shortcut, title, texts = {}, folder = '', tags = [] }: CannedReply, word: string): number {
  if (!word) return 1
  const names = [shortcut, title].map((name) => name.toLowerCase())
  if (names[0] === word) return 0
  const at = Math.min(...names.map((name) => name.indexOf(word)).map((place) => (place < 0 ? Infinity : place)))
  if (at < Infinity) return at === 0 ? 1 : 2
  const said = [...Object.keys(texts).map((key) => texts[key] ?? ''), folder, ...tags]
  return said.some((text) => text.toLowerCase().indexOf(word) >= 0) ? 3 : -1
}

/** The text in the first of these languages that there is, else any. */
export function textFor({ texts = {} }: CannedReply, languages: readonly string[]): string {
  const keys = Object.keys(texts)
  const base = (tag: string) => tag.toLowerCase().split('-')[0]
  for (const wanted of languages) {
    const key = keys.find((one) => one === wanted) ?? keys.find((one) => base(one) === base(wanted))
    if (key) return texts[key] ?? ''
  }
  return texts[keys[0] ?? ''] ?? ''
}

/** `{{customer.name}}` becomes what is known; what is not stays, to be seen. */
export function fillReply(text: string, values: Record<string, string>): string {
  return text.replace(VARIABLE, (whole, name: string) => values[name]?.trim() || whole)
}

/** Names of the variables that nobody has filled in: such a text must not be sent. */
export function unfilledIn(text: string): string[] {
  const names: string[] = []
  text.replace(VARIABLE, (whole, name: string) => {
    if (names.indexOf(name) < 0) names.push(name)
    return whole
  })
  return names
}
