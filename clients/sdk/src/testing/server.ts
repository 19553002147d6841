import type { Command, Push, Reply } from '@chaguan/protocol'
import { forward } from './forwarding'
import { structuredCopy } from './messages'
import { Model } from './model'
import { Refusal } from './places'
import type { ModelLimits } from './places'

/** One connected device as the server sees it. */
export interface Session {
  userId: string
  send(frame: Reply | Push): void
  close(code: number, reason: string): void
  typing?: boolean
}

/**
 * A server in memory that follows the rules of the wire, for tests of clients. The token is the user's id.
 * `model` is its state; change it directly to act as somebody else.
 */
export class ModelServer {
  readonly model: Model
  readonly sessions = new Set<Session>()
  /** Commands that were received, for tests that count. */
  readonly received: Command[] = []
  /** Called before each command; what it throws (a `Refusal`) is the answer. */
  before: (command: Command, userId: string) => void = () => undefined
  private readonly watchers = new Map<Session, Set<string>>()

  constructor(limits: Partial<ModelLimits> = {}) {
    this.model = new Model({ gap: 200, page: 200, rows: 50, ...limits }, (userId, push) => this.push(userId, push))
  }

  private push(userId: string, push: Push): void {
    this.sessions.forEach((session) => session.userId === userId && session.send(structuredCopy(push)))
  }

  isOnline(userId: string): boolean {
    return Array.from(this.sessions).some((session) => session.userId === userId)
  }

  drop(session: Session): void {
    this.watchers.delete(session)
    if (this.sessions.delete(session)) this.tellPresence(session.userId)
  }

  private tellPresence(userId: string): void {
    const online = this.isOnline(userId)
    this.watchers.forEach(
      (watched, session) => watched.has(userId) && session.send({ type: 'presence_changed', user_id: userId, online }),
    )
  }

  receive(session: Session, command: Command): void {
    this.received.push(command)
    const { id } = command
    try {
      this.before(command, session.userId)
      const ok = command.type === 'hello' ? this.hello(session, command) : this.run(session, command)
      session.send({ type: 'reply', id, ok: structuredCopy(ok ?? null) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      session.send({ type: 'reply', id, error: { code: error.code, data: error.data } })
      if (command.type === 'hello' && error.code === 'unauthenticated') session.close(4501, 'unauthenticated')
    }
  }

  private hello(session: Session, command: Extract<Command, { type: 'hello' }>) {
    if (!this.model.users.has(command.token)) throw new Refusal('unauthenticated')
    session.userId = command.token
    this.sessions.add(session)
    this.tellPresence(session.userId)
    return this.model.welcome(session.userId, command)
  }

  /** Runs a command for a user as if their device had sent it. */
  as(userId: string, command: Command): unknown {
    return this.run({ userId, send: () => undefined, close: () => undefined }, command)
  }

  private run(session: Session, command: Command): unknown {
    const { model } = this
    const me = session.userId
    if (!me) throw new Refusal('unauthenticated')
    switch (command.type) {
      case 'resume':
        return model.welcome(me, command)
      case 'send_message':
        return model.send(me, command)
      case 'forward_messages':
        return forward(model, me, command)
      case 'edit_message':
      case 'recall_message':
      case 'set_reaction':
        return model.changeMessage(me, command)
      case 'add_members':
      case 'remove_member':
      case 'set_member_role':
      case 'update_conversation':
        return model.changeMembers(me, command)
      case 'mark_read':
        return model.mark(me, command.conversation_id, command.seq)
      case 'set_typing':
        return this.typing(me, command.conversation_id)
      case 'list_conversations':
        return model.page(me, command.archived ?? false, command.cursor ?? '')
      case 'get_conversation':
        return { view: model.view(me, command.conversation_id), users: Array.from(model.users.values()) }
      case 'get_history':
        return model.history(me, command)
      case 'get_messages': {
        const { until } = { until: model.view(me, command.conversation_id).conversation.head_seq ?? 0 }
        const messages = model
          .visible(me, command.conversation_id)
          .filter((message) => command.seqs.indexOf(message.seq) >= 0)
        return { messages, head_seq: until }
      }
      case 'pull_entries':
        return model.pull(me, command.conversation_id, command.after_seq)
      default:
        return this.runRest(session, command)
    }
  }

  private runRest(session: Session, command: Command): unknown {
    const { model } = this
    const me = session.userId
    switch (command.type) {
      case 'create_direct':
        return model.openDirect(me, command.user_id)
      case 'create_group': {
        const id = model.create(
          'group',
          [me, ...command.member_ids],
          { name: command.name },
          command.join_history ?? false,
        )
        return { view: model.view(me, id), users: Array.from(model.users.values()), created: true }
      }
      case 'open_service':
        return model.openService(me, command.customer_id ?? '', command.context ?? {})
      case 'list_members': {
        const { place } = model.access(me, command.conversation_id)
        return {
          members: Array.from(place.members, ([user_id, role]) => ({ user_id, role })),
          users: Array.from(model.users.values()),
        }
      }
      case 'update_inbox':
        return model.updateInbox(me, command)
      case 'get_users':
        return { users: command.user_ids.map((id) => model.users.get(id)).filter(Boolean) }
      case 'list_contacts':
        return { users: Array.from(model.users.values()).filter((user) => user.kind === 'staff' && user.id !== me) }
      case 'search_messages':
        return this.search(me, command.query)
      case 'watch_presence':
        this.watchers.set(session, new Set(command.user_ids))
        return { presences: command.user_ids.map((user_id) => ({ user_id, online: this.isOnline(user_id) })) }
      case 'watch_desk':
        return model.desk()
      case 'take_case':
      case 'resolve_case':
        return model.changeCase(me, command)
      case 'get_customer_context': {
        const customer = model.users.get(model.view(me, command.conversation_id).conversation.customer_id ?? '')
        return { customer, business: { sections: [] } }
      }
      default:
        return null
    }
  }

  private search(me: string, query: string): unknown {
    const hits: unknown[] = []
    this.model.places.forEach(({ conversation }) => {
      try {
        for (const message of this.model.visible(me, conversation.id)) {
          const text = message.content?.type === 'text' ? message.content.text : ''
          if (text.indexOf(query) >= 0) hits.unshift({ message, conversation })
        }
      } catch {
        // Not a conversation of this user.
      }
    })
    return { hits, users: Array.from(this.model.users.values()) }
  }

  private typing(me: string, id: string): null {
    const { place } = this.model.access(me, id)
    place.members.forEach(
      (_, user) => user !== me && this.push(user, { type: 'typing', conversation_id: id, user_id: me }),
    )
    return null
  }
}
