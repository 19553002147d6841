/** The conversation as it is read: what of it stands in the list, where old ends and new begins, what is announced. */
import type { Message, MessageWindow } from '@chaguan/sdk'
import type { Chat } from './chat'
import { shownOf } from './contents'
import type { MessageList } from './list'
import { firstUnread, rowsOf, type RowContext } from './rows'
import { Span } from './span'
import { fill, type Language, type Texts } from './texts'

/** A page that could not be had is not asked for again at once. */
const AGAIN_AFTER_MS = 6_000

export interface TalkWishes {
  /** Something of it is another now: draw it again. */
  changed: () => void
  link: (url: string | undefined) => string
  /** For who hears the screen instead of seeing it. */
  announce: (text: string) => void
  warn: (error: unknown) => void
}

export class Talk {
  private readonly span = new Span()
  /** Whose names, and fresh links of which messages, were asked for. */
  private readonly asked = new Set<string | number>()
  private conversationId = ''
  private failed = false
  private readSeq = -1
  private unreadKey = ''
  private unreadAbove = 0
  private divided = false
  /** What was heard of: the last seq, and what failed. */
  private heardSeq = -1
  private readonly heardFailed = new Set<string>()

  constructor(
    private readonly chat: Chat,
    private readonly list: MessageList,
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly wish: TalkWishes,
  ) {}

  /** The panel is opened: what is unread now is what the line stands above. */
  restart(): void {
    this.readSeq = -1
    this.divided = false
    this.unreadAbove = 0
    this.toEnd()
    this.list.restart()
  }

  get window(): MessageWindow | null {
    const { client, conversationId } = this.chat
    return client && conversationId ? client.messages.list(conversationId) : null
  }

  /** Somebody else has signed in: nothing that is known of the last conversation holds. */
  private begin(): void {
    this.conversationId = this.chat.conversationId
    this.asked.clear()
    this.heardFailed.clear()
    this.heardSeq = -1
    this.failed = false
    this.restart()
  }

  private get me(): string {
    return this.chat.client?.me?.id ?? ''
  }

  message(key: string): Message | undefined {
    return this.window?.messages.find(({ client_msg_id }) => client_msg_id === key)
  }

  draw(window: MessageWindow): void {
    const { messages, hasNewer, loading } = window
    if (this.conversationId !== this.chat.conversationId) this.begin()
    this.meet(messages)
    this.divide(window)
    const context = this.context()
    const range = this.span.range(messages)
    this.list.show({
      rows: rowsOf(messages, context, range),
      goesOn: hasNewer || range.to < messages.length,
      note: this.failed ? this.texts.loadFailed : loading ? this.texts.loading : '',
      fresh: this.chat.unread,
      unreadAbove: this.unreadAbove,
    })
    this.announce(messages, context)
    this.seen()
  }

  context(): RowContext {
    const { client, row } = this.chat
    return {
      me: this.me,
      now: Date.now(),
      language: this.language,
      texts: this.texts,
      firstUnread: this.unreadKey,
      peerRead: row?.inbox.peer_read_seq ?? 0,
      link: (url) => this.wish.link(url),
      userOf: (id) => client?.users.find(id),
    }
  }

  above(asks: boolean): void {
    const window = this.window
    if (!window) return
    if (this.span.up(window.messages)) this.wish.changed()
    else if (asks && window.hasOlder && !window.loading) this.load((messages, id) => messages.loadOlder(id))
  }

  below(asks: boolean): void {
    const window = this.window
    if (!window) return
    if (this.span.down(window.messages)) this.wish.changed()
    else if (asks && window.hasNewer && !window.loading) this.load((messages, id) => messages.loadNewer(id))
  }

  /** To the newest message. */
  toEnd(): void {
    const { client, conversationId } = this.chat
    if (client && conversationId) client.messages.toEnd(conversationId)
    this.span.toEnd()
    this.list.stick()
    this.wish.changed()
  }

  /** To the first message that was unread, however far above. */
  async toUnread(): Promise<void> {
    this.unreadAbove = 0
    await this.reach(this.readSeq + 1, 'start')
  }

  /** Shows a message by seq, or the one after it. */
  async reach(seq: number, at: 'start' | 'center' = 'center'): Promise<void> {
    const { client, conversationId } = this.chat
    try {
      await client?.messages.around(conversationId, seq)
    } catch (error) {
      return this.wish.warn(error)
    }
    const messages = this.window?.messages ?? []
    if (at === 'start') this.unreadKey = firstUnread(messages, this.readSeq, this.me)?.client_msg_id ?? ''
    const index = messages.findIndex((message) => message.seq >= seq)
    const found = messages[index]
    if (!found || !this.window) return
    const { from, to } = this.span.range(messages)
    if (index < from || index >= to) this.span.around(messages, index)
    this.draw(this.window)
    this.list.reveal(found.client_msg_id, at)
  }

  /** Fresh links for a message, once. */
  refresh(seq: number): void {
    const { client, conversationId } = this.chat
    if (!seq || !client || this.asked.has(seq)) return
    this.asked.add(seq)
    client.messages.refresh(conversationId, [seq]).catch((error: unknown) => console.warn('chaguan:', error))
  }

  /** Whoever looks at the end has read it. */
  seen(): void {
    const { client, conversationId, settled } = this.chat
    if (!client || !settled || document.visibilityState !== 'visible') return
    if (this.list.isAtEnd && this.list.element.getClientRects().length) client.conversations.markRead(conversationId)
  }

  private load(ask: (messages: NonNullable<Chat['client']>['messages'], id: string) => Promise<unknown>): void {
    const { client, conversationId } = this.chat
    if (!client || this.failed) return
    ask(client.messages, conversationId).catch((error: unknown) => {
      console.warn('chaguan:', error)
      this.failed = true
      // Reading on asks again, after a while in which the network may have come back.
      setTimeout(() => (this.failed = false), AGAIN_AFTER_MS)
      this.wish.changed()
    })
  }

  /** Once all is there the line between old and new stays where it is; what comes later is not under it. */
  private divide({ messages, hasOlder }: MessageWindow): void {
    const { row, settled, unread } = this.chat
    if (!row || (this.divided && !this.unreadAbove)) return
    if (this.readSeq < 0) this.readSeq = row.inbox.read_seq ?? 0
    const first = firstUnread(messages, this.readSeq, this.me)
    // Above what is held there may be more of them: a line over everything says nothing.
    const isWhole = !hasOlder || first !== messages[0]
    this.unreadKey = (isWhole && first?.client_msg_id) || ''
    if (isWhole) this.unreadAbove = 0
    if (this.divided) return
    this.unreadAbove = settled && first && !isWhole ? unread : 0
    this.divided = settled
    const index = first && isWhole ? messages.indexOf(first) : -1
    if (index >= 0 && index < this.span.range(messages).from) this.span.around(messages, index)
  }

  /** What others say while the panel is open, and what of one's own did not go out. */
  private announce(messages: readonly Message[], context: RowContext): void {
    const last = messages.reduce((seq, message) => Math.max(seq, message.seq), 0)
    const since = this.heardSeq
    const failed = messages.filter(
      ({ status, client_msg_id: key }) => status === 'failed' && !this.heardFailed.has(key),
    )
    failed.forEach(({ client_msg_id: key }) => this.heardFailed.add(key))
    this.heardSeq = Math.max(since, last)
    if (since < 0 || !this.chat.settled) return
    const { texts } = this
    const said = (message: Message) => {
      const { name = texts.someone } = context.userOf(message.sender_id) ?? {}
      return fill(texts.said, { name, text: shownOf(message, context).plain })
    }
    const fresh = messages.filter(({ seq, sender_id }) => seq > since && sender_id !== context.me)
    const told = fresh.length > 3 ? [fill(texts.newMessages, { n: fresh.length })] : fresh.map(said)
    if (failed.length) told.push(texts.failedNote)
    if (told.length) this.wish.announce(told.join('\n'))
  }

  /** Names of those who write: the server has not told all of them to a customer who was away. */
  private meet(messages: readonly Message[]): void {
    const { client } = this.chat
    const ids = new Set(messages.map(({ sender_id }) => sender_id))
    const strangers = [...ids].filter((id) => id && !client?.users.find(id) && !this.asked.has(id))
    if (!client || !strangers.length) return
    strangers.forEach((id) => this.asked.add(id))
    const known = client.users.get(strangers)
    known.then(() => this.wish.changed()).catch((error: unknown) => console.warn('chaguan:', error))
  }
}
