import type { SearchPage } from '@chaguan/protocol'
import type { Client } from '../core/client'

/** Messages that contain every word of `query`, newest first, in one conversation or in all of mine. */
export async function searchMessages(
  client: Client,
  query: string,
  options: { conversationId?: string; limit?: number; cursor?: string } = {},
): Promise<SearchPage> {
  const { conversationId = '', limit = 20, cursor = '' } = options
  const page = await client.command<'search_messages'>({
    type: 'search_messages',
    query,
    conversation_id: conversationId,
    limit,
    cursor,
  })
  client.hold(page.users, [])
  return page
}
