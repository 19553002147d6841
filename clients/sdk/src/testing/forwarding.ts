import type { Content, ForwardMessages, Forwarded, Merged, MessageSent, Sent, User } from '@chaguan/protocol'
import type { Model } from './model'
import { Refusal } from './places'

/** What `forward_messages` does, by the same rules as the server: copies of what the user sees, under keys of their own. */
export function forward(model: Model, userId: string, command: ForwardMessages): Forwarded {
  const { conversation_id, to_conversation_id, client_msg_id, merged = false } = command
  const seqs = Array.from(new Set(command.seqs)).sort((a, b) => a - b)
  const seen = new Map(model.visible(userId, conversation_id).map((message) => [message.seq, message]))
  const said = seqs.map((seq) => seen.get(seq)).filter((message): message is MessageSent => isForwardable(message))
  if (!said.length) throw new Refusal('not_found', { seqs })
  const put = (content: Content, key: string) =>
    model.send(userId, {
      type: 'send_message',
      id: 0,
      conversation_id: to_conversation_id,
      client_msg_id: key,
      content,
    }) as Sent
  const kind = model.view(userId, conversation_id).conversation.kind
  const sent = merged
    ? [
        put(
          bundle(kind, said, (id) => model.users.get(id)),
          client_msg_id,
        ),
      ]
    : said.map((message, i) => put(message.content as Content, i ? `${client_msg_id} ${message.seq}` : client_msg_id))
  const copied = new Set(said.map((message) => message.seq))
  return { sent, left_out: seqs.filter((seq) => !copied.has(seq)) }
}

function isForwardable(message: MessageSent | undefined): boolean {
  const { content } = message ?? {}
  return !!content && content.type !== 'system'
}

function bundle(from_kind: Merged['from_kind'], said: MessageSent[], userOf: (id: string) => User | undefined): Merged {
  const ids = Array.from(new Set(said.map((message) => message.sender_id)))
  return {
    type: 'merged',
    from_kind,
    count: said.length,
    senders: ids.map((id) => ({ name: userOf(id)?.name ?? '' })),
    items: said.map(({ sender_id, created_at, content }) => ({
      sender: ids.indexOf(sender_id),
      created_at,
      content: content as Content,
    })),
  }
}
