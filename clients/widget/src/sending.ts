/** What the customer sends: text, cards, files. How a message fares is shown beside it; what does not become one is told. */
import type { Card, MediaSource, SendOptions } from '@chaguan/sdk'
import { errorText } from '@chaguan/sdk/texts'
import type { Chat } from './chat'
import { kindOf, sizeText } from './measures'
import { fill, type Language, type Texts } from './texts'

const WARNING_MS = 6_000

export class Sending {
  /** What went wrong a moment ago, in words, or empty. */
  warning = ''

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
    private readonly language: Language,
    private readonly wish: { changed: () => void; said: () => void },
  ) {}

  say(content: { type: 'text'; text: string } | Card, quoteSeq = 0): void {
    const { client, conversationId } = this.chat
    if (!client || !conversationId) return
    const options: SendOptions = quoteSeq ? { quoteSeq } : {}
    client.messages.send(conversationId, content, options).done.catch(() => undefined)
    this.wish.said()
  }

  async files(files: readonly File[]): Promise<void> {
    for (const file of files) await this.file(file)
  }

  voice(file: File, duration_ms: number): void {
    this.media({ kind: 'voice', file, duration_ms, size: file.size })
  }

  resend(key: string): void {
    this.chat.client?.messages.resend(key)
  }

  discard(key: string): void {
    this.chat.client?.messages.discard(key)
  }

  /** Says so for a while. */
  warn(text: string): void {
    this.warning = text
    setTimeout(() => {
      if (this.warning !== text) return
      this.warning = ''
      this.wish.changed()
    }, WARNING_MS)
    this.wish.changed()
  }

  refused(error: unknown): void {
    this.warn(errorText((error as { code?: string }).code ?? '', this.language))
  }

  private async file(file: File): Promise<void> {
    const { client } = this.chat
    if (!client) return
    const kind = kindOf(file.type)
    const most = client.limits[kind]
    if (file.size > most) return this.warn(fill(this.texts.tooLarge, { name: file.name, size: sizeText(most) }))
    const measures = kind === 'image' ? await measured(file) : {}
    this.media({ kind, file, name: file.name, size: file.size, ...measures })
  }

  private media(source: MediaSource): void {
    const { client, conversationId } = this.chat
    if (!client || !conversationId) return
    client.messages.sendMedia(conversationId, source).done.catch(() => undefined)
    this.wish.said()
  }
}

async function measured(file: File): Promise<{ width?: number; height?: number }> {
  try {
    const { width, height } = await createImageBitmap(file)
    return { width, height }
  } catch {
    // The server will say what it is.
    return {}
  }
}
