// What a chat would give the window, made up; nothing here needs a test runner, so that a browser can have it too.
import type { Content, ConversationItem, Message } from '@chaguan/sdk'
import type { Chat } from '../src/chat'
import { Listeners } from '../src/listeners'
import { Memory } from '../src/memory'
import { optionsOf } from '../src/options'
import { Room } from '../src/room'
import { textsOf } from '../src/texts'

const PAGE = 30

export const message = (seq: number, more: Partial<Message> = {}): Message => ({
  type: 'message_sent',
  conversation_id: 'c',
  seq,
  created_at: Date.now() - 60_000 + seq,
  sender_id: 'mei',
  client_msg_id: `k${seq}`,
  content: { type: 'text', text: `text ${seq}` },
  status: 'sent',
  error: null,
  progress: 1,
  local_path: '',
  ...more,
})

export interface Asked {
  /** What the server has besides, older. */
  server?: Message[]
  readSeq?: number
  id?: string
  /** What the server answers when the bundle of a seq is asked for; an error where it can not. */
  bundle?: (seq: number) => Content | null
}

/** A window over these messages, not on the page yet. */
export function makeRoom(messages: Message[], { server = [], readSeq = 1e9, id = 'c', bundle }: Asked = {}) {
  const held = { messages, server }
  const api = {
    list: () => ({ ...held, notices: [], hasOlder: held.server.length > 0, hasNewer: false, loading: false }),
    async loadOlder() {
      held.messages = [...held.server.splice(-PAGE), ...held.messages]
      room.render()
    },
    around: async (_id: string, _seq: number) => undefined,
    toEnd: () => undefined,
    send: (_id: string, _content: Content, _options: object) => ({ done: Promise.resolve() }),
    sendMedia: (_id: string, _source: object) => ({ done: Promise.resolve() }),
    recall: async (_id: string, _seq: number) => undefined,
    resend: (_key: string) => true,
    discard: (_key: string) => true,
  }
  const people: Record<string, object> = { mei: { id: 'mei', name: 'Mei' }, ann: { id: 'ann', name: 'Ann' } }
  const client = {
    me: { id: 'ann' },
    state: 'online',
    messages: api,
    limits: { recall_window_s: 120, text_length: 2000, image: 1000, video: 1000, file: 1000 },
    users: { find: (user: string) => people[user], get: async () => [] },
    conversations: { markRead: () => undefined },
    typing: () => undefined,
    command: async ({ seqs: [seq = 0] }: { seqs: number[] }) => ({
      messages: [message(seq, { content: bundle?.(seq) ?? null })],
    }),
    typingUsers: () => [],
  }
  const row = { conversation: { id }, inbox: { read_seq: readSeq }, unread: 0 } as unknown as ConversationItem
  // Only what the room asks of a chat.
  const chat = { client, row, conversationId: id, phase: 'ready', settled: true, unread: 0 } as unknown as Chat
  const options = optionsOf({ lang: 'en' }, { scriptUrl: 'https://im.example/widget.js', language: 'en' })
  const wishes = { changed: () => room.render(), close: () => undefined as void, arrive: () => undefined }
  const room = new Room(chat, options, textsOf('en'), new Listeners(), new Memory('test:'), wishes)
  return { room, api, chat, held, wishes }
}
