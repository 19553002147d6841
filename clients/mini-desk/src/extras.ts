import type { Card, Image } from '@chaguan/sdk'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import type { Ready } from './canned'
import type { Seat } from './seat'
import { wordsOf } from './words'

/** A card or picture that goes along with an answer, as the view gets it. */
export interface ExtraRow {
  id: string
  label: string
  remove: string
}

/** What a canned reply brings besides its text. */
export class Extras {
  private held: { id: string; content: Card | Image }[] = []
  private made = 0

  constructor(private readonly seat: Seat) {}

  put({ cards, pictures }: Ready): ExtraRow[] {
    for (const content of [...cards, ...pictures]) this.held.push({ id: `extra-${(this.made += 1)}`, content })
    return this.rows()
  }

  drop(id: string): ExtraRow[] {
    this.held = this.held.filter((one) => one.id !== id)
    return this.rows()
  }

  /** After the text they belong to. Rejects where a picture could not be fetched; the others are sent. */
  async send(conversationId: string): Promise<void> {
    const { client } = this.seat
    const all = this.held.splice(0)
    let lost = false
    for (const { content } of all) {
      if (content.type === 'card') client?.messages.send(conversationId, content).done.catch(() => undefined)
      else if (!(await this.sendPicture(conversationId, content))) lost = true
    }
    if (lost) throw new Error('a picture could not be fetched')
  }

  /** A picture of a shared reply is the administrator's: the agent sends a copy of their own. */
  private async sendPicture(conversationId: string, { url, width = 0, height = 0 }: Image): Promise<boolean> {
    const file = await fetched(kit.link(url))
    const { client } = this.seat
    if (!file || !client) return false
    client.messages.sendMedia(conversationId, { kind: 'image', file, width, height }).done.catch(() => undefined)
    return true
  }

  private rows(): ExtraRow[] {
    const words = wordsOf(kit.language)
    return this.held.map(({ id, content }) => {
      const title = content.type === 'card' ? content.title : words.picture
      return { id, label: fill(words.attached, { title }), remove: fill(words.remove, { title }) }
    })
  }
}

function fetched(url: string): Promise<string> {
  return new Promise((resolve) => {
    if (!url) return resolve('')
    wx.downloadFile({
      url,
      success: ({ statusCode, tempFilePath }) => resolve(statusCode === 200 ? tempFilePath : ''),
      fail: () => resolve(''),
    })
  })
}
