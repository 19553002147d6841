import type { Card, Content, Message } from '@chaguan/sdk'
import { bundleBody } from './bundles'
import { kit } from './kit'
import { cutEmoji } from './emoji'
import { cutMentions, EVERYONE } from './mentions'
import { noticeText } from './notices'
import { buttonsOf } from './offers'
import { findRecalled } from './recalls'
import { everyoneCalled, fill, type Texts } from './texts'
import { lengthText } from './times'

export type Kind =
  'text' | 'image' | 'voice' | 'file' | 'card' | 'video' | 'location' | 'merged' | 'system' | 'recalled' | 'unsupported'

/** What a bubble draws, and nothing else: it crosses to the view with setData. */
export interface Body {
  kind: Kind
  /** What screen readers, the list of conversations and quotes say. */
  plain: string
  [field: string]: unknown
}

export interface Part {
  id: number
  text: string
  link: boolean
  /** The class it is drawn with: that of a mention (`at`, `me` for one of the reader) or of an emoji. */
  look?: string
}

const PICTURE_MOST = 180
const PICTURE_LEAST = 72
const LINK = /https?:\/\/[^\s，。；！？、）》】]+/g

/** Width and height on screen in px, so that nothing moves when the picture arrives. */
export function pictureSize(width = 0, height = 0): { width: number; height: number } {
  if (width <= 0 || height <= 0) return { width: PICTURE_MOST, height: PICTURE_MOST }
  const scale = Math.min(1, PICTURE_MOST / Math.max(width, height))
  const clamp = (value: number) => Math.round(Math.max(PICTURE_LEAST, value * scale))
  return { width: clamp(width), height: clamp(height) }
}

export function sizeText(bytes = 0): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** Text cut where links and drawn emoji begin and end. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (let found = LINK.exec(text); found; found = LINK.exec(text)) {
    parts.push(...wordParts(text.slice(at, found.index)), { id: 0, text: found[0], link: true })
    at = found.index + found[0].length
  }
  return numbered(parts.concat(wordParts(text.slice(at))))
}

function wordParts(text: string): Part[] {
  return cutEmoji(text).map(({ text: said, drawn }) => ({
    id: 0,
    text: said,
    link: false,
    ...(drawn && { look: drawn }),
  }))
}

const numbered = (parts: readonly Part[]): Part[] => parts.map((part, id) => ({ ...part, id }))

/** At most 24 bars of 10 to 100, from up to 64 peaks. */
export function barsOf(waveform: readonly number[] = [], seconds: number): number[] {
  const count = Math.max(6, Math.min(24, 6 + seconds))
  if (!waveform.length) return Array.from({ length: count }, (_, i) => 30 + ((i * 37) % 50))
  return Array.from({ length: count }, (_, i) => {
    const peak = waveform[Math.floor((i * waveform.length) / count)] ?? 0
    return Math.max(12, Math.min(100, peak))
  })
}

function cardBody(card: Card, texts: Texts): Body {
  const { title, picture = '', lines = [], actions = [], page = '', object_type = '', object_id = '', offers } = card
  return {
    kind: 'card',
    plain: `${texts.card} ${title}`,
    title,
    picture: kit.link(picture),
    page,
    type: object_type,
    object: object_id,
    lines: lines.map(({ label = '', value = '' }, id) => ({ id, label, value })),
    actions: actions
      .map((action) => ({
        id: action.id,
        label: action.label,
        page: action.page ?? '',
        url: action.url ?? '',
        intent: '',
      }))
      .concat(buttonsOf(offers)),
  }
}

function systemText(name: string, params: Record<string, string>, fallback: string, texts: Texts): string {
  const known: Record<string, string> = {
    case_waiting: texts.caseWaiting,
    case_taken: texts.caseTaken,
    case_resolved: texts.caseResolved,
  }
  return fill(known[name] ?? (fallback || name), params)
}

export function bodyOfContent(content: Content, texts: Texts): Body {
  switch (content.type) {
    case 'text':
      return { kind: 'text', plain: content.text, parts: partsOf(content.text) }
    case 'image': {
      const url = kit.link(content.url)
      const thumb_url = kit.link(content.thumb_url)
      return {
        kind: 'image',
        plain: texts.image,
        src: thumb_url || url,
        full: url || thumb_url,
        ...pictureSize(content.width, content.height),
      }
    }
    case 'voice': {
      const seconds = Math.max(1, Math.round((content.duration_ms ?? 0) / 1000))
      return {
        kind: 'voice',
        plain: texts.voice,
        src: kit.link(content.url),
        seconds,
        bars: barsOf(content.waveform, seconds).map((height, id) => ({ id, height })),
        hint: fill(texts.playVoice, { n: seconds }),
      }
    }
    case 'file': {
      const { name = '' } = content
      const ending = /\.(\w{1,5})$/.exec(name)?.[1] ?? ''
      return {
        kind: 'file',
        plain: `${texts.file} ${name}`,
        name: name || texts.file,
        size: sizeText(content.size),
        ending: ending.toUpperCase(),
        src: kit.link(content.url),
      }
    }
    case 'video': {
      const length = content.duration_ms ? lengthText(content.duration_ms) : ''
      return {
        kind: 'video',
        plain: texts.video,
        poster: kit.link(content.thumb_url),
        src: kit.link(content.url),
        length,
        ...pictureSize(content.width, content.height),
      }
    }
    case 'location': {
      const { latitude, longitude, name = '', address = '' } = content
      return {
        kind: 'location',
        plain: `${texts.location} ${name}`,
        name: name || texts.location,
        address,
        latitude,
        longitude,
      }
    }
    case 'card':
      return cardBody(content, texts)
    case 'system':
      return { kind: 'system', plain: systemText(content.name, content.params ?? {}, content.fallback ?? '', texts) }
    case 'custom':
      return {
        kind: 'text',
        plain: content.fallback,
        parts: partsOf(content.fallback),
        // For bubbles of the app's own.
        custom: { name: content.name, data: content.data },
      }
    case 'merged':
      return bundleBody(content, texts, bodyOfContent)
    case 'encrypted':
      return { kind: 'unsupported', plain: texts.unsupported, text: texts.unsupportedHint }
    default:
      // Newer types of content than this kit knows say themselves what to show.
      return {
        kind: 'unsupported',
        plain: content.fallback || texts.unsupported,
        text: content.fallback || texts.unsupportedHint,
      }
  }
}

/** What the message knows beyond its content: whom it mentions, whose voice it is and since when. */
function told(body: Body, message: Message, me: string, nameOf: (userId: string) => string): Body {
  const { content, mentions = [], sender_id, created_at } = message
  if (body.kind === 'voice') return { ...body, at: created_at, theirs: sender_id !== me }
  if (content?.type !== 'text' || !mentions.length) return body
  const all = mentions.indexOf(EVERYONE) >= 0 ? everyoneCalled() : []
  const mine = mentions.indexOf(me) >= 0 ? [nameOf(me)] : []
  return { ...body, parts: mentionParts(content.text, [...mentions.map(nameOf), ...all], [...mine, ...all]) }
}

function mentionParts(text: string, names: readonly string[], mine: readonly string[]): Part[] {
  const parts = cutMentions(text, names, mine).map(({ text: said, at }) =>
    at ? [{ id: 0, text: said, link: false, look: at }] : partsOf(said),
  )
  return numbered(parts.reduce((all, some) => all.concat(some), []))
}

/** `nameOf` gives the name of a user, `me` is the reader's own id. */
export function bodyOf(message: Message, me: string, nameOf: (userId: string) => string, texts: Texts): Body {
  const { content } = message
  if (content?.type === 'system') {
    const told = noticeText(content.name, content.params ?? {}, me, nameOf, texts)
    if (told) return { kind: 'system', plain: told }
  }
  if (content) return told(bodyOfContent(content, texts), message, me, nameOf)
  const by = message.recalled_by ?? ''
  if (!by) return { kind: 'recalled', plain: texts.erased }
  const kept = by === me && message.sender_id === me ? findRecalled(message.client_msg_id) : undefined
  return {
    kind: 'recalled',
    ...(kept && { again: texts.reEdit, until: kept.until }),
    plain: by === me ? texts.recalledByMe : fill(texts.recalledBy, { name: nameOf(by) || texts.someone }),
  }
}
