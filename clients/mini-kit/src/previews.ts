import type { Client, ConversationItem, Message } from '@chaguan/sdk'
import { bodyOf } from './bodies'
import { draftOf } from './drafts'
import { kit } from './kit'
import { firstCall } from './mentions'
import { fill, type Texts } from './texts'
import { shortText } from './times'

/** A row of the conversation list as the view gets it. */
export interface Preview {
  id: string
  title: string
  avatar: string
  seed: string
  text: string
  /** What the text does not say: somebody mentioned me, a draft stands there. */
  mark: string
  time: string
  unread: string
  dot: boolean
  muted: boolean
  pinned: boolean
  /** What signs alone show, in words: unread, pinned, muted. */
  states: string
}

export function titleOf(item: Pick<ConversationItem, 'conversation' | 'peer'>, texts: Texts): string {
  const { kind, name } = item.conversation
  if (name) return name
  if (item.peer?.name) return item.peer.name
  return kind === 'service' ? texts.service : kind === 'group' ? texts.group : texts.unnamed
}

function textOf(item: ConversationItem, client: Client, texts: Texts): string {
  if (!item.last) return ''
  const me = client.me?.id ?? ''
  const last: Message = { ...item.last, status: 'sent', error: null, progress: 1, local_path: '' }
  const { plain, kind } = bodyOf(last, me, (id) => client.users.find(id)?.name ?? '', texts)
  const sender = client.users.find(item.last.sender_id)?.name
  const named =
    item.conversation.kind === 'group' && kind !== 'system' && kind !== 'recalled' && item.last.sender_id !== me
  return (named && sender ? fill(texts.said, { name: sender, text: plain }) : plain).replace(/\s+/g, ' ').slice(0, 60)
}

/** Whether an unread message mentions me, as far as this phone holds them. */
function mentionsMe({ conversation, inbox, unread }: ConversationItem, client: Client): boolean {
  if (conversation.kind !== 'group' || !unread) return false
  const { messages } = client.messages.list(conversation.id)
  return !!firstCall(messages, inbox.read_seq ?? 0, client.me?.id ?? '')
}

export function previewOf(item: ConversationItem, client: Client, texts: Texts, now: number): Preview {
  const { conversation, inbox, unread } = item
  const title = titleOf(item, texts)
  const called = mentionsMe(item, client)
  const draft = draftOf(conversation.id).text.replace(/\s+/g, ' ').slice(0, 60)
  const text = !called && draft ? draft : textOf(item, client, texts)
  const at = conversation.last_at || conversation.created_at || 0
  const muted = inbox.muted ?? false
  const counted = unread || (inbox.marked_unread ? 1 : 0)
  const states = [
    counted ? fill(texts.unread, { n: counted }) : '',
    inbox.pinned_at ? texts.pinned : '',
    muted ? texts.muted : '',
  ]
  return {
    id: conversation.id,
    title,
    text,
    mark: called ? texts.mentionsMe : draft ? texts.draftMark : '',
    muted,
    avatar: kit.link(conversation.avatar || item.peer?.avatar),
    seed: item.peer?.id ?? conversation.id,
    time: at ? shortText(at, now, texts) : '',
    unread: counted && !muted ? (counted > 99 ? '99+' : String(counted)) : '',
    dot: counted > 0 && muted,
    pinned: (inbox.pinned_at ?? 0) > 0,
    states: states.filter(Boolean).join(', '),
  }
}
