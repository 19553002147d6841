import type { Member, MemberRole, Presence, User } from '@chaguan/protocol'
import type { Engine } from './engine'

const USERS_AT_ONCE = 200

/** Users by id, from what is held or from the server. */
export class UsersApi {
  constructor(private readonly engine: Engine) {}

  /** A user that is held; every answer that names users brings them along. */
  find(userId: string): User | undefined {
    return this.engine.store.users.get(userId)
  }

  /** Users by id; unknown ids are missing in the answer. */
  async get(userIds: string[]): Promise<User[]> {
    const missing = userIds.filter((id) => !this.engine.store.users.has(id))
    for (let i = 0; i < missing.length; i += USERS_AT_ONCE) {
      const user_ids = missing.slice(i, i + USERS_AT_ONCE)
      const answer = await this.engine.command<'get_users'>({ type: 'get_users', user_ids })
      this.engine.store.addUsers(answer.users)
    }
    return userIds.map((id) => this.find(id)).filter((user): user is User => user !== undefined)
  }

  /** Staff: colleagues one can write to, by name. Customers get none. */
  async contacts(query = '', limit = 100): Promise<User[]> {
    const answer = await this.engine.command<'list_contacts'>({ type: 'list_contacts', query, limit })
    this.engine.store.addUsers(answer.users)
    return answer.users
  }

  /** Who is blocked can't send to me in our direct conversation any more. */
  async block(userId: string, on = true): Promise<void> {
    await this.engine.command<'set_block'>({ type: 'set_block', user_id: userId, on })
  }

  /** Tells the administrators of a user; up to 20 messages as evidence, `reason` of 1 to 500 characters. */
  async report(
    userId: string,
    reason: string,
    evidence: { conversationId?: string; seqs?: number[] } = {},
  ): Promise<void> {
    const { conversationId = '', seqs = [] } = evidence
    const key = { client_msg_id: this.engine.newKey() }
    await this.engine.command<'report_user'>({
      type: 'report_user',
      ...key,
      user_id: userId,
      reason,
      conversation_id: conversationId,
      seqs,
    })
  }
}

/** Members of a group. Changing them: only owner and admins. */
export class MembersApi {
  constructor(private readonly engine: Engine) {}

  /** A page of members, 100 by default; `cursor` of the last answer gives the next. */
  async list(
    conversationId: string,
    options: { limit?: number; cursor?: string } = {},
  ): Promise<{ members: Member[]; cursor: string }> {
    const { limit = 100, cursor = '' } = options
    const page = await this.engine.command<'list_members'>({
      type: 'list_members',
      conversation_id: conversationId,
      limit,
      cursor,
    })
    this.engine.store.addUsers(page.users)
    return { members: page.members, cursor: page.next_cursor || '' }
  }

  /** At most 200 users at a time. */
  async add(conversationId: string, userIds: string[]): Promise<void> {
    await this.engine.command<'add_members'>({ type: 'add_members', ...this.keyed(conversationId), user_ids: userIds })
  }

  async remove(conversationId: string, userId: string): Promise<void> {
    await this.engine.command<'remove_member'>({
      type: 'remove_member',
      ...this.keyed(conversationId),
      user_id: userId,
    })
  }

  /** The owner hands over first, with `setRole`. */
  async leave(conversationId: string): Promise<void> {
    await this.remove(conversationId, this.engine.store.me?.id || '')
  }

  /** Only the owner may; making another owner makes oneself an admin. */
  async setRole(conversationId: string, userId: string, role: MemberRole): Promise<void> {
    await this.engine.command<'set_member_role'>({
      type: 'set_member_role',
      ...this.keyed(conversationId),
      user_id: userId,
      role,
    })
  }

  private keyed(conversationId: string): { conversation_id: string; client_msg_id: string } {
    return { conversation_id: conversationId, client_msg_id: this.engine.newKey() }
  }
}

/** Who is online. Nothing is told unless it is watched. */
export class PresenceApi {
  private watched: string[] = []
  private readonly held = new Map<string, Presence>()

  constructor(private readonly engine: Engine) {
    engine.onWelcome.push(() => {
      if (this.watched.length) this.ask().catch(engine.report)
    })
    engine.listeners.push((push) => push.type === 'presence_changed' && this.take(push))
  }

  /** Watches these users (at most 100) instead of those before; the list is kept over reconnects. */
  async watch(userIds: string[]): Promise<Presence[]> {
    this.watched = userIds.slice()
    await this.ask()
    return userIds.map((id) => this.held.get(id)).filter((presence): presence is Presence => presence !== undefined)
  }

  /** What was last heard of a watched user. */
  find(userId: string): Presence | undefined {
    return this.held.get(userId)
  }

  private async ask(): Promise<void> {
    const answer = await this.engine.command<'watch_presence'>({ type: 'watch_presence', user_ids: this.watched })
    answer.presences.forEach((presence) => this.take(presence))
  }

  private take({ user_id, online, seen_at = 0 }: Presence): void {
    const presence = { user_id, online, seen_at }
    this.held.set(user_id, presence)
    this.engine.events.emit('presence', presence)
  }
}
