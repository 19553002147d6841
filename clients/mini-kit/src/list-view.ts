import type { Client, Message, MessageWindow } from '@chaguan/sdk'
import { arrivals } from './arrivals'
import { onForwarding, waitingIn } from './forwards'
import { Framing } from './framing'
import { kit } from './kit'
import type { ListHost } from './list-host'
import { markOf, sameMark } from './marked'
import { firstCall } from './mentions'
import type { Measures } from './measures'
import { linesOf, peopleOf } from './notices'
import { Pages } from './pages'
import { Picks } from './picks'
import type { Track } from './player'
import { Quotes } from './quotes'
import { isPickable, rowOf, type RowContext } from './rows'
import { Flash, UnreadAbove } from './sights'
import { unheardAfter } from './voices'

const AT_END_PX = 80
const REACH_TRIES = 20
const HELD_ENOUGH = 20

/** Nothing to scroll. Frames may have half pixels, and what scrolls is told in whole ones. */
const isShort = ({ list, scrollHeight }: Measures) => scrollHeight <= list.height + 1

/** A conversation on screen: follows the client's window and keeps the reader's place. */
export class ListView {
  private readonly pages: Pages
  private window: MessageWindow = { messages: [], notices: [], hasOlder: false, hasNewer: false, loading: false }
  private context: RowContext
  private offs: (() => void)[] = []
  private opened = false
  private ended = false
  private visible = true
  private busy = false
  private atEnd = true
  private nearTop = false
  private viewport = 0
  private ends = 0
  private fresh = 0
  private readSeq = 0
  private readonly above: UnreadAbove
  private readonly flash: Flash
  private starting: Promise<void> = Promise.resolve()
  private readonly framing: Framing
  private readonly picks: Picks
  private readonly quotes: Quotes
  private readonly refreshed = new Set<number>()

  constructor(
    private readonly host: ListHost,
    private readonly client: Client,
    private readonly id: string,
  ) {
    this.above = new UnreadAbove(host)
    this.flash = new Flash(host)
    this.pages = new Pages((message, previous) => rowOf(message, previous, this.context))
    this.framing = new Framing(host, this.pages, () => this.busy)
    this.picks = new Picks(this.pages)
    this.quotes = new Quotes(client, id)
    this.context = this.makeContext('')
  }

  start(): Promise<void> {
    return (this.starting = this.begin())
  }

  private async begin(): Promise<void> {
    const { client, id } = this
    this.offs = [
      client.on('message:changed', (event) => event.conversation_id === id && this.take()),
      client.on('conversation', ({ conversation_ids }) => conversation_ids.indexOf(id) >= 0 && this.marksMoved()),
      client.on('typing', (event) => event.conversation_id === id && this.typing(event.user_ids)),
      kit.onChange(() => this.renew()),
      onForwarding((to) => to === id && this.take()),
    ]
    this.readSeq = client.conversations.find(id)?.inbox.read_seq ?? 0
    this.above.begin(this.readSeq ? (client.conversations.find(id)?.unread ?? 0) : 0)
    const held = client.messages.list(id)
    if (held.messages.length >= HELD_ENOUGH || (held.messages.length > 0 && !held.hasOlder)) await this.open()
    await this.load()
  }

  stop(): void {
    this.ended = true
    this.offs.forEach((off) => off())
    this.offs = []
    this.framing.stop()
    this.flash.stop()
  }

  /** Asks the server for what is missing; also the retry of a failed first load. */
  async load(): Promise<void> {
    await this.host.draw({ failed: false })
    try {
      await this.client.messages.open(this.id)
    } catch {
      // Without a network what is held is shown; the client pulls the rest by itself when it is back.
      if (!this.client.messages.list(this.id).messages.length) return this.host.draw({ failed: true, ready: true })
    }
    if (this.opened) return this.take()
    await this.open()
    void this.fetchUsers()
  }

  setVisible(on: boolean): void {
    this.visible = on
    if (on) this.markRead()
  }

  scrolled(scrollTop: number, scrollHeight: number): void {
    if (!this.viewport) return
    const atEnd = scrollHeight - scrollTop - this.viewport < AT_END_PX
    const far = this.window.hasNewer || scrollHeight - scrollTop - this.viewport > this.viewport
    if (atEnd !== this.atEnd || far) void this.host.draw({ far: far && (!atEnd || this.window.hasNewer) })
    this.atEnd = atEnd
    if (atEnd) this.reachedEnd()
    if (atEnd && this.window.hasNewer) void this.newer()
    void this.above.look(this.context.firstUnread)
    this.nearTop = scrollTop < this.viewport
    if (this.nearTop) void this.older()
    this.framing.soon()
  }

  /** The list became higher or lower, by the keyboard for instance: the end stays in sight. */
  async resized(): Promise<void> {
    const stays = this.atEnd
    const measures = await this.host.measure()
    if (!measures) return
    this.viewport = measures.list.height
    if (stays) await this.toEnd()
  }

  async toEnd(): Promise<void> {
    if (this.window.hasNewer) {
      this.client.messages.toEnd(this.id)
      this.take()
    }
    this.atEnd = true
    this.ends += 1
    // A position beyond the end, another one each time: the same value again would not scroll.
    await this.host.draw({ scrollTo: 10_000_000 + this.ends, far: false })
    this.reachedEnd()
    this.framing.soon()
  }

  /** Brings the message of a seq into view; false if it can't be reached. What is far away is read at its place. */
  async reach(seq: number): Promise<boolean> {
    await this.starting
    try {
      if (!this.holds(seq)) await this.around(seq)
      if (this.holds(seq)) return await this.bring(seq)
      await this.toEnd()
      return false
    } catch {
      // Without a network, or no longer to be seen.
      return false
    }
  }

  /** To the first message that mentions me, then to the first that was unread when the conversation was opened. */
  async toUnread(): Promise<boolean> {
    const called = this.message(await this.above.take())
    if (called) return this.bring(called.seq)
    try {
      if (!this.context.firstUnread) await this.around(this.readSeq + 1)
      this.context = this.makeContext(this.firstUnread())
      await this.host.draw(this.pages.renew())
      const first = this.message(this.context.firstUnread)
      return first ? await this.bring(first.seq) : false
    } catch {
      // Without a network: the way is offered again when the conversation is opened again.
      return false
    }
  }

  private holds(seq: number): boolean {
    return this.window.messages.some((message) => message.seq === seq)
  }

  private async around(seq: number): Promise<void> {
    await this.client.messages.around(this.id, seq)
    this.take()
    this.atEnd = false
  }

  private async bring(seq: number): Promise<boolean> {
    for (let i = 0; i < REACH_TRIES; i++) {
      const found = this.window.messages.find((message) => message.seq === seq)
      if (found && this.pages.find(found.client_msg_id)) {
        await this.framing.showAll()
        await this.host.draw({ into: `m-${found.client_msg_id}` })
        await this.host.draw({ into: '', flash: found.client_msg_id, far: this.window.hasNewer })
        this.flash.show()
        return true
      }
      if (!this.pages.hidden && !this.window.hasOlder) return false
      await this.older()
    }
    return false
  }

  /** The unheard voice note that follows one. */
  unheardAfter(key: string): Track | null {
    return unheardAfter(this.window.messages, key, this.context.me)
  }

  message(key: string): Message | undefined {
    return this.window.messages.find((message) => message.client_msg_id === key)
  }

  /** Selects a message, or lets go of it; false if there are too many already. Only its row crosses to the view. */
  pick(key: string): boolean {
    const message = this.message(key)
    if (!message || !isPickable(message)) return true
    const patch = this.picks.toggle(message, this.window.messages)
    if (patch) void this.host.draw(patch)
    return patch !== null
  }

  unpickAll(): void {
    void this.host.draw(this.picks.clear(this.window.messages))
  }

  /** What is selected, in the order in which it was said. */
  picked(): Message[] {
    return this.picks.of(this.window.messages)
  }

  /** What can be looked at in full. */
  pictures(): Message[] {
    const kinds = ['image', 'video']
    return this.window.messages.filter((message) => kinds.indexOf(message.content?.type ?? '') >= 0)
  }

  /** Fresh links for a message whose links have expired, once. */
  async refresh(key: string): Promise<void> {
    const seq = this.message(key)?.seq ?? 0
    if (!seq || this.refreshed.has(seq)) return
    this.refreshed.add(seq)
    await this.client.messages.refresh(this.id, [seq])
  }

  async older(): Promise<void> {
    if (this.busy || !this.opened) return
    if (!this.pages.hidden && !this.window.hasOlder) return
    this.busy = true
    try {
      if (!this.pages.hidden) {
        await this.host.draw({ older: 'loading' })
        await this.client.messages.loadOlder(this.id)
        this.take()
      }
      await this.prepend()
      await this.host.draw({ older: this.window.hasOlder || this.pages.hidden ? '' : 'none' })
    } catch {
      await this.host.draw({ older: 'failed' })
      this.nearTop = false
    } finally {
      this.busy = false
      this.framing.soon()
    }
    // The reader went on while this page came, or it was too short to fill the screen.
    if (this.nearTop) await this.older()
  }

  /** What follows an older place, until the end of the log is reached again. */
  private async newer(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      await this.client.messages.loadNewer(this.id)
      this.take()
    } catch {
      // Scrolling on asks again.
    } finally {
      this.busy = false
    }
  }

  /** Older messages above, and the reader stays where they are, whether or not the host anchors scrolling itself. */
  private async prepend(): Promise<void> {
    const before = await this.host.measure()
    const patch = this.pages.prepend()
    this.nearTop = this.nearTop && patch !== null
    if (!patch) return
    await this.host.draw(patch)
    const after = await this.host.measure()
    const [first] = before?.pages ?? []
    const moved = after?.pages[1]
    if (!before || !after || !first || !moved) {
      this.nearTop = false
      return
    }
    const grown = moved.top + after.scrollTop - (first.top + before.scrollTop)
    const anchored = Math.abs(after.scrollTop - before.scrollTop) > grown / 2
    const place = anchored ? after.scrollTop : after.scrollTop + grown
    this.nearTop = place < this.viewport
    if (!anchored && grown > 1) await this.host.draw({ scrollTo: place })
  }

  private async open(): Promise<void> {
    // A list that is told its conversation and attached in one turn begins twice: the first must not draw.
    await Promise.resolve()
    if (this.ended) return
    this.opened = true
    this.window = this.read()
    this.above.call(firstCall(this.window.messages, this.readSeq, this.client.me?.id ?? '')?.client_msg_id ?? '')
    this.context = this.makeContext(this.firstUnread())
    const patch = this.pages.reset(this.window.messages)
    await this.host.draw({ ...patch, empty: !this.window.messages.length, older: this.window.hasOlder ? '' : 'none' })
    await this.toEnd()
    const measures = await this.host.measure()
    this.viewport = measures?.list.height ?? 0
    await this.host.draw({ ready: true })
    await this.above.look(this.context.firstUnread)
    // Too little to scroll, and so nothing that would ever ask for more.
    if (measures && isShort(measures)) void this.older()
  }

  private read(): MessageWindow {
    const window = this.client.messages.list(this.id)
    const kind = this.client.conversations.find(this.id)?.conversation.kind
    const lines = linesOf(window, kind === 'group')
    // Elsewhere in the log nothing stands at the end.
    const coming = window.hasNewer ? [] : waitingIn(this.id, lines)
    return { ...window, messages: coming.length ? [...lines, ...coming] : lines }
  }

  private take(): void {
    if (!this.opened) return
    const before = this.window
    this.window = this.read()
    const marked = this.context.marked
    this.context = { ...this.context, now: Date.now(), marked: markOf(this.client, this.id, this.window.messages) }
    const touched = new Set([marked.key, this.context.marked.key])
    const patch = this.pages.update(this.window.messages, sameMark(marked, this.context.marked) ? new Set() : touched)
    Object.assign(patch, this.picks.drop(this.window.messages))
    const added = arrivals(before, this.window, this.context.me)
    if (added.mine || (this.atEnd && (added.theirs || added.told)))
      void this.host.draw({ ...patch, empty: false }).then(() => this.toEnd())
    else {
      if (added.theirs) Object.assign(patch, { fresh: (this.fresh += added.theirs) })
      if (Object.keys(patch).length) void this.host.draw({ ...patch, empty: !this.window.messages.length })
    }
    void this.fetchUsers()
    void this.fetchQuotes()
    if (this.viewport && this.pages.count < 2 && (this.pages.hidden || this.window.hasOlder)) void this.fill()
  }

  /** A log that began anew is short: nothing in it can be scrolled, and so nothing would ever ask for more. */
  private async fill(): Promise<void> {
    const measures = await this.host.measure()
    if (measures && isShort(measures)) await this.older()
  }

  private reachedEnd(): void {
    if (this.fresh) {
      this.fresh = 0
      void this.host.draw({ fresh: 0 })
    }
    this.markRead()
  }

  private markRead(): void {
    if (this.visible && this.atEnd && this.opened && !this.window.hasNewer) this.client.conversations.markRead(this.id)
  }

  private firstUnread(): string {
    const me = this.client.me?.id ?? ''
    const { messages } = this.window
    const first = messages.find((message) => message.seq > this.readSeq && message.sender_id !== me && message.ordinal)
    // A divider above everything says nothing.
    return first && first !== messages[0] && this.readSeq > 0 ? first.client_msg_id : ''
  }

  private makeContext(firstUnread: string): RowContext {
    const { client, id } = this
    const kind = client.conversations.find(id)?.conversation.kind
    return {
      me: client.me?.id ?? '',
      now: Date.now(),
      texts: kit.texts,
      firstUnread,
      marked: markOf(client, id, this.window.messages),
      picked: this.picks.keys,
      group: kind === 'group' || kind === 'service',
      userOf: (userId) => client.users.find(userId),
      messageOf: (seq) => this.window.messages.find((message) => message.seq === seq) ?? this.quotes.find(seq),
    }
  }

  private marksMoved(): void {
    if (!this.opened) return
    if (!sameMark(markOf(this.client, this.id, this.window.messages), this.context.marked)) this.take()
  }

  private typing(userIds: string[]): void {
    const others = userIds.filter((userId) => userId !== this.client.me?.id)
    const user = others[0] ? this.client.users.find(others[0]) : undefined
    const typist = user && { id: user.id, name: user.name ?? '', avatar: kit.link(user.avatar) }
    void this.host.draw({ typing: others.length > 0, ...(typist && { typist }) })
    if (others.length && this.atEnd) void this.toEnd()
  }

  private renew(): void {
    if (!this.opened) return
    this.context = { ...this.makeContext(this.context.firstUnread) }
    void this.host.draw(this.pages.renew())
  }

  private async fetchUsers(): Promise<void> {
    const missing = new Set(
      this.window.messages
        .slice(-100)
        .reduce<string[]>((ids, message) => ids.concat(peopleOf(message)), [])
        .filter((userId) => !this.client.users.find(userId)),
    )
    if (!missing.size || !this.opened) return
    await this.client.users.get(Array.from(missing)).then(
      () => this.renew(),
      () => undefined,
    )
  }

  private async fetchQuotes(): Promise<void> {
    if (await this.quotes.fetch(this.window.messages)) this.renew()
  }
}
