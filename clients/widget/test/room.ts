// The window with a made-up chat behind it, in jsdom, which lays nothing out: heights are told.
import type { Content, ConversationItem, Message } from '@chaguan/sdk'
import { vi } from 'vitest'
import type { Chat } from '../src/chat'
import { Listeners } from '../src/listeners'
import { Memory } from '../src/memory'
import { optionsOf } from '../src/options'
import { Room } from '../src/room'
import { textsOf } from '../src/texts'

const LINE_PX = 40
const VIEW_PX = 400

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

/** What the browser would know of the list: every line has the same height. */
function layOut(log: HTMLElement): void {
  const lines = () => [...log.querySelectorAll('.row')]
  let top = 0
  const most = () => Math.max(0, lines().length * LINE_PX - VIEW_PX)
  Object.defineProperties(log, {
    clientHeight: { get: () => VIEW_PX },
    scrollHeight: { get: () => lines().length * LINE_PX },
    scrollTop: { get: () => Math.min(top, most()), set: (to: number) => (top = Math.max(0, Math.min(to, most()))) },
  })
  Object.defineProperty(HTMLElement.prototype, 'offsetTop', {
    configurable: true,
    get(this: HTMLElement) {
      return this.classList.contains('row') ? lines().indexOf(this) * LINE_PX : 0
    },
  })
}

export function stubBrowser(): void {
  vi.stubGlobal('ResizeObserver', class { observe() {} }) // prettier-ignore
  vi.stubGlobal('matchMedia', () => ({ matches: false }))
  vi.stubGlobal('visualViewport', null)
  Element.prototype.scrollIntoView = () => undefined
  Element.prototype.getClientRects = () => [1] as unknown as DOMRectList
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function () {
    this.open = false
    this.dispatchEvent(new Event('close'))
  }
}

/** A window over these messages, on the page and open. `server`: what it can have besides, older. */
export function openRoom(messages: Message[], { server = [] as Message[], readSeq = 1e9, id = 'c' } = {}) {
  const held = { messages, server }
  const api = {
    list: () => ({ ...held, notices: [], hasOlder: held.server.length > 0, hasNewer: false, loading: false }),
    loadOlder: vi.fn(async () => {
      held.messages = [...held.server.splice(-30), ...held.messages]
      room.render()
    }),
    around: vi.fn(async () => undefined),
    toEnd: vi.fn(),
    send: vi.fn((_id: string, _content: Content, _options: object) => ({ done: Promise.resolve() })),
    sendMedia: vi.fn((_id: string, _source: object) => ({ done: Promise.resolve() })),
    recall: vi.fn(async (_id: string, _seq: number) => undefined),
    resend: vi.fn(),
    discard: vi.fn(),
  }
  const people: Record<string, object> = { mei: { id: 'mei', name: 'Mei' }, ann: { id: 'ann', name: 'Ann' } }
  const row = { conversation: { id }, inbox: { read_seq: readSeq }, unread: 0 } as unknown as ConversationItem
  const client = {
    me: { id: 'ann' },
    state: 'online',
    messages: api,
    limits: { recall_window_s: 120, text_length: 2000, image: 1000, video: 1000, file: 1000 },
    users: { find: (user: string) => people[user], get: async () => [] },
    conversations: { markRead: vi.fn() },
    typing: vi.fn(),
    typingUsers: () => [],
  }
  // Only what the room asks of a chat.
  const chat = { client, row, conversationId: id, phase: 'ready', settled: true, unread: 0 } as unknown as Chat
  const options = optionsOf({ lang: 'en' }, { scriptUrl: 'https://im.example/widget.js', language: 'en' })
  const close = vi.fn()
  const changed = () => room.render()
  const memory = new Memory('test:')
  const room = new Room(chat, options, textsOf('en'), new Listeners(), memory, { changed, close, arrive: vi.fn() })
  const host = document.createElement('div')
  const root = host.attachShadow({ mode: 'open' })
  root.append(room.frame.element, room.deeds.viewer.element)
  document.body.replaceChildren(host)
  const find = <E extends HTMLElement = HTMLElement>(selector: string) => root.querySelector<E>(selector)!
  layOut(find('.log'))
  room.enter()
  room.render()
  return {
    room,
    api,
    client,
    chat,
    close,
    root,
    find,
    all: (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)],
    rows: () => [...root.querySelectorAll<HTMLElement>('.row')].map(({ dataset }) => dataset['key']),
    scrollTo(top: number) {
      find('.log').scrollTop = top
      find('.log').dispatchEvent(new Event('scroll'))
    },
    /** The client's window is this from now on. */
    now(next: Message[]) {
      held.messages = next
      room.render()
    },
    key: (key: string) =>
      root.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })),
  }
}
