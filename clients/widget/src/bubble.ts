/** One line of the list as elements. */
import type { Card, CardAction } from '@chaguan/sdk'
import { h, icon, type Child } from './dom'
import { partsOf, type Body, type Row } from './rows'
import { fill, type Texts } from './texts'
import { voice } from './voice'

export interface BubbleContext {
  texts: Texts
  link: (url: string | undefined) => string
  resend: (key: string) => void
  discard: (key: string) => void
  /** The link of a file has expired, or there is none: ask for fresh ones. */
  stale: (seq: number) => void
  /** Tells the page of a card; answers whether the page takes care of it. */
  card: (detail: { card: Card; action: CardAction | null; page: string; url: string }) => boolean
  /** Whether the page hears of cards, so that a button that leads nowhere else does something. */
  hearsCards: () => boolean
}

export function lineOf(row: Row, context: BubbleContext): HTMLElement {
  const { texts } = context
  const above = [
    row.time && h('p', { class: 'time' }, row.time),
    row.divider && h('p', { class: 'divider' }, h('span', {}, texts.unreadBelow)),
  ]
  if (row.body.kind === 'notice')
    return h('div', { class: 'row' }, ...above, h('p', { class: 'notice' }, row.body.text))
  const speaker = row.mine ? texts.you : row.name || ''
  const said = h(
    'div',
    { class: 'said' },
    !row.mine && row.name && h('span', { class: 'name', 'aria-hidden': 'true' }, row.name),
    speaker && h('span', { class: 'sr' }, fill(texts.said, { name: speaker, text: '' })),
    bubbleOf(row, context),
    fateOf(row, context),
  )
  const face = !row.mine && faceOf(row)
  return h('div', { class: `row ${row.mine ? 'mine' : 'theirs'}` }, ...above, h('div', { class: 'line' }, face, said))
}

function faceOf(row: Row): HTMLElement {
  const face = h('span', { class: 'face', 'aria-hidden': 'true' })
  if (!row.name) return face
  face.textContent = row.name.charAt(0).toUpperCase()
  face.classList.add('known')
  if (!row.avatar) return face
  const picture = h('img', { src: row.avatar, alt: '', onerror: () => picture.remove() })
  face.append(picture)
  return face
}

function fateOf(row: Row, { texts, resend, discard }: BubbleContext): Child {
  if (row.status === 'failed')
    return h(
      'span',
      { class: 'note failed' },
      texts.failedNote,
      h('button', { type: 'button', onclick: () => resend(row.key) }, texts.resend),
      h('button', { type: 'button', onclick: () => discard(row.key) }, texts.discard),
    )
  const sending = row.progress > 0 && row.progress < 100 ? `${texts.sending} ${row.progress}%` : texts.sending
  const note = row.status === 'sending' ? sending : row.note
  return note ? h('span', { class: 'note' }, note) : null
}

function bubbleOf(row: Row, context: BubbleContext): HTMLElement {
  const { body } = row
  const bare = body.kind === 'image' || body.kind === 'video' || body.kind === 'card'
  const quote = row.quote && h('span', { class: 'quote' }, row.quote)
  return h('div', { class: `bubble ${bare ? 'bare' : ''}` }, quote, drawn(row, body, context))
}

function drawn(row: Row, body: Body, context: BubbleContext): Child {
  switch (body.kind) {
    case 'text':
      return textOf(body.text, context.texts)
    case 'image':
      return imageOf(row, body, context)
    case 'voice':
      return voice(body, context.texts, () => context.stale(row.seq))
    case 'video':
      return videoOf(row, body, context)
    case 'file':
      return fileOf(body, context.texts)
    case 'card':
      return cardOf(body.card, context)
    case 'place':
      return h('span', { class: 'place' }, icon('place'), h('b', {}, body.name), h('small', {}, body.address))
    case 'notice':
      return body.text
  }
}

function textOf(text: string, texts: Texts): HTMLElement {
  const parts = partsOf(text).map((part) =>
    part.href
      ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer' }, part.text, hidden(texts.newTab))
      : part.text,
  )
  return h('span', { class: 'text' }, ...parts)
}

const hidden = (text: string) => h('span', { class: 'sr' }, text)

/** Its place is kept from the beginning; style set through the object model is none that a policy forbids. */
function sized<Element extends HTMLElement>(element: Element, { width, height }: { width: number; height: number }) {
  element.style.width = `${width}px`
  element.style.aspectRatio = `${width} / ${height}`
  return element
}

function imageOf(row: Row, body: Extract<Body, { kind: 'image' }>, { texts, stale }: BubbleContext): HTMLElement {
  const alt = fill(texts.imageFrom, { name: row.mine ? texts.you : row.name || texts.someone })
  const frame = sized(h('a', { class: 'picture' }), body)
  if (body.full) for (const [name, value] of NEW_TAB(body.full)) frame.setAttribute(name, value)
  if (!body.src) return frame
  const gone = () => {
    picture.remove()
    frame.append(h('span', { class: 'gone' }, texts.mediaGone))
    stale(row.seq)
  }
  const picture = h('img', { src: body.src, alt, onerror: gone })
  frame.append(picture, hidden(texts.newTab))
  return frame
}

const NEW_TAB = (href: string) =>
  [
    ['href', href],
    ['target', '_blank'],
    ['rel', 'noopener noreferrer'],
  ] as const

function videoOf(row: Row, body: Extract<Body, { kind: 'video' }>, { texts, stale }: BubbleContext): HTMLElement {
  const { src, poster } = body
  const asked = { controls: true, preload: 'none', playsinline: true, 'aria-label': texts.video }
  const onerror = () => stale(row.seq)
  return sized(h('video', { ...asked, src: src || null, poster: poster || null, onerror }), body)
}

function fileOf({ src, name, size }: Extract<Body, { kind: 'file' }>, texts: Texts): HTMLElement {
  const said = h('span', { class: 'names' }, h('b', {}, name), h('small', {}, size))
  const label = fill(texts.download, { name, size })
  const target = src ? { href: src, download: name, target: '_blank', rel: 'noopener noreferrer' } : {}
  return h('a', { class: 'file', ...target, ...(src && { 'aria-label': label }) }, icon('file'), said)
}

function cardOf(card: Card, context: BubbleContext): HTMLElement {
  const picture = context.link(card.picture)
  const lines = (card.lines ?? []).map(({ label = '', value = '' }) => {
    return h('p', {}, label && h('span', {}, `${label} `), value)
  })
  const image = picture && h('img', { src: picture, alt: '', onerror: () => image && image.remove() })
  return h(
    'div',
    { class: 'card' },
    h('div', { class: 'about' }, image, h('div', {}, h('b', {}, card.title), ...lines)),
    ...(card.actions ?? []).map((action) => actionOf(card, action, context)),
  )
}

/** A link for the web, or a page of the mini program, which only the page itself knows how to show. */
function actionOf(card: Card, action: CardAction, { card: tell, hearsCards, texts }: BubbleContext): Child {
  const { page = '', label } = action
  const url = /^https?:\/\//.test(action.url ?? '') ? (action.url ?? '') : ''
  const onclick = (event: Event) => {
    if (tell({ card, action, page, url })) event.preventDefault()
  }
  if (url)
    return h(
      'a',
      { class: 'action', href: url, target: '_blank', rel: 'noopener noreferrer', onclick },
      label,
      hidden(texts.newTab),
    )
  return hearsCards() && h('button', { class: 'action', type: 'button', onclick }, label)
}
