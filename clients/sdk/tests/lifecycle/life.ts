import type { Command } from '@chaguan/protocol'
import { createClient } from '../../src/core/client'
import type { Client } from '../../src/core/client'
import type { ClientOptions } from '../../src/core/types'
import { ModelServer, Refusal, SimulatedClock } from '../../src/testing'
import { Chance } from './chance'
import { Phone } from './phone'

const ME = 'ann'
const OTHERS = ['bob', 'eve']
const EVENTS = ['glance', 'pocket', 'pocket', 'drawer', 'night', 'killed', 'tunnel', 'switch', 'nothing'] as const
const STEP_MS = 10
const PATIENCE_MS = 60_000

/** How long it took from `onAppShow` until everything was there, and how many packets were lost meanwhile. */
export interface Return {
  ms: number
  lost: number
}

export interface Outcome {
  complaints: string[]
  returns: Return[]
  said: number
}

type Make = (options: ClientOptions) => Client

/** One application's life, from a seed: hours in pockets, tunnels and drawers, while people talk. */
export async function live(seed: number, make: Make = (options) => createClient(options)): Promise<Outcome> {
  const life = new Life(new Chance(seed), make)
  await life.begin()
  for (let step = life.chance.upTo(6) + 6; step > 0; step--) await life.step()
  return life.end()
}

class Life {
  readonly clock = new SimulatedClock()
  readonly server = new ModelServer({ gap: 20, page: 10, rows: 10 })
  readonly phone: Phone
  readonly outcome: Outcome = { complaints: [], returns: [], said: 0 }
  private readonly rooms: string[]
  private readonly mine: { room: string; key: string; text: string }[] = []
  private im: Client
  private token = 1
  private words = 0

  constructor(
    readonly chance: Chance,
    private readonly make: Make,
  ) {
    for (const user of [ME, ...OTHERS]) this.server.model.addUser(user)
    this.rooms = [
      this.server.model.create('direct', [ME, 'bob']),
      this.server.model.create('group', [ME, ...OTHERS], { name: 'g' }),
    ]
    this.server.before = (command) => this.checkToken(command)
    this.phone = new Phone(this.clock, this.server, chance)
    this.im = this.start()
  }

  /** A token stands for its user until it expires. */
  private checkToken(command: Command): void {
    if (command.type !== 'hello') return
    const [user, number] = command.token.split('#')
    if (Number(number) !== this.token) throw new Refusal('unauthenticated')
    command.token = user ?? ''
  }

  private start(): Client {
    const im = this.make({ endpoint: 'http://model', adapter: this.phone.start() })
    im.on('error', (error) => error.code === 'internal' && this.complain(`internal: ${error.detail}`))
    im.on('signed-out', ({ reason }) => this.complain(`was signed out: ${reason}`))
    void im.signIn({ getToken: () => `${ME}#${this.token}`, account: ME })
    return im
  }

  private complain(what: string): void {
    this.outcome.complaints.push(what)
  }

  async begin(): Promise<void> {
    await this.untilThere()
    await this.open()
  }

  private async open(): Promise<void> {
    for (const room of this.rooms) {
      const opening = this.im.messages.open(room).catch(() => undefined)
      await this.clock.advance(3_000)
      await opening
    }
  }

  async step(): Promise<void> {
    await this.talk(this.chance.upTo(3))
    switch (this.chance.one(EVENTS)) {
      case 'glance':
        return this.away(this.chance.upTo(4_000))
      case 'pocket':
        return this.away(6_000 + this.chance.upTo(60_000))
      case 'drawer':
        return this.away(this.chance.upTo(25 * 60_000))
      case 'night':
        this.token++
        return this.away(2 * 3_600_000, false)
      case 'killed':
        return this.isKilled()
      case 'tunnel':
        return this.tunnel()
      case 'switch':
        this.phone.switchNetwork()
        return this.talk(3)
      case 'nothing':
        return this.clock.advance(this.chance.upTo(90_000))
    }
  }

  /** Words of mine and of others, between which time passes. */
  private async talk(many: number): Promise<void> {
    for (let i = 0; i < many; i++) {
      if (this.chance.is(0.4)) this.say()
      else this.theySay()
      await this.clock.advance(this.chance.upTo(900))
    }
  }

  private say(): void {
    const room = this.chance.one(this.rooms)
    const text = `mine ${++this.words}`
    const { client_msg_id } = this.im.messages.send(room, { type: 'text', text })
    this.mine.push({ room, key: client_msg_id, text })
  }

  private theySay(): void {
    const client_msg_id = `theirs-${++this.words}`
    const content = { type: 'text', text: client_msg_id }
    const command = {
      type: 'send_message',
      id: 0,
      conversation_id: this.chance.one(this.rooms),
      client_msg_id,
      content,
    }
    this.server.as('bob', command as Command)
  }

  /** Hidden for a while; what is written in the last moments is still on its way when everything stands still. */
  private async away(ms: number, isMeasured = true): Promise<void> {
    this.phone.hide()
    if (this.chance.is(0.5)) this.say()
    for (let part = 0; part < 4; part++) {
      await this.clock.advance(ms / 4)
      if (this.chance.is(0.6)) this.theySay()
    }
    this.phone.show()
    const { lost } = this.phone
    const took = await this.untilThere()
    if (isMeasured) this.outcome.returns.push({ ms: took, lost: this.phone.lost - lost })
  }

  /** After half an hour the host ends it, and the next start finds what storage kept, written without a network too. */
  private async isKilled(): Promise<void> {
    const isLost = this.chance.is(0.5)
    if (isLost) this.phone.loseNetwork()
    this.phone.hide()
    if (this.chance.is(0.5)) this.say()
    await this.clock.advance(30 * 60_000)
    this.phone.kill()
    if (isLost) this.phone.findNetwork()
    this.theySay()
    await this.clock.advance(this.chance.upTo(60_000))
    this.im = this.start()
    await this.untilThere()
    await this.open()
  }

  private async tunnel(): Promise<void> {
    this.phone.loseNetwork()
    await this.talk(4)
    await this.clock.advance(this.chance.upTo(120_000))
    this.phone.findNetwork()
    await this.talk(2)
  }

  /** Milliseconds until the phone shows all that the log has. */
  private async untilThere(): Promise<number> {
    const begun = this.clock.time
    while (!this.isThere() && this.clock.time - begun < PATIENCE_MS) await this.clock.advance(STEP_MS)
    return this.clock.time - begun
  }

  private isThere(): boolean {
    return this.im.state === 'online' && this.rooms.every((room) => this.lastShown(room) === this.lastSaid(room))
  }

  private lastSaid(room: string): number {
    return Math.max(0, ...this.server.model.visible(ME, room).map(({ seq }) => seq))
  }

  private lastShown(room: string): number {
    const last = this.im.conversations.find(room)?.last?.seq ?? 0
    return Math.max(last, ...this.im.messages.list(room).messages.map(({ seq }) => seq))
  }

  async end(): Promise<Outcome> {
    this.outcome.said = this.words
    await this.clock.advance(PATIENCE_MS)
    await this.untilThere()
    await this.open()
    for (const room of this.rooms) this.compare(room)
    return this.outcome
  }

  /** Nothing lost, doubled or out of order: in the log and on the screen. */
  private compare(room: string): void {
    const logged = this.server.model.visible(ME, room).map(textOf)
    const shown = this.im.messages.list(room).messages
    const wrote = this.mine.filter((each) => each.room === room).map(({ text }) => text)
    const arrived = logged.filter((text) => text.startsWith('mine'))
    if (String(arrived) !== String(wrote)) this.complain(`${room}: wrote ${wrote}, the log has ${arrived}`)
    const end = logged.slice(-shown.length)
    if (String(shown.map(textOf)) !== String(end)) this.complain(`${room}: shows ${shown.map(textOf)}, not ${end}`)
    const unsent = shown.filter(({ status }) => status !== 'sent')
    if (unsent.length) this.complain(`${room}: ${unsent.length} are ${unsent[0]?.status}`)
  }
}

function textOf({ content }: { content?: { type: string; text?: string } | null }): string {
  return content?.type === 'text' ? (content.text ?? '') : ''
}
