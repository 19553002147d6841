/** One line of the list: who speaks, the bubble, how it fares, what can be done with it. */
import { h, tool, unseen, type Child } from './dom'
import { drawn, type DrawnContext } from './drawn'
import type { Row } from './rows'
import { fill } from './texts'

export interface BubbleContext extends DrawnContext {
  resend: (key: string) => void
  discard: (key: string) => void
  /** Text of an own message that was taken back a moment ago, to be written anew; else empty. */
  takenBack: (key: string) => string
  rewrite: (text: string) => void
  /** Shows the message that is quoted. */
  reach: (seq: number) => void
  /** Shows what can be done with a message. */
  menu: (key: string) => void
}

/** It can have the focus, so that arrow keys lead from one to the next; Tab passes it by. */
export function lineOf(row: Row, context: BubbleContext): HTMLElement {
  const { texts } = context
  const parts: Child[] = [
    row.time && h('p', { class: 'time' }, row.time),
    row.divider && h('p', { class: 'divider' }, h('span', {}, texts.unreadBelow)),
    ...(row.body.kind === 'notice' ? noticeOf(row, row.body.text, context) : [speechOf(row, context)]),
  ]
  const side = row.body.kind === 'notice' ? '' : row.mine ? 'mine' : 'theirs'
  const label = row.speaker ? fill(texts.said, { name: row.speaker, text: row.plain }) : row.plain
  const attributes = { role: 'article', 'aria-label': label, tabindex: -1, 'data-key': row.key }
  return h('div', { class: `row ${side}`, ...attributes }, ...parts)
}

function noticeOf({ key }: Row, text: string, { takenBack, rewrite, texts }: BubbleContext): Child[] {
  const before = takenBack(key)
  const again = before && h('button', { class: 'again', type: 'button', onclick: () => rewrite(before) }, texts.rewrite)
  return [h('p', { class: 'notice' }, text, again)]
}

function speechOf(row: Row, context: BubbleContext): HTMLElement {
  const { texts, menu } = context
  const more = tool('more', texts.more, () => menu(row.key), { class: 'more', tabindex: -1, 'aria-haspopup': 'menu' })
  const said = h(
    'div',
    { class: 'said' },
    !row.mine && row.name && h('span', { class: 'name', 'aria-hidden': 'true' }, row.name),
    row.speaker && unseen(fill(texts.said, { name: row.speaker, text: '' })),
    h('div', { class: 'beside' }, bubbleOf(row, context), more),
    fateOf(row, context),
  )
  return h('div', { class: 'line' }, !row.mine && faceOf(row), said)
}

/** An initial until the picture is there; nothing where the one before is from the same person. */
export function faceOf({ name, avatar }: Pick<Row, 'name' | 'avatar'>): HTMLElement {
  const face = h('span', { class: 'face', 'aria-hidden': 'true' })
  if (!name) return face
  face.textContent = name.charAt(0).toUpperCase()
  face.classList.add('known')
  if (!avatar) return face
  const picture = h('img', { src: avatar, alt: '', onerror: () => picture.remove() })
  face.append(picture)
  return face
}

function fateOf(row: Row, { texts, resend, discard }: BubbleContext): Child {
  if (row.status === 'failed')
    return h(
      'span',
      { class: 'note failed' },
      row.reason ? fill(texts.failedBecause, { reason: row.reason }) : texts.failedNote,
      h('button', { type: 'button', onclick: () => resend(row.key) }, texts.resend),
      h('button', { type: 'button', onclick: () => discard(row.key) }, texts.discard),
    )
  const sending = row.progress > 0 && row.progress < 100 ? `${texts.sending} ${row.progress}%` : texts.sending
  const note = row.status === 'sending' ? sending : row.note
  return note ? h('span', { class: 'note' }, note) : null
}

export function bubbleOf(row: Row, context: BubbleContext): HTMLElement {
  const { body, quote } = row
  const bare = body.kind === 'image' || body.kind === 'video' || body.kind === 'card'
  const onclick = () => quote && context.reach(quote.seq)
  const quoted = quote && h('button', { class: 'quote', type: 'button', onclick }, quote.text)
  return h('div', { class: `bubble ${bare ? 'bare' : ''}` }, quoted, drawn(row, context))
}
