import type { Case } from '@chaguan/sdk'
import type { NotesState } from '@chaguan/sdk/notes'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import type { Lines } from './lines'
import type { Seat } from './seat'
import type { Timer } from './timer'
import { wordsOf } from './words'

/** What stands around the messages of a case. */
export interface Shown {
  id: string
  name: string
  where: string
  /** I have a case of this conversation and belong to it: what I write reaches the customer. */
  serving: boolean
  canPass: boolean
  canResolve: boolean
  /** What a colleague wrote who passed it on to me. */
  told: string
  /** What stands between me and answering, and what is offered. */
  bar: string
  barAct: string
  warm: boolean
}

export const NOTHING_SHOWN: Shown = {
  id: '',
  name: '',
  where: '',
  serving: false,
  canPass: false,
  canResolve: false,
  told: '',
  bar: '',
  barAct: '',
  warm: false,
}

/** One case on screen: looks into its conversation, follows its notes, and says how it stands. */
export class CaseView {
  private room = ''
  private wanted = ''
  private begun: object | null = null
  private last: Case | undefined
  private told = { key: '', text: '' }
  private recalled = false
  private notes: NotesState = { notes: [], hasOlder: false, typing: [] }
  private loadingOlder = false
  private offs: (() => void)[] = []

  constructor(
    private readonly seat: Seat,
    private readonly lines: Lines,
    private readonly changed: () => void,
  ) {}

  /** The case as it is now, or as it was when it ended. */
  get case(): Case | undefined {
    const open = this.seat.cases().filter((one) => one.conversation_id === this.room)
    const me = this.seat.me?.id
    const found =
      open.find(({ id }) => id === this.wanted) ??
      open.find((one) => one.status === 'open' && one.agent_id === me) ??
      open.find(({ status }) => status === 'waiting') ??
      open[0]
    if (found) this.last = found
    return found ?? this.last
  }

  /** Begins once the desk is open, and again where somebody else sat down. */
  follow(room: string, wanted: string): void {
    const { desk, notes, client, lines } = this.seat
    if (!desk || !notes || !client || !room) {
      if (this.begun && this.seat.state === 'out') this.stop()
      return
    }
    Object.assign(this, { wanted })
    if (this.begun === client && this.room === room) return this.recall()
    this.stop()
    Object.assign(this, { begun: client, room, last: undefined, recalled: false })
    this.offs = [
      desk.look(room),
      notes.watch(room, (state) => {
        this.notes = state
        lines?.put(room, state.notes)
        void this.older()
        this.changed()
      }),
      // It also reads a log that began anew: who passes a case on loses it for a moment, and looks on.
      client.messages.observe(room, () => void this.older()),
    ]
    this.recall()
  }

  stop(): void {
    this.offs.splice(0).forEach((off) => off())
    this.begun = null
  }

  /** What an agent just ended is no longer on the desk. */
  ended(one: Case): void {
    this.last = one
  }

  timer(): Timer | null {
    const one = this.case
    if (!one || one.status === 'resolved' || this.seat.state !== 'ready') return null
    return this.lines.timer(one, Date.now())
  }

  noteTyping(): string {
    const others = this.notes.typing.filter((id) => id !== this.seat.me?.id)
    const words = wordsOf(kit.language)
    return others[0] ? fill(words.noteTyping, { name: this.seat.nameOf(others[0]) || words.someone }) : ''
  }

  shown(): Shown {
    const one = this.case
    const words = wordsOf(kit.language)
    if (!one) return NOTHING_SHOWN
    const isMine = this.isMine(one)
    const serving = this.isServing()
    if (isMine) void this.hear(one)
    else this.told = { key: '', text: '' }
    const mayEnd = one.status === 'open' && (isMine || this.seat.isAdmin)
    return {
      id: one.id,
      name: this.seat.nameOf(one.customer_id) || words.customer,
      where: [one.subject, this.lines.where(one)].filter(Boolean).join(' · '),
      serving,
      canPass: one.status === 'waiting' || mayEnd,
      canResolve: mayEnd,
      told: isMine ? this.told.text : '',
      ...this.bar(one, isMine, serving),
    }
  }

  private bar(one: Case, isMine: boolean, serving: boolean): Pick<Shown, 'bar' | 'barAct' | 'warm'> {
    const words = wordsOf(kit.language)
    if (one.status === 'waiting')
      return { bar: one.bot_id ? words.botBar : words.waitsBar, barAct: words.take, warm: !one.bot_id }
    if (one.status === 'resolved') return { bar: words.resolvedBar, barAct: words.reopen, warm: false }
    // Between taking it and belonging to the conversation lies a moment.
    if (isMine) return { bar: serving ? '' : words.taking, barAct: '', warm: false }
    const name = this.seat.nameOf(one.agent_id ?? '') || words.someone
    return { bar: fill(words.otherBar, { name }), barAct: words.takeOver, warm: false }
  }

  private isMine(one: Case): boolean {
    return one.status === 'open' && one.agent_id === this.seat.me?.id
  }

  /** Who has one topic of a conversation may speak in it. */
  private isServing(): boolean {
    const inbox = this.seat.desk?.view(this.room)?.inbox
    const open = this.seat.cases().some((one) => one.conversation_id === this.room && this.isMine(one))
    return open && !!inbox && inbox.version > 0 && !inbox.until_seq
  }

  /** The note with which it came to me stands in its history; it is read once for each time that I get it. */
  private async hear(one: Case): Promise<void> {
    const { id: key } = one
    if (this.told.key === key) return
    this.told = { key, text: '' }
    try {
      const events = (await this.seat.desk?.history(one.id))?.events ?? []
      // What was resolved since has begun anew.
      const came = events.filter(({ kind }) => kind === 'transferred' || kind === 'resolved').pop()
      const isPassed = came?.kind === 'transferred' && came.actor_id !== this.seat.me?.id
      if (!came?.note || !isPassed || this.told.key !== key) return
      const name = this.seat.nameOf(came.actor_id ?? '')
      this.told = { key, text: fill(wordsOf(kit.language).passedBy, { name, note: came.note }) }
      this.changed()
    } catch {
      // The note is an extra: what was said stands below, and the console has all of it.
    }
  }

  /** What was resolved meanwhile, here or elsewhere, is not on the desk: it is asked for. */
  private recall(): void {
    if (this.seat.cases().some((one) => one.conversation_id === this.room)) this.recalled = false
    else if (!this.recalled) void this.ask(this.room)
  }

  private async ask(room: string): Promise<void> {
    this.recalled = true
    try {
      const [latest] = (await this.seat.desk?.casesOf(room)) ?? []
      if (!latest || this.room !== room) return
      this.last = latest
      this.changed()
    } catch {
      // Without an answer the next change asks again.
      this.recalled = false
    }
  }

  /** Older notes come with older messages: a page without its notes would look as if there were none. */
  private async older(): Promise<void> {
    const { client, notes } = this.seat
    const { room } = this
    const first = client?.messages.list(room).messages.find(({ seq }) => seq > 0)?.seq ?? 0
    const oldest = this.notes.notes[0]?.seq ?? 0
    if (this.loadingOlder || !this.notes.hasOlder || !first || oldest <= first || !notes) return
    this.loadingOlder = true
    await notes.older(room).catch(() => undefined) // the next page asks again
    this.loadingOlder = false
  }
}
