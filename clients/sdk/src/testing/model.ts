import type {
  Case,
  Command,
  Conversation,
  ConversationKind,
  ConversationSync,
  ConversationView,
  History,
  Inbox,
  User,
  Welcome,
} from '@chaguan/protocol'
import { filled, hasReaction, structuredCopy } from './messages'
import { Places, Refusal } from './places'
import type { NewEntry, Place } from './places'

/** The rules of the wire in memory: what commands and resumes answer. No sockets; see `ModelServer`. */
export class Model extends Places {
  private listed(userId: string, archived: boolean): ConversationView[] {
    const views: ConversationView[] = []
    this.rows.forEach((row, key) => {
      if (key.indexOf(`${userId} `) === 0 && !row.removed && (row.archived ?? false) === archived)
        views.push(this.view(userId, row.conversation_id))
    })
    const at = ({ conversation }: ConversationView) => conversation.last_at || conversation.created_at || 0
    return views.sort(
      (a, b) =>
        (b.inbox.pinned_at ?? 0) - (a.inbox.pinned_at ?? 0) ||
        at(b) - at(a) ||
        (a.conversation.id < b.conversation.id ? 1 : -1),
    )
  }

  page(
    userId: string,
    archived: boolean,
    cursor: string,
  ): { conversations: ConversationView[]; users: User[]; next_cursor: string } {
    const all = this.listed(userId, archived)
    const after = cursor ? all.findIndex(({ conversation }) => conversation.id === cursor) + 1 : 0
    const conversations = all.slice(after, after + this.limits.rows)
    const last = conversations[conversations.length - 1]
    const more = after + conversations.length < all.length
    return {
      conversations,
      users: Array.from(this.users.values()),
      next_cursor: more && last ? last.conversation.id : '',
    }
  }

  welcome(
    userId: string,
    asked: { epoch?: string | null; user_version?: number; known?: [string, number][] },
  ): Welcome {
    const version = this.version(userId)
    const user = this.users.get(userId)
    if (!user) throw new Refusal('unauthenticated')
    const fresh = asked.epoch !== this.epoch || (asked.user_version ?? 0) > version || !asked.user_version
    const base = {
      user,
      session_id: 's',
      epoch: this.epoch,
      user_version: version,
      server_time: this.clock,
      users: Array.from(this.users.values()),
    }
    if (fresh) {
      const { conversations, next_cursor } = this.page(userId, false, '')
      return { ...base, full: true, conversations, next_cursor, syncs: [] }
    }
    const conversations: ConversationView[] = []
    this.rows.forEach((row, key) => {
      if (key.indexOf(`${userId} `) !== 0 || row.version <= (asked.user_version ?? 0)) return
      conversations.push(row.removed ? this.tombstone(row) : this.view(userId, row.conversation_id))
    })
    const known = asked.known ?? []
    const syncs = known
      .map(([id, seq]) => this.sync(userId, id, seq))
      .filter((sync): sync is ConversationSync => sync !== null)
    return { ...base, conversations, syncs }
  }

  private tombstone(row: Inbox): ConversationView {
    return { conversation: { id: row.conversation_id, kind: 'group' }, inbox: structuredCopy(row), last: null }
  }

  private sync(userId: string, id: string, seq: number): ConversationSync | null {
    try {
      const { until } = this.range(userId, id)
      return seq === until ? null : this.pull(userId, id, seq)
    } catch {
      return { conversation_id: id, head_seq: 0, head_ordinal: 0, reset: true }
    }
  }

  pull(userId: string, id: string, after: number): ConversationSync {
    const { place } = this.access(userId, id)
    const { from, until } = this.range(userId, id)
    const { head_ordinal = 0, floor_seq = 0 } = this.view(userId, id).conversation
    const base = { conversation_id: id, head_seq: until, head_ordinal, floor_seq }
    const missing = place.entries.filter((entry) => entry.seq > after && entry.seq >= from && entry.seq <= until)
    if (after > until || missing.length > this.limits.gap) {
      const messages = this.visible(userId, id).slice(-this.limits.page)
      const low = messages.length < this.limits.page ? 0 : (messages[0]?.seq ?? 0)
      const told = this.told(userId, id).filter(({ seq }) => seq > low)
      return { ...base, reset: true, entries: [...messages, ...told].sort((a, b) => a.seq - b.seq) }
    }
    const entries = missing
      .slice(0, this.limits.page)
      .map((entry) => structuredCopy(entry.type === 'message_sent' ? (place.messages.get(entry.seq) ?? entry) : entry))
    return { ...base, entries, more: entries.length < missing.length }
  }

  history(userId: string, command: Extract<Command, { type: 'get_history' }>): History {
    const { before = 0, after, around = 0, limit = 30 } = command
    const all = this.visible(userId, command.conversation_id)
    let start = 0
    let end = all.length
    if (around) {
      const at = all.findIndex((message) => message.seq >= around)
      start = Math.max(0, (at < 0 ? all.length : at) - Math.floor(limit / 2))
      end = Math.min(all.length, start + limit)
    } else if (after !== undefined) {
      start = all.filter((message) => message.seq <= after).length
      end = Math.min(all.length, start + limit)
    } else {
      end = before ? all.filter((message) => message.seq < before).length : all.length
      start = Math.max(0, end - limit)
    }
    const messages = all.slice(start, end)
    const low = after !== undefined ? after + 1 : start > 0 ? (messages[0]?.seq ?? 0) : 0
    const high = before ? before - 1 : end < all.length ? (messages[messages.length - 1]?.seq ?? 0) : Infinity
    return {
      messages,
      notices: this.told(userId, command.conversation_id).filter(({ seq }) => seq >= low && seq <= high),
      head_seq: this.range(userId, command.conversation_id).until,
      users: [],
      before: start > 0 ? (messages[0]?.seq ?? all[start]?.seq ?? 0) : 0,
      after: end < all.length ? (messages[messages.length - 1]?.seq ?? 0) : 0,
    }
  }

  /** Runs a command that changes something, once per key. */
  private once<T>(place: Place, userId: string, command: { client_msg_id: string; id: number }, run: () => T): T {
    const key = `${userId} ${command.client_msg_id}`
    const text = JSON.stringify({ ...command, id: 0 })
    const held = place.keys.get(key)
    if (held && held.text !== text) throw new Refusal('conflict')
    if (held) return held.reply as T
    const reply = run()
    place.keys.set(key, { text, reply })
    return reply
  }

  send(userId: string, command: Extract<Command, { type: 'send_message' }>) {
    const place = this.member(userId, command.conversation_id)
    if (command.content.type === 'text' && !command.content.text) throw new Refusal('bad_request')
    return this.once(place, userId, command, () => {
      this.openCase(place, userId)
      const { conversation_id, client_msg_id, content, mentions = [], quote_seq = 0 } = command
      const quote = quote_seq ? { seq: quote_seq, sender_id: place.messages.get(quote_seq)?.sender_id ?? '' } : null
      const entry = this.append(conversation_id, {
        type: 'message_sent',
        sender_id: userId,
        client_msg_id,
        content: filled(content),
        mentions,
        quote,
      })
      return { seq: entry.seq, ordinal: place.conversation.head_ordinal ?? 0, created_at: entry.created_at }
    })
  }

  changeMessage(
    userId: string,
    command: Extract<Command, { type: 'edit_message' | 'recall_message' | 'set_reaction' }>,
  ) {
    const place = this.member(userId, command.conversation_id)
    return this.once(place, userId, command, () => {
      const { from, until } = this.range(userId, command.conversation_id)
      const target = place.messages.get(command.target_seq)
      if (!target || target.seq < from || target.seq > until) throw new Refusal('not_found')
      const common = { actor_id: userId, target_seq: command.target_seq }
      if (command.type !== 'set_reaction' && target.sender_id !== userId) throw new Refusal('forbidden')
      if (target.content === null) throw new Refusal('conflict')
      const entry: NewEntry | null =
        command.type === 'edit_message'
          ? { type: 'message_edited', ...common, content: command.content, mentions: command.mentions ?? [] }
          : command.type === 'recall_message'
            ? { type: 'message_recalled', ...common }
            : hasReaction(target, command.emoji, userId) === command.on
              ? null
              : { type: 'reaction_set', ...common, emoji: command.emoji, on: command.on }
      if (!entry) return { seq: 0, created_at: 0 }
      const { seq, created_at } = this.append(command.conversation_id, entry)
      return { seq, created_at }
    })
  }

  changeMembers(
    userId: string,
    command: Extract<Command, { type: 'add_members' | 'remove_member' | 'set_member_role' | 'update_conversation' }>,
  ) {
    const id = command.conversation_id
    const place = this.member(userId, id)
    return this.once(place, userId, command, () => {
      const actor_id = userId
      let seq = 0
      if (command.type === 'add_members') {
        for (const user_id of command.user_ids)
          if (!place.members.has(user_id))
            seq = this.append(id, { type: 'member_joined', actor_id, user_id, role: 'member' }).seq
      } else if (command.type === 'remove_member') {
        if (place.members.has(command.user_id))
          seq = this.append(id, { type: 'member_left', actor_id, user_id: command.user_id }).seq
      } else if (command.type === 'set_member_role') {
        place.members.set(command.user_id, command.role)
        seq = this.append(id, { type: 'member_changed', actor_id, user_id: command.user_id, role: command.role }).seq
        this.setRow(command.user_id, id, { role: command.role })
      } else seq = this.append(id, { type: 'conversation_changed', actor_id, name: command.name ?? null }).seq
      return { seq, created_at: this.clock }
    })
  }

  /** The row is gone, as after the erasure of a conversation for one user. */
  removeRow(userId: string, id: string): void {
    const { row, place } = this.access(userId, id)
    place.members.delete(userId)
    const previous = this.version(userId)
    this.versions.set(userId, previous + 1)
    this.rows.set(`${userId} ${id}`, { ...row, removed: true, version: previous + 1 })
    const conversations = [this.tombstone({ ...row, removed: true, version: previous + 1 })]
    this.tell(userId, { type: 'user_changed', previous, version: previous + 1, conversations })
  }

  mark(userId: string, id: string, seq: number): void {
    const { row, place } = this.access(userId, id)
    const messages = this.visible(userId, id).filter((message) => message.seq <= seq)
    if (seq <= (row.read_seq ?? 0)) return
    const read_ordinal = Math.max(row.read_ordinal ?? 0, messages[messages.length - 1]?.ordinal ?? 0)
    this.setRow(userId, id, { read_seq: seq, read_ordinal }, true)
    if (place.conversation.kind === 'group') return
    for (const other of Array.from(place.members.keys())) {
      const theirs = this.rows.get(`${other} ${id}`)
      if (other === userId || !theirs) continue
      theirs.peer_read_seq = Math.max(theirs.peer_read_seq ?? 0, seq)
      this.tell(other, { type: 'mark_moved', conversation_id: id, user_id: userId, read_seq: seq })
    }
  }

  updateInbox(userId: string, command: Extract<Command, { type: 'update_inbox' }>) {
    this.access(userId, command.conversation_id)
    const { pinned, muted, marked_unread, archived } = command
    const part: Partial<Inbox> = {}
    if (pinned !== undefined) part.pinned_at = pinned ? this.tick() : 0
    if (muted !== undefined) part.muted = muted
    if (marked_unread !== undefined) part.marked_unread = marked_unread
    if (archived !== undefined) part.archived = archived
    const inbox = this.setRow(userId, command.conversation_id, part, true)
    return { inbox: structuredCopy(inbox), user_version: this.version(userId) }
  }

  openDirect(userId: string, peer: string) {
    if (!this.users.has(peer)) throw new Refusal('not_found')
    return this.openAs(userId, `d-${[userId, peer].sort().join('-')}`, () => ({
      kind: 'direct',
      members: [userId, peer],
      fields: {},
    }))
  }

  openService(userId: string, customerId: string, context: Record<string, unknown>) {
    const customer_id = customerId || userId
    const shop_id = 'shop'
    const opened = this.openAs(userId, `s-${customer_id}`, () => ({
      kind: 'service',
      members: [customer_id],
      fields: { shop_id, customer_id, name: 'Shop' },
    }))
    const place = this.places.get(opened.view.conversation.id)
    if (place && !place.case)
      place.case = {
        id: `case-${customer_id}-1`,
        conversation_id: opened.view.conversation.id,
        shop_id,
        customer_id,
        status: 'resolved',
        context,
      }
    return opened
  }

  private openAs(
    userId: string,
    id: string,
    make: () => { kind: ConversationKind; members: string[]; fields: Partial<Conversation> },
  ) {
    const created = !this.places.has(id)
    if (created) {
      const { kind, members, fields } = make()
      this.create(kind, members, { ...fields, id })
    }
    return { view: this.view(userId, id), users: this.usersOf(id), created }
  }

  private openCase(place: Place, userId: string): void {
    const held = place.case
    if (!held || held.customer_id !== userId || held.status !== 'resolved') return
    this.setCase(place, { ...held, status: 'waiting', agent_id: '' })
  }

  private setCase(place: Place, next: Case): Case {
    const previous = this.deskVersion++
    place.case = { ...next, version: this.deskVersion }
    const { id: case_id, status, agent_id = '', conversation_id, shop_id } = place.case
    this.append(conversation_id, {
      type: 'case_changed',
      actor_id: agent_id || place.case.customer_id,
      case_id,
      status,
      agent_id,
    })
    this.users.forEach((user) => {
      if (user.kind !== 'staff' || !place.case) return
      this.tell(user.id, {
        type: 'desk_changed',
        shop_id,
        previous,
        version: this.deskVersion,
        cases: [{ ...place.case }],
        users: this.usersOf(conversation_id),
      })
    })
    return place.case
  }

  desk() {
    const cases = Array.from(this.places.values())
      .map((place) => place.case)
      .filter((held): held is Case => held !== null && held.status !== 'resolved')
    return { shop_id: 'shop', version: this.deskVersion, cases, users: Array.from(this.users.values()) }
  }

  changeCase(userId: string, command: Extract<Command, { type: 'take_case' | 'resolve_case' }>) {
    const place = Array.from(this.places.values()).find((one) => one.case?.id === command.case_id)
    if (!place?.case) throw new Refusal('not_found')
    const { agent_id, status } = place.case
    if (command.type === 'resolve_case')
      return {
        case: this.setCase(place, { ...place.case, status: 'resolved' }),
        view: this.view(userId, place.conversation.id),
      }
    if (status === 'open' && agent_id !== userId && !command.force) throw new Refusal('conflict', { agent_id })
    if (!place.members.has(userId)) {
      place.members.set(userId, 'agent')
      this.setRow(userId, place.conversation.id, { role: 'agent', from_seq: 1, until_seq: 0 })
    }
    return {
      case: this.setCase(place, { ...place.case, status: 'open', agent_id: userId }),
      view: this.view(userId, place.conversation.id),
    }
  }
}
