/** What a message contains, as elements. */
import type { Card, CardAction } from '@chaguan/sdk'
import type { Body } from './contents'
import { h, icon, unseen, type Child } from './dom'
import { partsOf } from './measures'
import type { Row } from './rows'
import { fill, type Texts } from './texts'
import { voice } from './voice'

export interface DrawnContext {
  texts: Texts
  link: (url: string | undefined) => string
  /** The link of a file has expired, or there is none: ask for fresh ones. */
  stale: (seq: number) => void
  /** Shows the picture of a message alone, and the others from there. */
  view: (key: string) => void
  /** Opens a bundle of messages. */
  enter: (key: string) => void
  /** Tells the page of a card; answers whether the page takes care of it. */
  card: (detail: { card: Card; action: CardAction | null; page: string; url: string }) => boolean
  /** Says one of the answers that a card offers, as the customer. */
  say: (text: string) => void
  /** Whether the page hears of cards, so that a button that leads nowhere else does something. */
  hearsCards: () => boolean
}

const NEW_TAB = { target: '_blank', rel: 'noopener noreferrer' }

export function drawn(row: Row, context: DrawnContext): Child {
  const { body, key, seq } = row
  switch (body.kind) {
    case 'text':
      return textOf(body.text, context.texts)
    case 'image':
      return imageOf(row, body, context)
    case 'voice':
      return voice(key, body, context.texts, () => context.stale(seq))
    case 'video':
      return videoOf(row, body, context)
    case 'file':
      return fileOf(body, context.texts)
    case 'card':
      return cardOf(body.card, context)
    case 'place':
      return h('span', { class: 'place' }, icon('place'), h('b', {}, body.name), h('small', {}, body.address))
    case 'bundle':
      return bundleOf(key, body, context)
    case 'notice':
      return body.text
  }
}

export function pictureName(speaker: string, texts: Texts): string {
  return fill(texts.imageFrom, { name: speaker || texts.someone })
}

function textOf(text: string, texts: Texts): HTMLElement {
  const parts = partsOf(text).map((part) =>
    part.href ? h('a', { href: part.href, ...NEW_TAB }, part.text, unseen(texts.newTab)) : part.text,
  )
  return h('span', { class: 'text' }, ...parts)
}

/** Its place is kept from the beginning; style set through the object model is none that a policy forbids. */
function sized<Element extends HTMLElement>(element: Element, { width, height }: { width: number; height: number }) {
  element.style.width = `${width}px`
  element.style.aspectRatio = `${width} / ${height}`
  return element
}

function imageOf(row: Row, body: Extract<Body, { kind: 'image' }>, context: DrawnContext): HTMLElement {
  const { texts, stale, view } = context
  const frame = sized(h('button', { class: 'picture', type: 'button', onclick: () => view(row.key) }), body)
  if (!body.src) return frame
  const gone = () => {
    frame.replaceChildren(h('span', { class: 'gone' }, texts.mediaGone))
    stale(row.seq)
  }
  frame.append(h('img', { src: body.src, alt: pictureName(row.speaker, texts), onerror: gone }))
  return frame
}

function videoOf(row: Row, body: Extract<Body, { kind: 'video' }>, { texts, stale }: DrawnContext): HTMLElement {
  const { src, poster } = body
  const asked = { controls: true, preload: 'none', playsinline: true, 'aria-label': texts.video }
  const onerror = () => stale(row.seq)
  return sized(h('video', { ...asked, src: src || null, poster: poster || null, onerror }), body)
}

function fileOf({ src, name, size }: Extract<Body, { kind: 'file' }>, texts: Texts): HTMLElement {
  const said = h('span', { class: 'names' }, h('b', {}, name), h('small', {}, size))
  const label = fill(texts.download, { name, size })
  const target = src ? { href: src, download: name, ...NEW_TAB } : {}
  return h('a', { class: 'file', ...target, ...(src && { 'aria-label': label }) }, icon('file'), said)
}

function cardOf(card: Card, context: DrawnContext): HTMLElement {
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

function bundleOf(key: string, body: Extract<Body, { kind: 'bundle' }>, { enter, texts }: DrawnContext): HTMLElement {
  const lines = body.lines.map((line) => h('span', {}, line))
  const count = h('small', {}, fill(texts.bundleCount, { n: body.count }))
  return h(
    'button',
    { class: 'bundle', type: 'button', onclick: () => enter(key) },
    h('b', {}, body.title),
    ...lines,
    count,
  )
}

/** A link for the web, or a page of the mini program, which only the page itself knows how to show. */
function actionOf(card: Card, action: CardAction, { card: tell, hearsCards, say, texts }: DrawnContext): Child {
  const { page = '', label } = action
  if (card.object_type === 'choices') {
    const words = card.lines?.find((line) => line.label === action.id)?.value || label
    return h('button', { class: 'action', type: 'button', onclick: () => say(words) }, label)
  }
  const url = /^https?:\/\//.test(action.url ?? '') ? (action.url ?? '') : ''
  const onclick = (event: Event) => {
    if (tell({ card, action, page, url })) event.preventDefault()
  }
  if (url) return h('a', { class: 'action', href: url, ...NEW_TAB, onclick }, label, unseen(texts.newTab))
  return hearsCards() && h('button', { class: 'action', type: 'button', onclick }, label)
}
