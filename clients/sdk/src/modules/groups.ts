/** Groups and their members. Changing members: only owner and admins. */
import type { Member, MemberRole } from '@chaguan/protocol'
import type { Client } from '../core/client'
import type { ConversationItem } from '../core/types'

/** A group; `memberIds` without oneself. `joinHistory`: who joins later sees everything from the start. */
export async function createGroup(
  client: Client,
  group: { name: string; memberIds: string[]; joinHistory?: boolean },
): Promise<ConversationItem> {
  const { name, memberIds: member_ids, joinHistory: join_history = false } = group
  const client_msg_id = client.newKey()
  const opened = await client.command<'create_group'>({
    type: 'create_group',
    client_msg_id,
    name,
    member_ids,
    join_history,
  })
  client.hold(opened.users, [opened.view])
  return client.conversations.get(opened.view.conversation.id)
}

/** Renames a group or changes its picture (a `media_id`, empty for none). Errors: `forbidden`. */
export async function updateGroup(
  client: Client,
  conversationId: string,
  change: { name?: string; avatar?: string },
): Promise<void> {
  await client.command<'update_conversation'>({
    type: 'update_conversation',
    ...keyed(client, conversationId),
    ...change,
  })
}

/**
 * A page of members, 100 by default; `cursor` of the last answer gives the next. `query`: those whose name contains it;
 * servers before that know no query answer with everyone.
 */
export async function listMembers(
  client: Client,
  conversationId: string,
  options: { limit?: number; cursor?: string; query?: string } = {},
): Promise<{ members: Member[]; cursor: string }> {
  const { limit = 100, cursor = '', query = '' } = options
  const page = await client.command<'list_members'>({
    type: 'list_members',
    conversation_id: conversationId,
    limit,
    cursor,
    ...(query && { query }),
  })
  client.hold(page.users, [])
  return { members: page.members, cursor: page.next_cursor ?? '' }
}

/** At most 200 users at a time. */
export async function addMembers(client: Client, conversationId: string, userIds: string[]): Promise<void> {
  await client.command<'add_members'>({ type: 'add_members', ...keyed(client, conversationId), user_ids: userIds })
}

export async function removeMember(client: Client, conversationId: string, userId: string): Promise<void> {
  await client.command<'remove_member'>({ type: 'remove_member', ...keyed(client, conversationId), user_id: userId })
}

/** The owner hands over first, with `setMemberRole`. */
export async function leaveGroup(client: Client, conversationId: string): Promise<void> {
  await removeMember(client, conversationId, client.me?.id ?? '')
}

/** Only the owner may; making another owner makes oneself an admin. */
export async function setMemberRole(
  client: Client,
  conversationId: string,
  userId: string,
  role: MemberRole,
): Promise<void> {
  await client.command<'set_member_role'>({
    type: 'set_member_role',
    ...keyed(client, conversationId),
    user_id: userId,
    role,
  })
}

function keyed(client: Client, conversation_id: string): { conversation_id: string; client_msg_id: string } {
  return { conversation_id, client_msg_id: client.newKey() }
}
