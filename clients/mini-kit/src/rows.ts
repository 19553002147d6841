import type { Message, User } from '@chaguan/sdk'
import { bodyOf, type Body } from './bodies'
import { drawnClass } from './emoji'
import { kit } from './kit'
import { fill, type Texts } from './texts'
import { momentText } from './times'

const SEPARATE_AFTER_MS = 5 * 60_000

export interface Reaction {
  emoji: string
  /** The class that draws it; empty where the phone does. */
  drawn: string
  count: number
  mine: boolean
}

/** A line of the message list as the view gets it. */
export interface Row {
  key: string
  seq: number
  mine: boolean
  plain: boolean
  time: string
  divider: string
  name: string
  showName: boolean
  avatar: string
  user: string
  status: string
  note: string
  progress: number
  quote: { seq: number; text: string } | null
  reactions: Reaction[]
  label: string
  /** May be selected: it is in the log and says something. */
  pickable: boolean
  picked: boolean
  body: Body
}

export interface RowContext {
  me: string
  now: number
  texts: Texts
  /** Names above the bubbles of others. */
  group: boolean
  /** The first message that was unread when the conversation was opened, or empty. */
  firstUnread: string
  /** The own message that carries 已读 or 已送达, and which of them. */
  marked: { key: string; note: string }
  /** Keys of the messages that are selected. */
  picked: ReadonlySet<string>
  userOf: (id: string) => User | undefined
  messageOf: (seq: number) => Message | undefined
}

function separates(message: Message, previous: Message | undefined): boolean {
  return !previous || message.created_at - previous.created_at > SEPARATE_AFTER_MS
}

function quoteOf(message: Message, context: RowContext): Row['quote'] {
  const { quote } = message
  if (!quote) return null
  const target = context.messageOf(quote.seq)
  const name = context.userOf(target?.sender_id ?? quote.sender_id ?? '')?.name ?? ''
  if (!target) return { seq: quote.seq, text: '…' }
  const text = bodyOf(target, context.me, (id) => context.userOf(id)?.name ?? '', context.texts).plain
  return { seq: quote.seq, text: name ? fill(context.texts.said, { name, text }) : text }
}

function noteOf(message: Message, context: RowContext): string {
  if (message.status === 'failed') return context.texts.failed
  if (message.client_msg_id === context.marked.key) return context.marked.note
  // A card that follows its object changes by itself: nobody edited it.
  const lives = message.content?.type === 'card' && !!message.content.card_id
  return message.edited_at && !lives ? context.texts.edited : ''
}

/** What can be forwarded, or at least copied with others. */
export function isPickable(message: Message): boolean {
  return message.seq > 0 && message.status === 'sent' && !!message.content && message.content.type !== 'system'
}

export function rowOf(message: Message, previous: Message | undefined, context: RowContext): Row {
  const { me, texts, now } = context
  const user = context.userOf(message.sender_id)
  const body = bodyOf(message, me, (id) => context.userOf(id)?.name ?? '', texts)
  const mine = message.sender_id === me
  const name = user?.name ?? ''
  const plain = body.kind === 'system' || body.kind === 'recalled'
  return {
    key: message.client_msg_id,
    seq: message.seq,
    mine,
    plain,
    name,
    user: message.sender_id,
    avatar: kit.link(user?.avatar),
    showName: context.group && !mine && !plain,
    time: separates(message, previous) ? momentText(message.created_at || now, now, texts) : '',
    divider: message.client_msg_id === context.firstUnread ? texts.unreadBelow : '',
    status: message.status === 'sent' ? '' : message.status,
    note: noteOf(message, context),
    progress: message.status === 'sending' ? Math.round(message.progress * 100) : 0,
    quote: quoteOf(message, context),
    reactions: (message.reactions ?? []).map(([emoji, users]) => ({
      emoji,
      drawn: drawnClass(emoji),
      count: users.length,
      mine: users.indexOf(me) >= 0,
    })),
    label: name && !plain ? fill(texts.said, { name, text: body.plain }) : body.plain,
    pickable: isPickable(message),
    picked: context.picked.has(message.client_msg_id),
    body,
  }
}
