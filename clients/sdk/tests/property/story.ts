import type { Command, ConversationView, MessageSent } from '@chaguan/protocol'
import { memoryStorage } from '../../src/adapters/browser'
import { createClient } from '../../src/core/client'
import type { Client } from '../../src/core/client'
import type { ClientOptions, Message } from '../../src/core/types'
import { Refusal, SimulatedClock, SimulatedHost, ModelServer, settle } from '../../src/testing'
import type { Link } from '../../src/testing'

import { ME, OTHERS } from './steps'
import type { Step } from './steps'

export { ME, story } from './steps'
export type { Step } from './steps'

type Make = (options: ClientOptions) => Client

/** Plays a story against the model server, then says how the client differs from a fresh one; empty: not at all. */
export async function play(steps: Step[], make: Make = (options) => createClient(options)): Promise<string[]> {
  const stage = new Stage(make)
  await stage.begin()
  for (const step of steps) await stage.step(step)
  return stage.end()
}

class Stage {
  private readonly clock = new SimulatedClock()
  private readonly server = new ModelServer({ gap: 5, page: 3, rows: 3 })
  private readonly storage = memoryStorage()
  private host = this.newHost()
  private im: Client
  private link: Link = (frame, deliver) => deliver(frame)
  private heldBack: string | null = null
  private key = 0
  private backup = ''
  private devices = 0
  private readonly mine: { id: string; key: string }[] = []
  private restored = false
  private readonly changedSeqs = new Map<string, number>()
  private died = false
  readonly complaints: string[] = []

  constructor(private readonly make: Make) {
    for (const user of [ME, ...OTHERS]) this.server.model.addUser(user)
    this.server.model.create('direct', [ME, 'bob'])
    this.server.model.create('group', [ME, ...OTHERS], { name: 'g' })
    this.server.model.create('group', ['bob', ME], { name: 'h' }, true)
    this.im = this.client()
  }

  private newHost(): SimulatedHost {
    const host = new SimulatedHost(this.server, {
      clock: this.clock,
      storage: this.storage,
      seed: 7 + (this.devices = (this.devices ?? 0) + 1),
    })
    host.link = (frame, deliver) => this.link(frame, deliver)
    return host
  }

  private client(): Client {
    const im = this.make({ endpoint: 'http://model', adapter: this.host.adapter })
    im.on('error', (error) => error.code === 'internal' && this.complaints.push(`internal: ${error.detail}`))
    im.on('message:changed', ({ conversation_id }) => im === this.im && this.neverBack(im, conversation_id))
    return im
  }

  /** What a message became is never taken back by an entry from before. */
  private neverBack(im: Client, id: string): void {
    for (const { seq, changed_seq = 0 } of im.messages.list(id).messages) {
      const key = `${id} ${seq}`
      if (changed_seq < (this.changedSeqs.get(key) ?? 0))
        this.complaints.push(`message ${key} went back to ${changed_seq}`)
      this.changedSeqs.set(key, changed_seq)
    }
  }

  async begin(): Promise<void> {
    await this.im.signIn({ token: ME, account: ME })
    await this.clock.advance(50)
  }

  private places(): string[] {
    return Array.from(this.server.model.places.keys())
  }

  private place(where: number): string {
    const places = this.places()
    return places[where % places.length] ?? ''
  }

  /** What is refused by the rules is no part of the story. */
  private act(user: string, command: Record<string, unknown>): void {
    try {
      this.server.as(user, { id: 0, client_msg_id: `other-${++this.key}`, ...command } as unknown as Command)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'wait':
        return this.clock.advance(step.ms)
      case 'link':
        return this.setLink(step.mode)
      case 'send':
      case 'read':
      case 'open':
      case 'older':
      case 'around':
      case 'newer':
      case 'end':
      case 'pin':
      case 'mute':
        return this.use(step)
      case 'create':
      case 'loadMore':
      case 'restart':
      case 'silentCut':
      case 'cut':
      case 'die':
      case 'suspend':
      case 'backup':
      case 'restore':
      case 'hideShow':
        return this.happen(step)
      default:
        return this.others(step)
    }
  }

  private others(step: Extract<Step, { who: number }>): void {
    const id = this.place(step.where)
    const user = [ME, ...OTHERS][step.who] ?? ME
    const { model } = this.server
    const held = model.places.get(id)
    const target_seq = Array.from(held?.messages.keys() ?? []).slice(-1 - step.which)[0] ?? 1
    const head = held?.conversation.head_seq ?? 0
    const at = { conversation_id: id, target_seq }
    switch (step.do) {
      case 'say':
        return this.act(user, {
          type: 'send_message',
          conversation_id: id,
          content: { type: 'text', text: `t${this.key}` },
          quote_seq: step.which % 2 ? target_seq : 0,
        })
      case 'edit':
        return this.act(held?.messages.get(target_seq)?.sender_id ?? user, {
          type: 'edit_message',
          ...at,
          content: { type: 'text', text: `e${this.key}` },
        })
      case 'recall':
        return this.act(held?.messages.get(target_seq)?.sender_id ?? user, { type: 'recall_message', ...at })
      case 'react':
        return this.act(user, {
          type: 'set_reaction',
          ...at,
          emoji: step.which % 2 ? '👍' : '🍵',
          on: step.which % 3 > 0,
        })
      case 'rename':
        return this.act(user, { type: 'update_conversation', conversation_id: id, name: `n${this.key}` })
      case 'leave':
        return held?.conversation.kind === 'group'
          ? this.act(ME, { type: 'remove_member', conversation_id: id, user_id: ME })
          : undefined
      case 'join':
        return this.act('bob', { type: 'add_members', conversation_id: id, user_ids: [ME] })
      case 'inbox':
        return this.act(ME, {
          type: 'update_inbox',
          conversation_id: id,
          [['pinned', 'muted', 'marked_unread', 'archived'][step.which % 4] ?? '']: step.who > 0,
        })
      case 'peerRead':
        return this.act(user, { type: 'mark_read', conversation_id: id, seq: head })
      case 'erase':
        return void model.append(id, { type: 'messages_erased', actor_id: user, target_seqs: [target_seq] })
      case 'hidden':
        return void model.append(id, { type: 'entry_hidden' })
      case 'floor':
        return void (head > 4 && model.append(id, { type: 'floor_raised', floor_seq: Math.min(target_seq, head - 2) }))
      case 'vanish': {
        try {
          return model.removeRow(ME, id)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
        }
      }
    }
  }

  private use(step: { do: string; where: number; which: number }): void {
    const rows = this.im.conversations.list()
    const id = rows[step.where % Math.max(1, rows.length)]?.conversation.id
    if (!id) return
    const seqs = this.im.messages.list(id).messages.map((message) => message.seq)
    const seq = Math.max(1, (seqs[0] ?? 1) - step.which)
    const { messages, conversations } = this.im
    const asked: Promise<unknown> | void =
      step.do === 'send'
        ? this.send(id)
        : step.do === 'read'
          ? conversations.markRead(id)
          : step.do === 'open'
            ? messages.open(id)
            : step.do === 'older'
              ? messages.loadOlder(id)
              : step.do === 'newer'
                ? messages.loadNewer(id)
                : step.do === 'pin'
                  ? conversations.pin(id, step.which % 2 > 0)
                  : step.do === 'mute'
                    ? conversations.mute(id, step.which % 2 > 0)
                    : step.do === 'around'
                      ? messages.around(id, seq)
                      : void messages.toEnd(id)
    // What fails for want of a connection is tried again by the user, not by the story.
    asked?.catch(() => undefined)
  }

  private send(id: string): void {
    const handle = this.im.messages.send(id, { type: 'text', text: `mine ${++this.key}` })
    this.mine.push({ id, key: handle.client_msg_id })
  }

  private async happen(step: { do: string; where: number }): Promise<void> {
    const { model } = this.server
    switch (step.do) {
      case 'create':
        return void model.create('group', ['bob', ME], { name: `new ${++this.key}` }, step.where % 2 > 0)
      case 'loadMore':
        return void this.im.conversations.loadMore().catch(() => undefined)
      case 'silentCut':
        return this.host.cut()
      case 'cut':
        return this.host.cut([1006, 4000, 4001, 4002][step.where % 4], '50')
      case 'die':
        return void ((this.host.dead = !this.host.dead), (this.died = true))
      case 'suspend':
        return this.clock.suspend(step.where * 10_000)
      case 'backup':
        return void (this.backup = model.snapshot())
      case 'restore': {
        if (!this.backup) return
        // A server whose database is replaced starts anew: no link outlives it.
        model.restore(this.backup)
        this.restored = true
        this.changedSeqs.clear()
        return this.host.cut(1006)
      }
      case 'restart':
        return this.restart()
    }
    this.host.goHidden()
    this.clock.suspend(step.where * 5_000)
    this.host.goVisible()
  }

  private async restart(): Promise<void> {
    this.changedSeqs.clear()
    // The old process is gone: nothing of it may act any more.
    this.host.cut()
    this.host.down = true
    this.im.signIn = () => Promise.resolve()
    const dead = this.host.adapter.storage
    Object.assign(dead, { ...dead })
    this.host.adapter.timer = () => () => undefined
    this.host = this.newHost()
    this.im = this.client()
    await this.im.signIn({ token: ME, account: ME })
    await settle()
  }

  private setLink(mode: string): void {
    this.heldBack = null
    this.host.replyDelay_ms = mode === 'slow' ? 40 : 0
    const links: Record<string, Link> = {
      drop: () => undefined,
      twice: (frame, deliver) => [deliver(frame), deliver(frame)],
      swap: (frame, deliver) => {
        if (this.heldBack === null) return void (this.heldBack = frame)
        deliver(frame)
        deliver(this.heldBack)
        this.heldBack = null
      },
      late: (frame, deliver) => this.clock.timer(() => deliver(frame), 30),
      fine: (frame, deliver) => deliver(frame),
    }
    this.link = links[mode] ?? this.link
  }

  async end(): Promise<string[]> {
    this.setLink('fine')
    this.host.dead = false
    await this.checkHoles()
    // The last lost push is found by the resume that comes every six minutes.
    await this.clock.advance(700_000)
    const fresh = await this.fresh()
    if (this.im.state !== 'online') return [`the client is ${this.im.state}`]
    this.compareRows(fresh)
    for (const row of this.im.conversations.list()) await this.compareWindow(fresh, row.conversation.id)
    this.checkOnce()
    return this.complaints
  }

  /** A hole is found by the next entry and closed at once, long before the next resume. */
  private async checkHoles(): Promise<void> {
    await this.clock.advance(1_000)
    if (this.died || this.im.state !== 'online' || !this.host.connected) return
    for (const [id, place] of Array.from(this.server.model.places)) {
      const row = this.im.conversations.find(id)
      if (!row || row.inbox.until_seq || !place.members.has(ME)) continue
      this.act('bob', { type: 'send_message', conversation_id: id, content: { type: 'text', text: 'last' } })
      await this.clock.advance(100)
      const last = Math.max(0, ...Array.from(place.messages.keys()))
      const window = this.im.messages.list(id)
      const held = Math.max(0, ...window.messages.map((message) => message.seq))
      if (!window.hasNewer && held !== last) this.complaints.push(`${id} stands at ${held}, not ${last}`)
    }
  }

  private async fresh(): Promise<Client> {
    const host = new SimulatedHost(this.server, { clock: this.clock, seed: 99 })
    const fresh = createClient({ endpoint: 'http://model', adapter: host.adapter })
    await fresh.signIn({ token: ME })
    await this.clock.advance(100)
    for (let i = 0; i < 20 && fresh.conversations.hasMore; i++) {
      const more = fresh.conversations.loadMore()
      await this.clock.advance(20)
      await more
    }
    return fresh
  }

  private compareRows(fresh: Client): void {
    const expected = fresh.conversations.list()
    const held = this.im.conversations.list()
    const byId = new Map(expected.map((row) => [row.conversation.id, row]))
    for (const row of held) this.same(`row ${row.conversation.id}`, rowOf(row), rowOf(byId.get(row.conversation.id)))
    const ids = held.map((row) => row.conversation.id)
    const kept = expected.map((row) => row.conversation.id).filter((id) => ids.indexOf(id) >= 0)
    this.same('order', ids, kept)
    const wanted = this.im.conversations.hasMore
      ? expected.filter((row) => row.inbox.pinned_at).concat(expected.slice(0, 1))
      : expected
    for (const { conversation } of wanted)
      if (ids.indexOf(conversation.id) < 0) this.complaints.push(`row ${conversation.id} is missing`)
  }

  private async compareWindow(fresh: Client, id: string): Promise<void> {
    for (let more = true; more;) {
      const loading = fresh.messages.loadOlder(id)
      await this.clock.advance(20)
      more = await loading
    }
    const until = fresh.conversations.find(id)?.inbox.until_seq || Infinity
    const all = fresh.messages.list(id).messages
    // Nobody tells a former member of changes made after they left; only their next full load shows them.
    const stale = all.filter((message) => (message.changed_seq ?? 0) > until).map((message) => message.seq)
    const told = (message: Message) => stale.indexOf(message.seq) < 0
    const window = this.im.messages.list(id)
    const unsent = window.messages.filter((message) => message.status === 'sending')
    if (unsent.length)
      this.complaints.push(
        `${id}: ${unsent.length} messages are still ${unsent[0]?.status} ${unsent[0]?.error?.code ?? ''}`,
      )
    const sent = window.messages.filter((message) => message.status === 'sent')
    const first = sent[0]?.seq ?? Infinity
    const last = window.hasNewer ? (sent[sent.length - 1]?.seq ?? 0) : Infinity
    this.same(
      `window ${id}`,
      sent.filter(told).map(messageOf),
      all.filter((message) => told(message) && message.seq >= first && message.seq <= last).map(messageOf),
    )
    if (!window.hasOlder) this.same(`beginning ${id}`, sent[0]?.seq, all[0]?.seq)
    await this.compareOpened(fresh, id)
  }

  /** What is told between the messages, once the conversation was opened; then nothing is left out any more. */
  private async compareOpened(fresh: Client, id: string): Promise<void> {
    const opening = this.im.messages.open(id)
    await this.clock.advance(50)
    await opening
    const { messages, notices, hasOlder, hasNewer } = this.im.messages.list(id)
    const sent = messages.filter((message) => message.status === 'sent')
    const first = hasOlder ? (sent[0]?.seq ?? Infinity) : 0
    const last = hasNewer ? (sent[sent.length - 1]?.seq ?? 0) : Infinity
    const all = fresh.messages.list(id).notices
    if (!sent.length && fresh.messages.list(id).messages.length) this.complaints.push(`window ${id} is empty`)
    const seqs = (list: typeof notices) => list.map(({ seq }) => seq).filter((seq) => seq > first && seq < last)
    this.same(`notices ${id}`, seqs(notices), seqs(all))
  }

  /** However often a message was sent again, the log has it once. */
  private checkOnce(): void {
    this.server.model.places.forEach((place, id) => {
      const keys = Array.from(place.messages.values()).map((message) => message.client_msg_id)
      const texts = Array.from(place.messages.values()).map((message) =>
        message.content?.type === 'text' && !message.edited_at ? message.content.text : '',
      )
      const mine = texts.filter((text) => /^mine/.test(text))
      if (new Set(keys).size < keys.length || new Set(mine).size < mine.length)
        this.complaints.push(`${id} has a message twice`)
      // A restored backup may lack what was acknowledged after it was made.
      if (this.restored) return
      const failed = this.im.messages.list(id).messages.filter((message) => message.status === 'failed')
      const found = new Set([...keys, ...failed.map((message) => message.client_msg_id)])
      for (const sent of this.mine)
        if (sent.id === id && !found.has(sent.key)) this.complaints.push(`${id} lost ${sent.key}`)
    })
  }

  private same(what: string, got: unknown, expected: unknown): void {
    if (JSON.stringify(got) !== JSON.stringify(expected))
      this.complaints.push(`${what}: ${JSON.stringify(got)} is not ${JSON.stringify(expected)}`)
  }
}

/** A row with every field spelt out, so that "absent" and "zero" are the same. */
function rowOf(row: ConversationView | undefined): unknown {
  if (!row) return 'missing'
  const { conversation: c, inbox: i } = row
  return [
    c.id,
    c.kind,
    c.head_seq ?? 0,
    c.head_ordinal ?? 0,
    c.floor_seq ?? 0,
    c.last_at ?? 0,
    c.name ?? '',
    c.member_count ?? 0,
    i.version,
    i.role,
    i.from_seq ?? 1,
    i.until_seq ?? 0,
    i.read_seq ?? 0,
    i.read_ordinal ?? 0,
    i.pinned_at ?? 0,
    i.muted ?? false,
    i.marked_unread ?? false,
    i.archived ?? false,
    row.last && !i.until_seq ? messageOf(row.last) : null,
  ]
}

function messageOf(m: MessageSent | Message): unknown {
  return [
    m.seq,
    m.ordinal ?? 0,
    m.sender_id,
    m.client_msg_id,
    m.content ?? null,
    m.quote?.seq ?? 0,
    m.changed_seq ?? 0,
    m.edited_at ?? 0,
    m.recalled_by ?? '',
    m.reactions ?? [],
  ]
}
