import type { Client, Conversation, ConversationItem, Message, SearchHit } from '@chaguan/sdk'
import { bodyOf } from './bodies'
import { excerpt, type HitPart } from './hits'
import { kit } from './kit'
import { titleOf } from './previews'
import type { Texts } from './texts'
import { shortText } from './times'

/** A message that was found, as the view gets it. */
export interface Found {
  key: string
  id: string
  seq: number
  /** Of the conversation. */
  title: string
  /** Who said it; where all conversations are searched, the conversation. */
  name: string
  avatar: string
  seed: string
  time: string
  parts: HitPart[]
  label: string
}

type Named = Pick<ConversationItem, 'conversation' | 'peer'>

function namedOf(conversation: Conversation, client: Client): Named {
  return client.conversations.find(conversation.id) ?? { conversation, peer: null }
}

/** `everywhere`: rows tell in which conversation it was said. */
export function foundOf(hit: SearchHit, query: string, everywhere: boolean, client: Client, texts: Texts): Found {
  const { message, conversation } = hit
  const me = client.me?.id ?? ''
  const nameOf = (id: string) => client.users.find(id)?.name ?? ''
  const asShown: Message = { ...message, status: 'sent', error: null, progress: 1, local_path: '' }
  const { plain } = bodyOf(asShown, me, nameOf, texts)
  const sender = client.users.find(message.sender_id)
  const named = namedOf(conversation, client)
  const title = titleOf(named, texts)
  const name = everywhere ? title : sender?.name || texts.someone
  const picture = everywhere ? named.conversation.avatar || named.peer?.avatar : sender?.avatar
  const said = everywhere && sender?.name && sender.name !== title ? `${sender.name}: ${plain}` : plain
  const time = shortText(message.created_at, Date.now(), texts)
  return {
    key: `${conversation.id}-${message.seq}`,
    id: conversation.id,
    seq: message.seq,
    title,
    name,
    avatar: kit.link(picture),
    seed: everywhere ? (named.peer?.id ?? conversation.id) : message.sender_id,
    time,
    parts: excerpt(said, query),
    label: `${name}, ${time}, ${said.slice(0, 200)}`,
  }
}
