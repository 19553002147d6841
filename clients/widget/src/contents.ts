/** From what a message contains to what a bubble draws. Pure: no element is made here. */
import type { Card, Content, Message, User } from '@chaguan/sdk'
import { bundleTitle, senderOf } from './bundles'
import { barsOf, pictureSize, sizeText } from './measures'
import { fill, type Language, type Texts } from './texts'

export type Body =
  | { kind: 'text'; text: string }
  | { kind: 'image'; src: string; full: string; width: number; height: number }
  | { kind: 'voice'; src: string; seconds: number; bars: number[] }
  | { kind: 'video'; src: string; poster: string; width: number; height: number }
  | { kind: 'file'; src: string; name: string; size: string }
  | { kind: 'card'; card: Card }
  | { kind: 'place'; name: string; address: string }
  | { kind: 'bundle'; title: string; lines: string[]; count: number }
  | { kind: 'notice'; text: string }

/** What a bubble draws, and what a quote or a screen reader says of it. */
export interface Shown {
  body: Body
  plain: string
}

export interface ContentContext {
  me: string
  language: Language
  texts: Texts
  link: (url: string | undefined) => string
  userOf: (id: string) => User | undefined
}

/** Of a bundle in its bubble. */
const LINES = 4
const LINE_LENGTH = 60

type Show<Type extends Content['type']> = (content: Extract<Content, { type: Type }>, context: ContentContext) => Shown

const said = (text: string): Shown => ({ body: { kind: 'text', text }, plain: text })
const told = (text: string): Shown => ({ body: { kind: 'notice', text }, plain: text })

const SHOW: { [Type in Content['type']]?: Show<Type> } = {
  text: ({ text }) => said(text),

  image({ url, thumb_url, width, height }, { link, texts }) {
    const full = link(url)
    const src = link(thumb_url) || full
    return { body: { kind: 'image', src, full: full || src, ...pictureSize(width, height) }, plain: texts.image }
  },

  voice({ url, duration_ms = 0, waveform }, { link, texts }) {
    const seconds = Math.max(1, Math.round(duration_ms / 1000))
    return { body: { kind: 'voice', src: link(url), seconds, bars: barsOf(waveform, seconds) }, plain: texts.voice }
  },

  video({ url, thumb_url, width, height }, { link, texts }) {
    const size = pictureSize(width, height)
    return { body: { kind: 'video', src: link(url), poster: link(thumb_url), ...size }, plain: texts.video }
  },

  file({ url, name = '', size }, { link, texts }) {
    const body: Body = { kind: 'file', src: link(url), name: name || texts.file, size: sizeText(size) }
    return { body, plain: `${texts.file} ${name}` }
  },

  card: (card, { texts }) => ({ body: { kind: 'card', card }, plain: `${texts.card} ${card.title}` }),

  location({ name = '', address = '' }, { texts }) {
    return { body: { kind: 'place', name: name || texts.location, address }, plain: `${texts.location} ${name}` }
  },

  merged(merged, context) {
    const { texts } = context
    const title = bundleTitle(merged, texts)
    const lines = merged.items.slice(0, LINES).map((item) => {
      const text = shownContent(item.content, context).plain.replace(/\s+/g, ' ').slice(0, LINE_LENGTH)
      return fill(texts.said, { name: senderOf(merged, item, texts).name, text })
    })
    return { body: { kind: 'bundle', title, lines, count: merged.count }, plain: `${texts.bundleMark} ${title}` }
  },

  system: ({ name, params = {}, fallback = '' }, { texts }) => told(noticeText(name, params, fallback, texts)),
  custom: ({ fallback }) => said(fallback),
  encrypted: (_, { texts }) => said(texts.unsupported),
}

export function shownContent(content: Content, context: ContentContext): Shown {
  // The table has for each type what takes that type.
  const show = SHOW[content.type] as Show<Content['type']> | undefined
  // Newer types of content than this widget knows say themselves what to show.
  return show?.(content, context) ?? said((content as { fallback?: string }).fallback || context.texts.unsupported)
}

function noticeText(name: string, params: Record<string, string>, fallback: string, texts: Texts): string {
  const known: Record<string, string> = {
    case_waiting: texts.caseWaiting,
    case_taken: texts.caseTaken,
    case_resolved: texts.caseResolved,
  }
  return fill(known[name] ?? (fallback || name), params)
}

export function shownOf(message: Message, context: ContentContext): Shown {
  const { texts, me, userOf } = context
  if (message.content) return shownContent(message.content, context)
  const by = message.recalled_by ?? ''
  if (!by) return told(texts.erased)
  return told(by === me ? texts.recalledByMe : fill(texts.recalledBy, { name: userOf(by)?.name || texts.someone }))
}
