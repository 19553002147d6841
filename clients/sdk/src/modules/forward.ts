/** Forwarding: messages of one conversation said again in another, copied by the server, and bundles opened. */
import type { Forwarded, Merged } from '@chaguan/protocol'
import type { Client } from '../core/client'
import type { ChaguanError } from '../core/errors'

/** What to forward. */
export interface ForwardRequest {
  /** The conversation where the messages are. */
  from: string
  /** Their seqs, 1 to 100, in any order: they arrive in the order of the log. Pending messages have none. */
  seqs: readonly number[]
  /** The conversation that they go to; it may be the same one. */
  to: string
  /** As one bundle (合并转发); else one by one (逐条转发), as one's own messages. */
  merged?: boolean
  /** `client.newKey()`. Give the same again to try again what failed: what arrived then does not arrive twice. */
  key?: string
}

const TRIES = 6

/**
 * Forwards messages. Resolves when they are in the log of the target; `left_out` are the seqs of what was recalled,
 * erased or out of sight meanwhile, or said by the deployment. They come into the windows of both sides as any message
 * does: nothing stands there before, since only the server knows what they say by then, and nothing is kept over a
 * restart. Without a connection it waits up to 15 s; while the server asks for patience (40 messages/s) it goes on by
 * itself, at most six times.
 *
 * Errors: `not_found` (a conversation, or nothing that can be forwarded: `data.seqs`), `forbidden` (not a member of the
 * target, blocked), `too_large` (`data.reason`: `bytes` above 64 KiB in a bundle, `depth` above 3 bundles in each
 * other), `conflict` (the key stands for something else), and the busy ones: the same later, with the same `key`.
 */
export async function forwardMessages(client: Client, request: ForwardRequest): Promise<Forwarded> {
  const { from, seqs, to, merged = false, key = client.newKey() } = request
  for (let tries = 1; ; tries++) {
    try {
      return await client.command<'forward_messages'>({
        type: 'forward_messages',
        conversation_id: from,
        seqs: seqs.slice(),
        to_conversation_id: to,
        client_msg_id: key,
        merged,
      })
    } catch (error) {
      // By its shape: the core's class is another one than this entry could import.
      const wait_ms = (error as Partial<ChaguanError>).retryAfterMs ?? 0
      if (!wait_ms || tries >= TRIES) throw error
      await new Promise<void>((resolve) => setTimeout(resolve, wait_ms))
    }
  }
}

/**
 * The whole of a bundle, with links that work; windows hold only its first lines. Null if it was recalled meanwhile or
 * can't be seen. Bundles in it come along, to the third level.
 */
export async function openBundle(client: Client, conversationId: string, seq: number): Promise<Merged | null> {
  const { messages } = await client.command<'get_messages'>({
    type: 'get_messages',
    conversation_id: conversationId,
    seqs: [seq],
  })
  const content = messages[0]?.content
  return content?.type === 'merged' ? content : null
}
