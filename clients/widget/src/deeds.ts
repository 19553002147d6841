/** What can be done with a message: copied, quoted, taken back; and its picture looked at. */
import type { Message } from '@chaguan/sdk'
import type { Chat } from './chat'
import { shownOf } from './contents'
import { pictureName } from './drawn'
import type { MessageList } from './list'
import { Menu, type Choice } from './menu'
import type { Quote } from './composer'
import type { RowContext } from './rows'
import type { Sending } from './sending'
import type { Talk } from './talk'
import { fill, type Texts } from './texts'
import { Viewer, type Picture } from './viewer'

/** A clock of this device may be off by so much; the server has the last word. */
const CLOCK_MS = 5 * 60_000

export class Deeds {
  readonly viewer: Viewer
  private readonly menu: Menu
  /** Texts taken back since the page was loaded, by key. */
  private readonly before = new Map<string, string>()

  constructor(
    private readonly chat: Chat,
    private readonly talk: Talk,
    private readonly list: MessageList,
    private readonly sending: Sending,
    private readonly texts: Texts,
    private readonly quote: (quote: Quote) => void,
  ) {
    this.menu = new Menu(texts.more)
    this.viewer = new Viewer(texts)
    list.element.append(this.menu.element)
  }

  takenBack(key: string): string {
    return this.before.get(key) ?? ''
  }

  offer(key: string): void {
    const message = this.talk.message(key)
    const line = this.list.lineOf(key)
    const bubble = this.list.bubbleOf(key)
    if (!message || !bubble) return
    const back = () => (this.list.lineOf(key) ?? line)?.focus({ preventScroll: true })
    this.menu.open(this.choices(message), bubble, this.list.element, back)
  }

  view(key: string): void {
    const context = this.talk.context()
    const shown = this.talk.window?.messages.filter(({ content }) => content?.type === 'image') ?? []
    const at = shown.findIndex(({ client_msg_id }) => client_msg_id === key)
    if (at < 0) return
    const back = () => {
      const picture = this.list.bubbleOf(key)?.querySelector<HTMLElement>('.picture')
      ;(picture ?? this.list.element.querySelector<HTMLElement>('.log'))?.focus({ preventScroll: true })
    }
    this.viewer.open(
      shown.map((message) => this.pictureOf(message, context)),
      at,
      back,
    )
  }

  private choices(message: Message): Choice[] {
    const { texts } = this
    const { content, status, sender_id } = message
    const found: Choice[] = []
    if (content?.type === 'text')
      found.push({ icon: 'copy', label: texts.copy, act: () => void this.copy(content.text) })
    if (status === 'sent' && content)
      found.push({ icon: 'quote', label: texts.quote, act: () => this.quote(this.quoteOf(message)) })
    if (status === 'sent' && content && sender_id === this.chat.client?.me?.id && this.isYoung(message))
      found.push({ icon: 'recall', label: texts.recall, act: () => void this.recall(message) })
    return found
  }

  private get window_s(): number {
    return this.chat.client?.limits.recall_window_s ?? 0
  }

  private isYoung({ created_at }: Message): boolean {
    return this.window_s < 0 || Date.now() - created_at < this.window_s * 1000 + CLOCK_MS
  }

  private speakerOf({ sender_id }: Message): string {
    const { client } = this.chat
    return sender_id === client?.me?.id ? this.texts.you : (client?.users.find(sender_id)?.name ?? '')
  }

  private quoteOf(message: Message): Quote {
    const context = this.talk.context()
    const name = this.speakerOf(message) || this.texts.someone
    return { seq: message.seq, text: fill(this.texts.said, { name, text: shownOf(message, context).plain }) }
  }

  private async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      this.sending.warn(this.texts.copied)
    } catch {
      // A page without TLS, or a browser that asks and was told no.
      this.sending.warn(this.texts.copyFailed)
    }
  }

  private async recall({ seq, client_msg_id: key, content }: Message): Promise<void> {
    const { client, conversationId } = this.chat
    if (content?.type === 'text') this.before.set(key, content.text)
    try {
      await client?.messages.recall(conversationId, seq)
    } catch (error) {
      this.before.delete(key)
      const isLate = (error as { code?: string }).code === 'forbidden'
      if (isLate) this.sending.warn(fill(this.texts.recallLate, { n: Math.round(this.window_s / 60) }))
      else this.sending.refused(error)
    }
  }

  private pictureOf(message: Message, context: RowContext): Picture {
    const { body } = shownOf(message, context)
    return {
      src: body.kind === 'image' ? body.full : '',
      alt: pictureName(this.speakerOf(message), this.texts),
      stale: () => this.talk.refresh(message.seq),
    }
  }
}
