import type { Client } from '@chaguan/sdk'
import { listMembers } from '@chaguan/sdk/groups'
import { kit } from './kit'

/** A member as the view gets it. */
export interface MemberRow {
  id: string
  name: string
  avatar: string
}

/** The members that a query finds, as far as they were asked for. */
interface Found {
  rows: MemberRow[]
  cursor: string
  begun: boolean
}

const ENOUGH = 20

/** The members of a group, a page at a time; the reader is not among them. */
export class Members {
  private readonly found = new Map<string, Found>()

  constructor(
    private readonly client: Client,
    private readonly id: string,
  ) {}

  /** Only owners and admins call everyone, as in WeChat. */
  get mayCallAll(): boolean {
    const role = this.client.conversations.find(this.id)?.inbox.role
    return role === 'owner' || role === 'admin'
  }

  hasMore(query: string): boolean {
    const { begun, cursor } = this.of(query)
    return !begun || cursor !== ''
  }

  matching(query: string): MemberRow[] {
    const wanted = query.trim().toLowerCase()
    const { rows } = this.of(query)
    return wanted ? rows.filter(({ name }) => name.toLowerCase().indexOf(wanted) >= 0) : rows
  }

  async page(query: string): Promise<void> {
    const found = this.of(query)
    const { members, cursor } = await listMembers(this.client, this.id, { cursor: found.cursor, query: query.trim() })
    found.begun = true
    found.cursor = cursor
    for (const { user_id: id } of members) {
      const user = this.client.users.find(id)
      if (id !== this.client.me?.id && user?.name)
        found.rows.push({ id, name: user.name, avatar: kit.link(user.avatar) })
    }
  }

  /** Reads on until a screen of them matches; `wanted` says whether that is still asked for. */
  async fillFor(query: string, wanted: () => boolean): Promise<void> {
    while (wanted() && this.hasMore(query) && this.matching(query).length < ENOUGH) await this.page(query)
  }

  /** The server looks for a name, unless everyone is here already. */
  private of(query: string): Found {
    const all = this.found.get('')
    const key = all?.begun && !all.cursor ? '' : query.trim().toLowerCase()
    const found = this.found.get(key) ?? { rows: [], cursor: '', begun: false }
    this.found.set(key, found)
    return found
  }
}
