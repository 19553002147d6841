import type { User } from '@chaguan/protocol'
import type { Client } from '../core/client'

/** Staff: colleagues one can write to, by name. Customers get none. */
export async function listContacts(client: Client, query = '', limit = 100): Promise<User[]> {
  const { users } = await client.command<'list_contacts'>({ type: 'list_contacts', query, limit })
  client.hold(users, [])
  return users
}

/** Who is blocked can't send to me in our direct conversation any more. */
export async function setBlock(client: Client, userId: string, on = true): Promise<void> {
  await client.command<'set_block'>({ type: 'set_block', user_id: userId, on })
}

/** Tells the administrators of a user; up to 20 messages as evidence, `reason` of 1 to 500 characters. */
export async function reportUser(
  client: Client,
  userId: string,
  reason: string,
  evidence: { conversationId?: string; seqs?: number[] } = {},
): Promise<void> {
  const { conversationId = '', seqs = [] } = evidence
  await client.command<'report_user'>({
    type: 'report_user',
    client_msg_id: client.newKey(),
    user_id: userId,
    reason,
    conversation_id: conversationId,
    seqs,
  })
}
