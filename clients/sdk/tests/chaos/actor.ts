// Clients for the chaos play: one JSON line asks one of them for something, one line answers. tests/chaos/sdk.py starts
// this and says what to do; standard input at its end ends it.

import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { ChaguanError, createClient, nodeAdapter } from '../../src'
import type { Client, Message, Push } from '../../src'

type Fields = Record<string, unknown>

interface Asked extends Fields {
  id: number
  do: string
  who: string
}

/** What every client is asked in common: who, where, with whose token. */
interface Entrance {
  url: string
  token: string
  device: string
}

const TAIL = 20
const MARKS = ['read_seq', 'peer_read_seq'] as const

/** One device: the SDK, what was pushed to it, and what it must not show. */
class Actor {
  readonly im: Client
  readonly pushed: unknown[] = []
  readonly faults: string[] = []
  private connections = 0
  private readonly marks = new Map<string, number>()
  private readonly returning: (() => void)[] = []

  constructor(private readonly entrance: Entrance) {
    const adapter = {
      ...nodeAdapter({ WebSocket }),
      onShow: (fn: () => void) => {
        this.returning.push(fn)
        return () => undefined
      },
    }
    this.im = createClient({ endpoint: entrance.url, adapter })
    this.im.on('push', (push) => this.heard(push))
    this.im.on('conversation', () => this.checkMarks())
    this.im.on('connection', ({ state }) => void (this.connections += state === 'online' ? 1 : 0))
    this.im.on('signed-out', ({ reason }) => this.faults.push(`was signed out: ${reason}`))
  }

  async enter(): Promise<Fields> {
    const { token, device } = this.entrance
    await this.im.signIn({ token, deviceId: device })
    await this.im.online(60_000)
    return { user_id: this.im.me?.id }
  }

  /** Conversations, and the messages at their ends, mine told apart. */
  look(): Fields {
    const me = this.im.me?.id
    const rooms = this.im.conversations.list().map(({ conversation: { id } }) => {
      const sent = this.im.messages.list(id).messages.filter((message) => message.seq > 0)
      const mine = sent.filter((message) => message.sender_id === me && message.content)
      return { id, seqs: seqsOf(sent), mine: seqsOf(mine) }
    })
    return { rooms }
  }

  async send(room: string, text: string): Promise<Fields> {
    const handle = this.im.messages.send(room, { type: 'text', text })
    const key = handle.client_msg_id
    return handle.done.then(
      ({ seq }) => ({ key, seq }),
      (error: ChaguanError) => ({ key, error: error.code }),
    )
  }

  /** As a person would, who comes back to the application: everything is asked anew, and opened. */
  async show(): Promise<Fields> {
    await this.im.online(60_000)
    this.returning.forEach((fn) => fn())
    const rows: Fields = {}
    const logs: Fields = {}
    for (const { conversation, inbox, unread } of this.im.conversations.list()) {
      const { id, head_seq = 0, head_ordinal = 0, name = '' } = conversation
      const { messages } = await this.im.messages.open(id)
      rows[id] = { unread, head_seq, head_ordinal, name, read_seq: inbox.read_seq ?? 0 }
      logs[id] = messages.slice(-TAIL).map(plain)
    }
    return { rows, logs }
  }

  told(): Fields {
    return { pushed: this.pushed, faults: this.faults, connections: this.connections }
  }

  private heard(push: Push): void {
    if (!('seq' in push) || push.type === 'entry_hidden') return
    const actor = 'sender_id' in push ? push.sender_id : 'actor_id' in push ? push.actor_id : ''
    const target = 'target_seq' in push ? push.target_seq : 0
    this.pushed.push([this.connections, push.conversation_id, push.seq, push.created_at, actor, target])
  }

  private checkMarks(): void {
    const listed = new Set<string>()
    for (const { conversation, inbox } of this.im.conversations.list()) {
      for (const name of MARKS) {
        const place = `${conversation.id} ${name}`
        const before = this.marks.get(place) ?? 0
        const now = inbox[name] ?? 0
        listed.add(place)
        this.marks.set(place, now)
        if (now < before) this.faults.push(`${place} went back from ${before} to ${now}`)
      }
    }
    for (const place of this.marks.keys()) if (!listed.has(place)) this.marks.delete(place)
  }
}

function seqsOf(messages: readonly Message[]): number[] {
  return messages.slice(-TAIL).map(({ seq }) => seq)
}

/** A message without how it fared on this device. */
function plain(message: Message): Fields {
  const { status, error, progress, local_path, ...sent } = message
  void [error, progress, local_path]
  return status === 'sent' ? { ...sent } : { ...sent, status }
}

const actors = new Map<string, Actor>()

async function act({ do: what, who, ...fields }: Asked): Promise<Fields> {
  if (what === 'enter') {
    actors.set(who, new Actor(fields as unknown as Entrance))
    return actors.get(who)!.enter()
  }
  const actor = actors.get(who)
  if (!actor) throw new Error(`nobody is called ${who}`)
  const room = String(fields.room)
  switch (what) {
    case 'look':
      return actor.look()
    case 'send':
      return actor.send(room, String(fields.text))
    case 'read':
      actor.im.conversations.markRead(room, Number(fields.seq))
      return {}
    case 'command':
      return { ...(await actor.im.command(fields.command as Parameters<Client['command']>[0])) }
    case 'open_service':
      return { room: (await actor.im.conversations.openService()).conversation.id }
    case 'show':
      return actor.show()
    case 'told':
      return actor.told()
    case 'leave':
      actor.im.stop()
      return {}
    default:
      throw new Error(`cannot ${what}`)
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const asked = JSON.parse(line) as Asked
  const answer = (fields: Fields) => process.stdout.write(JSON.stringify({ id: asked.id, ...fields }) + '\n')
  act(asked).then(answer, (error: unknown) => {
    answer({ error: error instanceof ChaguanError ? error.code : String(error) })
  })
})
lines.on('close', () => process.exit(0))
