import type { Content, Message, User } from '@chaguan/sdk'

export const ME: User = { id: 'u_me', kind: 'customer', name: '茶友' }
export const MEI: User = { id: 'u_mei', kind: 'staff', name: '小梅' }
const START = 1_800_000_000_000

/** A message of a log, a minute after the one before it. */
export function message(
  seq: number,
  content: Content | null = { type: 'text', text: `第 ${seq} 条` },
  more: Partial<Message> = {},
): Message {
  return {
    type: 'message_sent',
    conversation_id: 'c1',
    client_msg_id: `key-${seq}`,
    sender_id: seq % 2 ? MEI.id : ME.id,
    seq,
    ordinal: seq,
    created_at: START + seq * 60_000,
    content,
    status: 'sent',
    error: null,
    progress: 1,
    local_path: '',
    ...more,
  }
}

export function log(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, i) => message(from + i))
}
