import type { Agent, Case, Queue, User } from '@chaguan/sdk'
import { kit } from '@chaguan/mini-kit/kit'
import { createClient, type Client } from '@chaguan/sdk'
import { createDesk, type DeskModule } from '@chaguan/sdk/desk'
import { createNotes, type NotesModule } from '@chaguan/sdk/notes'
import { createStaff, type ServedShop, type StaffModule, type StaffSignIn } from '@chaguan/sdk/staff'
import { clearKept, keep, keptToken, keepToken } from './kept'
import { withNotes, type NoteLines } from './note-lines'

/** `out`: nobody is signed in. `failed`: somebody is, and the desk could not be read; `open` tries again. */
export type SeatState = 'out' | 'opening' | 'ready' | 'failed'

/** Somebody at the desk: what belongs together and ends together. */
interface Sitting {
  client: Client
  /** The client as the kit's message list gets it, with the notes among the messages. */
  face: Client
  lines: NoteLines
  desk: DeskModule
  notes: NotesModule
  staff: StaffModule
}

type Listener = () => void

const PATIENCE_MS = 15_000

/**
 * Who sits at the desk on this phone. It has a client of its own beside the customer's, signed in as staff, and lends it
 * to the kit as long as one of its pages is open.
 */
export class Seat {
  state: SeatState = 'out'
  /** Code of what went wrong while opening, or why one was signed out; empty for neither. */
  problem = ''
  shops: readonly ServedShop[] = []
  private sitting: Sitting | null = null
  private endpoint = ''
  private lent: Client | null = null
  private pages = 0
  private readonly listeners = new Set<Listener>()

  get client(): Client | null {
    return this.sitting?.client ?? null
  }

  get desk(): DeskModule | null {
    return this.state === 'ready' ? (this.sitting?.desk ?? null) : null
  }

  get notes(): NotesModule | null {
    return this.state === 'ready' ? (this.sitting?.notes ?? null) : null
  }

  get lines(): NoteLines | null {
    return this.sitting?.lines ?? null
  }

  get me(): User | null {
    return this.sitting?.staff.session?.user ?? null
  }

  get isAdmin(): boolean {
    const role = this.sitting?.staff.session?.role
    return role === 'owner' || role === 'admin'
  }

  /** How I stand; undefined until I was at a desk for the first time. */
  get myself(): Agent | undefined {
    return this.desk?.agents().find(({ user_id }) => user_id === this.me?.id)
  }

  /** Of all shops that I serve. */
  cases(): Case[] {
    const { desk } = this
    return desk ? this.shops.reduce<Case[]>((all, { id }) => all.concat(desk.cases(id)), []) : []
  }

  queues(): Queue[] {
    const { desk } = this
    return desk ? this.shops.reduce<Queue[]>((all, { id }) => all.concat(desk.queues(id)), []) : []
  }

  nameOf(userId: string): string {
    return this.client?.users.find(userId)?.name ?? ''
  }

  /** Hears whatever of the desk may have to be drawn anew; the answer ends it. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** A page of the desk is there: the kit shows what staff see. Pair it with `leave`. */
  enter(): void {
    this.pages += 1
    if (this.pages === 1) this.lent = kit.client
    this.lend()
  }

  /** With its last page the kit goes back to the customer. */
  leave(): void {
    this.pages -= 1
    if (this.pages > 0) return
    const { lent } = this
    this.lent = null
    if (lent && kit.client !== lent) kit.use(lent, { endpoint: this.endpoint })
  }

  /** Goes on with the session that this phone keeps, if there is one. */
  async open(): Promise<void> {
    if (this.state === 'opening' || this.state === 'ready') return
    const { staff } = this.seated()
    if (staff.session && !staff.session.must_change_password) await this.sitDown()
    else this.enterState('out', this.problem)
  }

  /** Errors: those of `StaffModule.signIn`, and `must_change_password`. */
  async signIn(fields: StaffSignIn): Promise<void> {
    const { staff } = this.seated()
    const session = await staff.signIn({ ...fields, keptToken: keptToken(fields.email) })
    if (session.must_change_password) {
      staff.forget()
      throw Object.assign(new Error('a new password first'), { code: 'must_change_password' })
    }
    keepToken(fields.email, session.access_token)
    await this.sitDown()
  }

  async signOut(): Promise<void> {
    const { sitting } = this
    if (!sitting) return
    sitting.staff.forget()
    this.end('')
    await sitting.client.signOut()
  }

  /** The desk read anew, all of it. */
  async refresh(): Promise<void> {
    const { desk } = this
    if (desk) await Promise.all(this.shops.map(({ id }) => desk.watch(id)))
  }

  private seated(): Sitting {
    if (this.sitting) return this.sitting
    // Whoever wrote the app has told the kit where the deployment is.
    this.endpoint = kit.link('/v1/').replace(/\/v1\/$/, '')
    const client = createClient({ endpoint: this.endpoint, storagePrefix: 'chaguan-staff:' })
    const { face, lines } = withNotes(client)
    const made: Sitting = {
      client,
      face,
      lines,
      desk: createDesk(client),
      notes: createNotes(client),
      staff: createStaff(client, keep),
    }
    this.sitting = made
    const tell = () => this.sitting === made && this.tell()
    made.desk.observe(tell)
    client.on('conversation', tell)
    client.on('connection', ({ state }) => {
      tell()
      // What failed for want of a network is tried again when there is one.
      if (state === 'online' && this.sitting === made && this.state === 'failed') void this.sitDown()
    })
    client.on('signed-out', ({ reason }) => this.sitting === made && this.signedOut(reason))
    return made
  }

  private async sitDown(): Promise<void> {
    const mine = this.seated()
    this.enterState('opening')
    this.lend()
    try {
      const { staff, client, desk } = mine
      if (client.state !== 'online')
        await client.signIn({
          account: `staff ${staff.session?.user.id ?? ''}`,
          getToken: (renew) => staff.token(renew),
        })
      await client.online(PATIENCE_MS)
      const shops = await staff.shops()
      await Promise.all(shops.map(({ id }) => desk.watch(id)))
      if (this.sitting !== mine) return
      this.shops = shops
      this.enterState('ready')
    } catch (error) {
      if (this.sitting === mine) this.enterState('failed', codeOf(error))
    }
  }

  /** Ended by the server, not here. */
  private signedOut(reason: string): void {
    this.sitting?.staff.forget()
    this.end(reason)
  }

  private end(reason: string): void {
    this.sitting = null
    this.shops = []
    clearKept()
    this.enterState('out', reason)
  }

  /** Before there is a conversation to show, the kit may as well have a client that nobody is signed in with. */
  private lend(): void {
    const face = this.sitting?.face
    if (face && this.pages > 0 && kit.client !== face) kit.use(face, { endpoint: this.endpoint })
  }

  private enterState(state: SeatState, problem = ''): void {
    this.state = state
    this.problem = problem
    this.tell()
  }

  private tell(): void {
    Array.from(this.listeners).forEach((listener) => listener())
  }
}

/** What kind of failure it was, in the words of the protocol. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'internal'
}

/** What the server said besides. */
export function dataOf(error: unknown): Record<string, unknown> {
  const data = error instanceof Error && 'data' in error ? error.data : null
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

export const seat = new Seat()
