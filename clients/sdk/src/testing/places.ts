import type {
  Case,
  Conversation,
  ConversationKind,
  ConversationView,
  Entry,
  ErrorCode,
  Inbox,
  MemberRole,
  MessageSent,
  Push,
  User,
} from '@chaguan/protocol'
import { reacted, structuredCopy } from './messages'

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type NewEntry = Without<Entry, 'conversation_id' | 'seq' | 'created_at'>

export class Refusal extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly data: Record<string, unknown> = {},
  ) {
    super(code)
  }
}

/** Of the wire's rules, the numbers that tests want smaller. */
export interface ModelLimits {
  /** A gap of more entries is answered with `reset`. */
  gap: number
  /** Entries in one answer to a pull. */
  page: number
  /** Rows in the first answer and in a page of the list. */
  rows: number
}

export interface Place {
  conversation: Conversation
  entries: Entry[]
  /** Messages in their current state, by seq. */
  messages: Map<number, MessageSent>
  members: Map<string, MemberRole>
  joinHistory: boolean
  keys: Map<string, { text: string; reply: unknown }>
  case: Case | null
}

const EPOCH = 'epoch'
/** Conversations with their logs, the rows of their members, and who may see what. */
export class Places {
  epoch = `${EPOCH}-1`
  readonly users = new Map<string, User>()
  places = new Map<string, Place>()
  protected rows = new Map<string, Inbox>()
  protected frozen = new Map<string, Conversation>()
  protected versions = new Map<string, number>()
  protected clock = 1_700_000_000_000
  protected made = 0
  protected deskVersion = 0

  constructor(
    readonly limits: ModelLimits,
    protected readonly tell: (userId: string, push: Push) => void,
  ) {}

  addUser(id: string, kind: User['kind'] = 'staff', name = id): User {
    const user: User = { id, kind, name }
    this.users.set(id, user)
    return user
  }

  create(kind: ConversationKind, memberIds: string[], fields: Partial<Conversation> = {}, joinHistory = false): string {
    const id = fields.id ?? `c${++this.made}`
    const conversation: Conversation = { kind, created_at: this.tick(), ...fields, id, member_count: memberIds.length }
    const members = new Map(
      memberIds.map((user, i): [string, MemberRole] => [user, i === 0 && kind === 'group' ? 'owner' : 'member']),
    )
    this.places.set(id, {
      conversation,
      entries: [],
      messages: new Map(),
      members,
      joinHistory,
      keys: new Map(),
      case: null,
    })
    for (const user of memberIds) {
      const peer_id = kind === 'direct' ? (memberIds.find((other) => other !== user) ?? '') : ''
      this.setRow(user, id, { role: members.get(user) ?? 'member', peer_id, from_seq: 1 })
    }
    return id
  }

  /** A copy of everything, for `restore`. */
  snapshot(): string {
    const places = Array.from(this.places, ([id, place]) => [
      id,
      {
        ...place,
        messages: Array.from(place.messages),
        members: Array.from(place.members),
        keys: Array.from(place.keys),
      },
    ])
    const { rows, frozen, versions } = this
    return JSON.stringify({
      places,
      rows: Array.from(rows),
      frozen: Array.from(frozen),
      versions: Array.from(versions),
    })
  }

  /** Back to a snapshot, as after the restore of a backup: another epoch. */
  restore(snapshot: string): void {
    const held = JSON.parse(snapshot) as {
      places: [string, never][]
      rows: [string, Inbox][]
      frozen: [string, Conversation][]
      versions: [string, number][]
    }
    this.places = new Map(
      held.places.map(([id, place]: [string, Record<string, unknown>]) => [
        id,
        {
          ...place,
          messages: new Map(place['messages'] as []),
          members: new Map(place['members'] as []),
          keys: new Map(place['keys'] as []),
        } as unknown as Place,
      ]),
    )
    this.rows = new Map(held.rows)
    this.frozen = new Map(held.frozen)
    this.versions = new Map(held.versions)
    this.epoch = `${EPOCH}-${this.tick()}`
  }

  version(userId: string): number {
    return this.versions.get(userId) ?? 0
  }

  /** Forgets the last changes of a user's rows, as a database does that was set back. */
  setBack(userId: string, by: number): void {
    const version = this.version(userId) - by
    this.versions.set(userId, version)
    this.rows.forEach((row, key) => {
      if (key.indexOf(`${userId} `) === 0) this.rows.set(key, { ...row, version: Math.min(row.version, version) })
    })
  }

  protected tick(): number {
    return ++this.clock
  }

  protected setRow(userId: string, id: string, part: Partial<Inbox>, onlyMine = false): Inbox {
    const previous = this.version(userId)
    const version = previous + 1
    const row: Inbox = { ...this.rows.get(`${userId} ${id}`), conversation_id: id, ...part, version }
    this.rows.set(`${userId} ${id}`, row)
    this.versions.set(userId, version)
    const changed = onlyMine
      ? { inboxes: [structuredCopy(row)] }
      : { conversations: [this.view(userId, id)], users: this.usersOf(id) }
    this.tell(userId, { type: 'user_changed', previous, version, ...changed })
    return row
  }

  /** The row and place of a conversation that the user may see. */
  access(userId: string, id: string): { row: Inbox; place: Place } {
    const place = this.places.get(id)
    const row = this.rows.get(`${userId} ${id}`)
    if (!place || !row || row.removed) throw new Refusal('not_found')
    return { row, place }
  }

  protected member(userId: string, id: string): Place {
    const { place } = this.access(userId, id)
    if (!place.members.has(userId)) throw new Refusal('forbidden')
    return place
  }

  append(id: string, entry: NewEntry): Entry {
    const place = this.places.get(id)
    if (!place) throw new Refusal('not_found')
    const { conversation } = place
    const seq = place.entries.length + 1
    const full = { ...entry, conversation_id: id, seq, created_at: this.tick() } as Entry
    conversation.head_seq = seq
    this.change(place, full)
    place.entries.push(full)
    const readers = new Set(place.members.keys())
    if (full.type === 'member_left') {
      place.members.delete(full.user_id)
      this.frozen.set(`${full.user_id} ${id}`, { ...conversation })
      this.setRow(full.user_id, id, { until_seq: seq })
    }
    if (full.type === 'member_joined') {
      place.members.set(full.user_id, full.role ?? 'member')
      readers.add(full.user_id)
      this.frozen.delete(`${full.user_id} ${id}`)
      this.setRow(full.user_id, id, {
        role: full.role ?? 'member',
        from_seq: place.joinHistory ? 1 : seq,
        until_seq: 0,
        removed: false,
      })
    }
    readers.forEach((user) => this.tell(user, structuredCopy(full) as Push))
    return full
  }

  protected change(place: Place, entry: Entry): void {
    const { conversation } = place
    const target = 'target_seq' in entry ? place.messages.get(entry.target_seq) : undefined
    switch (entry.type) {
      case 'message_sent':
        entry.ordinal = (conversation.head_ordinal ?? 0) + 1
        conversation.head_ordinal = entry.ordinal
        conversation.last_at = entry.created_at
        place.messages.set(entry.seq, structuredCopy(entry))
        return this.advanceMarks(place, entry)
      case 'message_edited':
        if (target)
          Object.assign(target, { content: entry.content, mentions: entry.mentions ?? [], edited_at: entry.created_at })
        break
      case 'message_recalled':
        if (target)
          Object.assign(target, {
            content: null,
            mentions: [],
            quote: null,
            reactions: [],
            edited_at: 0,
            recalled_by: entry.actor_id,
          })
        for (const older of place.entries)
          if (older.type === 'message_edited' && older.target_seq === entry.target_seq) older.content = null
        break
      case 'reaction_set':
        if (target) target.reactions = reacted(target.reactions ?? [], entry.emoji, entry.actor_id, entry.on)
        break
      case 'messages_erased':
        for (const seq of entry.target_seqs) {
          const message = place.messages.get(seq)
          if (message) Object.assign(message, { content: null, changed_seq: entry.seq })
        }
        break
      case 'member_joined':
        conversation.member_count = (conversation.member_count ?? 0) + 1
        break
      case 'member_left':
        conversation.member_count = (conversation.member_count ?? 1) - 1
        break
      case 'conversation_changed':
        if (entry.name != null) conversation.name = entry.name
        break
      case 'floor_raised':
        conversation.floor_seq = entry.floor_seq
        break
      case 'member_changed':
      case 'case_changed':
      case 'entry_hidden':
        break
    }
    if (target) target.changed_seq = entry.seq
  }

  /** Who writes has read what stands above; nothing is pushed for it. */
  protected advanceMarks({ conversation, members }: Place, entry: MessageSent): void {
    const row = this.rows.get(`${entry.sender_id} ${entry.conversation_id}`)
    if (row) Object.assign(row, { read_seq: entry.seq, read_ordinal: entry.ordinal })
    if (conversation.kind !== 'group')
      this.peersRead(Array.from(members.keys()), entry.sender_id, conversation.id, entry.seq)
  }

  protected peersRead(memberIds: string[], reader: string, id: string, seq: number): void {
    for (const other of memberIds) {
      const theirs = this.rows.get(`${other} ${id}`)
      if (other !== reader && theirs) theirs.peer_read_seq = Math.max(theirs.peer_read_seq ?? 0, seq)
    }
  }

  protected range(userId: string, id: string): { from: number; until: number } {
    const { row, place } = this.access(userId, id)
    return {
      from: Math.max(row.from_seq ?? 1, place.conversation.floor_seq ?? 1),
      until: row.until_seq || (place.conversation.head_seq ?? 0),
    }
  }

  /** Messages that a user may see, in current state. */
  visible(userId: string, id: string): MessageSent[] {
    const { from, until } = this.range(userId, id)
    const messages = Array.from(this.places.get(id)?.messages.values() ?? [])
    return messages.filter((message) => message.seq >= from && message.seq <= until).map(structuredCopy)
  }

  /** What is told between the messages that a user may see. */
  told(userId: string, id: string): Entry[] {
    const { from, until } = this.range(userId, id)
    const entries = this.places.get(id)?.entries ?? []
    return entries
      .filter(({ type, seq }) => /^(member|conversation|case)_/.test(type) && seq >= from && seq <= until)
      .map(structuredCopy)
  }

  view(userId: string, id: string): ConversationView {
    const { place } = this.access(userId, id)
    const row = this.rows.get(`${userId} ${id}`) as Inbox
    const messages = this.visible(userId, id)
    const conversation = structuredCopy(this.frozen.get(`${userId} ${id}`) ?? place.conversation)
    return {
      conversation,
      inbox: structuredCopy(row),
      last: messages[messages.length - 1] ?? null,
      case: place.case && { ...place.case },
    }
  }

  protected usersOf(id: string): User[] {
    return Array.from(this.places.get(id)?.members.keys() ?? []).map((user) => this.users.get(user) as User)
  }
}
