import type { Client, Message } from '@chaguan/sdk'
import { kit } from './kit'
import type { RowContext } from './rows'

type Marked = RowContext['marked']

export const sameMark = (a: Marked, b: Marked): boolean => a.key === b.key && a.note === b.note

/** 已读 or 已送达 under the last own message, where marks are shown to the other side. */
export function markOf(client: Client, id: string, messages: readonly Message[]): Marked {
  const item = client.conversations.find(id)
  const kind = item?.conversation.kind
  if (kind !== 'direct' && kind !== 'service') return { key: '', note: '' }
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i] as Message
    if (message.sender_id !== client.me?.id || !message.content || message.status !== 'sent') continue
    const read = (item?.inbox.peer_read_seq ?? 0) >= message.seq
    return { key: message.client_msg_id, note: read ? kit.texts.read : kit.texts.delivered }
  }
  return { key: '', note: '' }
}
