import type { Message, MessageWindow, Notice } from '@chaguan/sdk'
import { fill, type Texts } from './texts'

/** Notices in the form of messages, so that pages, times and frames treat them as any other line. */
const made = new WeakMap<Notice, Message>()

export function asLine(notice: Notice): Message {
  const held = made.get(notice)
  if (held) return held
  const line: Message = {
    type: 'message_sent',
    conversation_id: notice.conversation_id,
    seq: notice.seq,
    created_at: notice.created_at,
    sender_id: '',
    client_msg_id: `notice-${notice.seq}`,
    content: { type: 'system', name: notice.type, params: paramsOf(notice) },
    status: 'sent',
    error: null,
    progress: 1,
    local_path: '',
  }
  made.set(notice, line)
  return line
}

function paramsOf(notice: Notice): Record<string, string> {
  const { actor_id: actor } = notice
  switch (notice.type) {
    case 'member_joined':
    case 'member_left':
      return { actor, user: notice.user_id }
    case 'member_changed':
      return { actor, user: notice.user_id, role: notice.role }
    case 'conversation_changed':
      return { actor, name: notice.name ?? '' }
    default:
      return {}
  }
}

/** The window's messages with the notices between them; what is not sent yet stays at the end. */
export function linesOf(window: MessageWindow, inGroup: boolean): readonly Message[] {
  const { messages } = window
  // Elsewhere the members are those who talk, and a case is told by messages of the deployment.
  const told = inGroup ? window.notices.filter((notice) => notice.type !== 'case_changed') : []
  if (!told.length) return messages
  const unsent = messages.filter((message) => message.seq === 0)
  const lines = [...messages.filter((message) => message.seq > 0), ...told.map(asLine)]
  return [...lines.sort((a, b) => a.seq - b.seq), ...unsent]
}

/** Whom a line speaks of. */
export function peopleOf(message: Message): string[] {
  if (message.sender_id) return [message.sender_id]
  const { actor = '', user = '' } = message.content?.type === 'system' ? (message.content.params ?? {}) : {}
  return [actor, user].filter(Boolean)
}

type Names = (userId: string) => string

/** The sentence for a notice; undefined for the notices that the deployment itself writes as messages. */
export function noticeText(
  name: string,
  params: Record<string, string>,
  me: string,
  nameOf: Names,
  texts: Texts,
): string | undefined {
  const called = (id = '') => (id === me ? texts.you : nameOf(id) || texts.someone)
  const { actor, user, role = '' } = params
  const names = { actor: called(actor), user: called(user), name: params['name'] ?? '' }
  // A sentence may begin with the word for the reader.
  const tell = (text: string) => fill(text, names).replace(/^you\b/, 'You')
  switch (name) {
    case 'member_joined':
      return tell(actor === user ? texts.joined : texts.added)
    case 'member_left':
      return tell(actor === user ? texts.left : texts.removedMember)
    case 'member_changed':
      return tell(role === 'member' ? texts.plainMember : role === 'owner' ? texts.madeOwner : texts.madeAdmin)
    case 'conversation_changed':
      return tell(names.name ? texts.renamed : texts.newPicture)
    default:
      return undefined
  }
}
