import type { Message } from '@chaguan/sdk'
import { tellFailure } from './hosts'
import { kit } from './kit'

/** What has a content and a key: a message, or one inside of a bundle. */
type Viewable = Pick<Message, 'client_msg_id' | 'content'>
type Source = WechatMiniprogram.MediaSource

function sourceOf({ content }: Viewable): Source | null {
  if (content?.type === 'image') {
    const url = kit.link(content.url ?? content.thumb_url)
    return url ? { url, type: 'image' } : null
  }
  if (content?.type !== 'video' || !content.url) return null
  return { url: kit.link(content.url), type: 'video', poster: kit.link(content.thumb_url) }
}

/** Pictures and videos of a conversation in full, beginning with one of them; a swipe leads to the others. */
export function viewMedia(messages: readonly Viewable[], first: Pick<Message, 'client_msg_id'>): void {
  const shown = messages.map((message) => ({ message, source: sourceOf(message) })).filter(({ source }) => source)
  const current = shown.findIndex(({ message }) => message.client_msg_id === first.client_msg_id)
  const sources = shown.map(({ source }) => source as Source)
  const fail = ({ errMsg }: { errMsg: string }) => tellFailure(errMsg)
  if (current < 0) return
  // Base libraries before 2.12.0 show pictures alone.
  if (typeof wx.previewMedia === 'function') return void wx.previewMedia({ sources, current, fail })
  const urls = sources.filter(({ type }) => type === 'image').map(({ url }) => url)
  void wx.previewImage({ urls, current: sources[current]?.url ?? '', fail })
}
