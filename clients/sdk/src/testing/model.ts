import type {
  Case,
  Command,
  Content,
  Conversation,
  ConversationKind,
  ConversationSync,
  ConversationView,
  Entry,
  ErrorCode,
  History,
  Inbox,
  MemberRole,
  MessageSent,
  Push,
  Reaction,
  User,
  Welcome,
} from '@chaguan/protocol'

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type NewEntry = Without<Entry, 'conversation_id' | 'seq' | 'created_at'>

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

interface Place {
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

/** The rules of the wire in memory: logs, rows, versions, visibility. No sockets; see `ModelServer`. */
export class Model {
  epoch = `${EPOCH}-1`
  readonly users = new Map<string, User>()
  places = new Map<string, Place>()
  private rows = new Map<string, Inbox>()
  private frozen = new Map<string, Conversation>()
  private versions = new Map<string, number>()
  private clock = 1_700_000_000_000
  private made = 0
  private deskVersion = 0

  constructor(
    readonly limits: ModelLimits,
    private readonly tell: (userId: string, push: Push) => void,
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

  private tick(): number {
    return ++this.clock
  }

  private setRow(userId: string, id: string, part: Partial<Inbox>, onlyMine = false): Inbox {
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

  private member(userId: string, id: string): Place {
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

  private change(place: Place, entry: Entry): void {
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
  private advanceMarks({ conversation, members }: Place, entry: MessageSent): void {
    const row = this.rows.get(`${entry.sender_id} ${entry.conversation_id}`)
    if (row) Object.assign(row, { read_seq: entry.seq, read_ordinal: entry.ordinal })
    if (conversation.kind !== 'group')
      this.peersRead(Array.from(members.keys()), entry.sender_id, conversation.id, entry.seq)
  }

  private peersRead(memberIds: string[], reader: string, id: string, seq: number): void {
    for (const other of memberIds) {
      const theirs = this.rows.get(`${other} ${id}`)
      if (other !== reader && theirs) theirs.peer_read_seq = Math.max(theirs.peer_read_seq ?? 0, seq)
    }
  }

  private range(userId: string, id: string): { from: number; until: number } {
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

  private usersOf(id: string): User[] {
    return Array.from(this.places.get(id)?.members.keys() ?? []).map((user) => this.users.get(user) as User)
  }

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
      return { ...base, reset: true, entries: this.visible(userId, id).slice(-this.limits.page) }
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
    return {
      messages,
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
    this.peersRead(Array.from(place.members.keys()), userId, id, seq)
    for (const other of Array.from(place.members.keys()))
      if (other !== userId && this.rows.has(`${other} ${id}`))
        this.tell(other, { type: 'mark_moved', conversation_id: id, user_id: userId, read_seq: seq })
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

export function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function filled(content: Content): Content {
  return 'media_id' in content ? { ...content, url: `/v1/media/${content.media_id}?exp=1&sig=x` } : content
}

function hasReaction(message: MessageSent, emoji: string, userId: string): boolean {
  return (message.reactions ?? []).some(([held, users]) => held === emoji && users.indexOf(userId) >= 0)
}

function reacted(reactions: Reaction[], emoji: string, userId: string, on: boolean): Reaction[] {
  const next = reactions.map(([held, users]): Reaction => [
    held,
    held === emoji ? users.filter((user) => user !== userId) : users,
  ])
  const mine = next.find(([held]) => held === emoji)
  if (on && mine) mine[1].push(userId)
  else if (on) next.push([emoji, [userId]])
  return next.filter(([, users]) => users.length > 0)
}
