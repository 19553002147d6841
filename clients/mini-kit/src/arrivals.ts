import type { Message, MessageWindow } from '@chaguan/sdk'

/** What came to the end of a window. */
export interface Arrivals {
  mine: boolean
  theirs: number
  /** Something was told between the messages. */
  told: boolean
}

/** What is in the window now and was not before, at its end. */
export function arrivals(before: MessageWindow, now: MessageWindow, me: string): Arrivals {
  const last = before.messages[before.messages.length - 1]
  const known = new Set(before.messages.slice(-50).map((message) => message.client_msg_id))
  const added: Arrivals = { mine: false, theirs: 0, told: false }
  const { messages } = now
  // Elsewhere in the log nothing is new but what one sends, which leads back to the end.
  if (before.hasNewer || now.hasNewer) return { ...added, mine: messages[messages.length - 1]?.status === 'sending' }
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i] as Message
    if (message.client_msg_id === last?.client_msg_id || known.has(message.client_msg_id)) break
    if (!message.sender_id) added.told = true
    else if (message.sender_id === me) added.mine = true
    else added.theirs += 1
  }
  return added
}
