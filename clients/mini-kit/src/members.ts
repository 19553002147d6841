import type { Client } from '@chaguan/sdk'
import { listMembers } from '@chaguan/sdk/groups'
import { kit } from './kit'

/** A member as the view gets it. */
export interface MemberRow {
  id: string
  name: string
  avatar: string
}

const ENOUGH = 20

/** The members of a group, a page at a time; the reader is not among them. */
export class Members {
  private readonly held: MemberRow[] = []
  private cursor = ''
  private begun = false

  constructor(
    private readonly client: Client,
    private readonly id: string,
  ) {}

  get hasMore(): boolean {
    return !this.begun || this.cursor !== ''
  }

  /** Only owners and admins call everyone, as in WeChat. */
  get mayCallAll(): boolean {
    const role = this.client.conversations.find(this.id)?.inbox.role
    return role === 'owner' || role === 'admin'
  }

  matching(query: string): MemberRow[] {
    const wanted = query.trim().toLowerCase()
    return wanted ? this.held.filter(({ name }) => name.toLowerCase().indexOf(wanted) >= 0) : this.held
  }

  async page(): Promise<void> {
    const { members, cursor } = await listMembers(this.client, this.id, { cursor: this.cursor })
    this.begun = true
    this.cursor = cursor
    for (const { user_id: id } of members) {
      const user = this.client.users.find(id)
      if (id !== this.client.me?.id && user?.name)
        this.held.push({ id, name: user.name, avatar: kit.link(user.avatar) })
    }
  }

  /** Reads on until a screen of them matches; `wanted` says whether that is still asked for. */
  async fillFor(query: string, wanted: () => boolean): Promise<void> {
    while (wanted() && this.hasMore && this.matching(query).length < ENOUGH) await this.page()
  }
}
