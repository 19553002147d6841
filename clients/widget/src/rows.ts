/** From messages to the lines of the list. Pure: no element is made here. */
import type { Merged, Message } from '@chaguan/sdk'
import { errorText } from '@chaguan/sdk/texts'
import { senderOf } from './bundles'
import { shownContent, shownOf, type Body, type ContentContext } from './contents'
import { momentText } from './moments'
import type { Range } from './span'
import { fill } from './texts'

const SEPARATE_AFTER_MS = 5 * 60_000

/** A line of the list; two that are equal in JSON look the same. */
export interface Row {
  key: string
  seq: number
  mine: boolean
  /** Who says it; empty for notices. */
  speaker: string
  /** Shown above the bubble, empty where the one before is from the same person. */
  name: string
  avatar: string
  time: string
  divider: boolean
  status: Message['status']
  /** Why it was not sent, in words, if it was refused. */
  reason: string
  note: string
  progress: number
  quote: { seq: number; text: string } | null
  body: Body
  /** What a quote or a screen reader says of it. */
  plain: string
}

export interface RowContext extends ContentContext {
  now: number
  /** Key of the first message that was unread when the panel was opened, or empty. */
  firstUnread: string
  /** Up to which seq the other side has read. */
  peerRead: number
}

function quoteOf({ quote }: Message, all: readonly Message[], context: RowContext): Row['quote'] {
  if (!quote) return null
  const { texts, me, userOf } = context
  const target = all.find(({ seq }) => seq === quote.seq)
  const sender = target?.sender_id ?? quote.sender_id ?? ''
  const name = sender === me ? texts.you : userOf(sender)?.name || texts.someone
  return { seq: quote.seq, text: fill(texts.said, { name, text: target ? shownOf(target, context).plain : '…' }) }
}

/** The last own message that arrived carries how far it got. */
function markedKey(messages: readonly Message[], me: string): string {
  for (let i = messages.length - 1; i >= 0; i--) {
    const { sender_id, status, content, client_msg_id } = messages[i]!
    if (sender_id === me && status === 'sent' && content) return client_msg_id
  }
  return ''
}

function separates(message: Message, before: Message | undefined): boolean {
  return !before || message.created_at - before.created_at > SEPARATE_AFTER_MS
}

/** Whether the same person goes on speaking. */
function follows(message: Message, before: Message | undefined): boolean {
  if (!before?.content || before.content.type === 'system') return false
  return before.sender_id === message.sender_id && !separates(message, before)
}

function rowOf(message: Message, before: Message | undefined, all: readonly Message[], context: RowContext): Row {
  const { me, now, language, texts, userOf } = context
  const { client_msg_id: key, seq, sender_id, status, error } = message
  const { body, plain } = shownOf(message, context)
  const mine = sender_id === me
  const user = userOf(sender_id)
  const goesOn = follows(message, before)
  const speaker = body.kind === 'notice' ? '' : mine ? texts.you : (user?.name ?? '')
  return {
    key,
    seq,
    mine,
    speaker,
    name: mine || goesOn ? '' : speaker,
    avatar: goesOn ? '' : context.link(user?.avatar),
    time: separates(message, before) ? momentText(message.created_at || now, now, language) : '',
    divider: key === context.firstUnread,
    status,
    reason: status === 'failed' && error ? errorText(error.code, language) : '',
    note: message.edited_at ? texts.edited : '',
    progress: status === 'sending' ? Math.round(message.progress * 100) : 0,
    quote: quoteOf(message, all, context),
    body,
    plain,
  }
}

/** The lines of a range of the messages; what comes before it decides what its first line shows. */
export function rowsOf(messages: readonly Message[], context: RowContext, range?: Range): Row[] {
  const { from = 0, to = messages.length } = range ?? {}
  const { texts, peerRead } = context
  const marked = markedKey(messages, context.me)
  return messages.slice(from, to).map((message, i) => {
    const row = rowOf(message, messages[from + i - 1], messages, context)
    if (row.key === marked) row.note = peerRead >= row.seq ? texts.read : texts.delivered
    return row
  })
}

/** The messages of a bundle; `key` is the bundle's own, so that what plays in one does not play in another. */
export function rowsOfBundle(merged: Merged, key: string, context: ContentContext & { now: number }): Row[] {
  const { language, texts, link, now } = context
  return merged.items.map((item, i) => {
    const { name, avatar } = senderOf(merged, item, texts)
    const goesOn = i > 0 && (merged.items[i - 1]?.sender ?? 0) === (item.sender ?? 0)
    return {
      key: `${key}.${i}`,
      seq: 0,
      mine: false,
      speaker: name,
      name: goesOn ? '' : name,
      avatar: goesOn ? '' : link(avatar),
      time: momentText(item.created_at, now, language),
      divider: false,
      status: 'sent',
      reason: '',
      note: '',
      progress: 0,
      quote: null,
      ...shownContent(item.content, context),
    }
  })
}

/** The first message of others above what was read. */
export function firstUnread(messages: readonly Message[], readSeq: number, me: string): Message | undefined {
  return messages.find(({ seq, sender_id, content }) => {
    return seq > readSeq && sender_id !== me && content?.type !== 'system'
  })
}
