import type { Message } from '@chaguan/sdk'
import { kit } from './kit'
import { isPickable } from './rows'

/** What the message list does with a message that was pressed. */
export interface Deeds {
  quote(message: Message): void
  forward(messages: Message[], merged: boolean): void
  select(key: string): void
  recall(message: Message): Promise<void>
}

/** The menu of a long press: what can be done with a message, and what does it. */
export function entriesOf(message: Message, deeds: Deeds, canForward: boolean): [string, () => void][] {
  const { texts, client } = kit
  const { content, client_msg_id: key, status } = message
  const entries: [string, () => void][] = []
  if (content?.type === 'text') entries.push([texts.copy, () => void wx.setClipboardData({ data: content.text })])
  if (status === 'sent') entries.push([texts.quote, () => deeds.quote(message)])
  if (isPickable(message)) {
    if (canForward) entries.push([texts.forward, () => deeds.forward([message], false)])
    entries.push([texts.select, () => deeds.select(key)])
  }
  if (status === 'sent' && message.sender_id === client?.me?.id)
    entries.push([texts.recall, () => void deeds.recall(message)])
  if (status === 'failed')
    entries.push(
      [texts.retry, () => void client?.messages.resend(key)],
      [texts.remove, () => void client?.messages.discard(key)],
    )
  return entries
}
