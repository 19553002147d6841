/** From messages to what stands in the list. Pure: no element is made here. */
import type { Card, Content, Message, User } from '@chaguan/sdk'
import { fill, type Language, type Texts } from './texts'

const SEPARATE_AFTER_MS = 5 * 60_000
const PICTURE_MOST = 220
const PICTURE_LEAST = 72
const DAY_MS = 86_400_000
const LINK = /https?:\/\/[^\s<>"，。；！？、（）【】《》]+/g

export type Body =
  | { kind: 'text'; text: string }
  | { kind: 'image'; src: string; full: string; width: number; height: number }
  | { kind: 'voice'; src: string; seconds: number; bars: number[] }
  | { kind: 'video'; src: string; poster: string; width: number; height: number }
  | { kind: 'file'; src: string; name: string; size: string }
  | { kind: 'card'; card: Card }
  | { kind: 'place'; name: string; address: string }
  | { kind: 'notice'; text: string }

/** A line of the list; two that are equal in JSON look the same. */
export interface Row {
  key: string
  seq: number
  mine: boolean
  /** Shown above the bubble, empty where the one before is from the same person. */
  name: string
  avatar: string
  time: string
  divider: boolean
  status: Message['status']
  note: string
  progress: number
  quote: string
  body: Body
  /** What a quote or a screen reader says of it. */
  plain: string
}

export interface RowContext {
  me: string
  now: number
  language: Language
  texts: Texts
  /** Key of the first message that was unread when the panel was opened, or empty. */
  firstUnread: string
  /** Up to which seq the other side has read. */
  peerRead: number
  link: (url: string | undefined) => string
  userOf: (id: string) => User | undefined
}

/** A piece of text, and where it leads if it is a link. */
export interface Part {
  text: string
  href: string
}

/** Text cut where links begin and end. Only http and https become links. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const found of text.matchAll(LINK)) {
    const href = found[0].replace(/[.,;:!?)\]']+$/, '')
    if (found.index > at) parts.push({ text: text.slice(at, found.index), href: '' })
    parts.push({ text: href, href })
    at = found.index + href.length
  }
  if (at < text.length) parts.push({ text: text.slice(at), href: '' })
  return parts
}

/** Width and height on screen in px, so that nothing moves when the picture arrives. */
export function pictureSize(width = 0, height = 0): { width: number; height: number } {
  if (width <= 0 || height <= 0) return { width: PICTURE_MOST, height: Math.round(PICTURE_MOST * 0.75) }
  const scale = Math.min(1, PICTURE_MOST / Math.max(width, height))
  const clamp = (value: number) => Math.round(Math.max(PICTURE_LEAST, value * scale))
  return { width: clamp(width), height: clamp(height) }
}

export function sizeText(bytes = 0): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** At most 24 bars of 12 to 100, longer for longer notes. */
export function barsOf(waveform: readonly number[] = [], seconds: number): number[] {
  const count = Math.max(6, Math.min(24, 6 + seconds))
  return Array.from({ length: count }, (_, i) => {
    const peak = waveform[Math.floor((i * waveform.length) / count)] ?? 30 + ((i * 37) % 50)
    return Math.max(12, Math.min(100, peak))
  })
}

const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()

/** `14:05`, `昨天 14:05`, `星期三 14:05`, `3月5日 14:05`: days by the calendar, words as the language has them. */
export function momentText(at_ms: number, now_ms: number, language: Language): string {
  const at = new Date(at_ms)
  const now = new Date(now_ms)
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  const days = Math.round((midnight(now) - midnight(at)) / DAY_MS)
  if (days <= 0) return clock
  if (days === 1) {
    const day = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-1, 'day')
    return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${clock}`
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  const form: Intl.DateTimeFormatOptions = days < 7 ? { weekday: 'long' } : { year, month: 'short', day: 'numeric' }
  return `${new Intl.DateTimeFormat(language, form).format(at)} ${clock}`
}

function bodyOfContent(content: Content, { texts, link }: RowContext): { body: Body; plain: string } {
  switch (content.type) {
    case 'text':
      return { body: { kind: 'text', text: content.text }, plain: content.text }
    case 'image': {
      const full = link(content.url)
      const src = link(content.thumb_url) || full
      const size = pictureSize(content.width, content.height)
      return { body: { kind: 'image', src, full: full || src, ...size }, plain: texts.image }
    }
    case 'voice': {
      const seconds = Math.max(1, Math.round((content.duration_ms ?? 0) / 1000))
      const bars = barsOf(content.waveform, seconds)
      return { body: { kind: 'voice', src: link(content.url), seconds, bars }, plain: texts.voice }
    }
    case 'video': {
      const size = pictureSize(content.width, content.height)
      const poster = link(content.thumb_url)
      return { body: { kind: 'video', src: link(content.url), poster, ...size }, plain: texts.video }
    }
    case 'file': {
      const name = content.name || texts.file
      const body: Body = { kind: 'file', src: link(content.url), name, size: sizeText(content.size) }
      return { body, plain: `${texts.file} ${content.name ?? ''}` }
    }
    case 'card':
      return { body: { kind: 'card', card: content }, plain: `${texts.card} ${content.title}` }
    case 'location': {
      const { name = '', address = '' } = content
      return { body: { kind: 'place', name: name || texts.location, address }, plain: `${texts.location} ${name}` }
    }
    case 'system': {
      const text = noticeText(content.name, content.params ?? {}, content.fallback ?? '', texts)
      return { body: { kind: 'notice', text }, plain: text }
    }
    case 'custom':
      return { body: { kind: 'text', text: content.fallback }, plain: content.fallback }
    case 'encrypted':
      return { body: { kind: 'text', text: texts.unsupported }, plain: texts.unsupported }
    default: {
      // Newer types of content than this widget knows say themselves what to show.
      const text = content.fallback || texts.unsupported
      return { body: { kind: 'text', text }, plain: text }
    }
  }
}

function noticeText(name: string, params: Record<string, string>, fallback: string, texts: Texts): string {
  const known: Record<string, string> = {
    case_waiting: texts.caseWaiting,
    case_taken: texts.caseTaken,
    case_resolved: texts.caseResolved,
  }
  return fill(known[name] ?? (fallback || name), params)
}

export function bodyOf(message: Message, context: RowContext): { body: Body; plain: string } {
  if (message.content) return bodyOfContent(message.content, context)
  const { texts, me, userOf } = context
  const by = message.recalled_by ?? ''
  const name = userOf(by)?.name || texts.someone
  const text = !by ? texts.erased : by === me ? texts.recalledByMe : fill(texts.recalledBy, { name })
  return { body: { kind: 'notice', text }, plain: text }
}

function quoteOf(message: Message, all: readonly Message[], context: RowContext): string {
  const { quote } = message
  if (!quote) return ''
  const target = all.find(({ seq }) => seq === quote.seq)
  const sender = target?.sender_id ?? quote.sender_id ?? ''
  const name = sender === context.me ? context.texts.you : context.userOf(sender)?.name || context.texts.someone
  return fill(context.texts.said, { name, text: target ? bodyOf(target, context).plain : '…' })
}

/** The last own message that arrived carries how far it got. */
function markedKey(messages: readonly Message[], me: string): string {
  const own = messages.filter(({ sender_id, status, content }) => sender_id === me && status === 'sent' && content)
  return own[own.length - 1]?.client_msg_id ?? ''
}

export function rowsOf(messages: readonly Message[], context: RowContext): Row[] {
  const { me, texts, now, language } = context
  const marked = markedKey(messages, me)
  return messages.map((message, i) => {
    const before = messages[i - 1]
    const { body, plain } = bodyOf(message, context)
    const mine = message.sender_id === me
    const user = context.userOf(message.sender_id)
    const separate = !before || message.created_at - before.created_at > SEPARATE_AFTER_MS
    const talked = !!before?.content && before.content.type !== 'system'
    const follows = !separate && talked && before.sender_id === message.sender_id
    const fate = context.peerRead >= message.seq ? texts.read : texts.delivered
    return {
      key: message.client_msg_id,
      seq: message.seq,
      mine,
      name: mine || follows || body.kind === 'notice' ? '' : (user?.name ?? ''),
      avatar: follows ? '' : context.link(user?.avatar),
      time: separate ? momentText(message.created_at || now, now, language) : '',
      divider: message.client_msg_id === context.firstUnread,
      status: message.status,
      note: message.client_msg_id === marked ? fate : message.edited_at ? texts.edited : '',
      progress: message.status === 'sending' ? Math.round(message.progress * 100) : 0,
      quote: quoteOf(message, messages, context),
      body,
      plain,
    }
  })
}

/** The first message of others above what was read. */
export function firstUnread(messages: readonly Message[], readSeq: number, me: string): string {
  const found = messages.find(({ seq, sender_id, content }) => {
    return seq > readSeq && sender_id !== me && content?.type !== 'system'
  })
  return found?.client_msg_id ?? ''
}

/** What a chosen file is sent as; the server looks at the bytes and has the last word. */
export function kindOf(mime: string): 'image' | 'video' | 'file' {
  if (/^image\/(png|jpeg|gif|webp)$/.test(mime)) return 'image'
  return mime === 'video/mp4' ? 'video' : 'file'
}
