/** Launcher and window on the page: opens, closes, follows the page's wishes. */
import { classesOf, type Look } from '@chaguan/mini-kit/look'
import type { Card } from '@chaguan/sdk'
import { Chat } from './chat'
import { dress, focused } from './dom'
import { Launcher } from './launcher'
import { Listeners, type WidgetEvents } from './listeners'
import { Memory } from './memory'
import { arrival, type Options } from './options'
import { Room } from './room'
import bundle from './styles/bundle.css'
import contents from './styles/contents.css'
import desk from './styles/desk.css'
import frame from './styles/frame.css'
import messages from './styles/messages.css'
import page from './styles/page.css'
import tokens from './styles/tokens.css'
import viewer from './styles/viewer.css'
import writing from './styles/writing.css'
import { textsOf } from './texts'

/** Wider than a phone: the window leaves the page to be read beside it. */
const BESIDE_PX = 480

export class Widget {
  private readonly host = document.createElement('chaguan-widget')
  private readonly listeners = new Listeners()
  private readonly memory: Memory
  private readonly chat: Chat
  private readonly launcher: Launcher
  private readonly room: Room
  private context: Record<string, unknown>
  private look: Look
  private toldUnread = 0
  private waits = false
  private returnTo: HTMLElement | null = null

  constructor(
    private readonly options: Options,
    storage: string,
  ) {
    const texts = textsOf(options.language)
    const changed = () => this.changed()
    this.context = options.context
    this.look = options.look
    this.memory = new Memory(storage)
    this.chat = new Chat(options, `${storage}im:`, { changed, forget: () => this.memory.forget('draft:') })
    this.launcher = new Launcher(texts, () => this.toggle())
    this.room = new Room(this.chat, options, texts, this.listeners, this.memory, {
      changed,
      close: () => this.close(),
      arrive: () => this.arrive(),
    })
    this.appear()
  }

  get unread(): number {
    return this.chat.unread
  }

  get isOpen(): boolean {
    return this.room.frame.isOpen
  }

  open({ card, context }: { card?: Card; context?: Record<string, unknown> } = {}, focus = true): void {
    if (context) this.context = context
    if (card) this.room.offer(card)
    if (!this.isOpen) {
      this.returnTo = focus ? focused(document) : null
      this.chat.settled = false
      this.room.enter()
      this.memory.set('open', '1')
      this.listeners.tell('open', undefined)
    }
    this.arrive()
    this.render()
    if (focus) this.room.frame.focus()
  }

  close(): void {
    if (!this.isOpen) return
    this.room.leave()
    this.memory.set('open', '')
    this.render()
    ;(this.returnTo?.isConnected ? this.returnTo : this.launcher.element).focus({ preventScroll: true })
    this.listeners.tell('close', undefined)
  }

  toggle(): void {
    if (this.isOpen) this.close()
    else this.open()
  }

  setContext(context: Record<string, unknown>): void {
    this.context = context
    if (this.isOpen) this.arrive()
  }

  setLook(look: Partial<Look>): void {
    this.look = { ...this.look, ...look }
    this.host.className = classesOf(this.look)
    this.room.composer.fit()
  }

  /** Whoever is signed in on the page's site now. */
  signIn(): void {
    if (this.isOpen) this.arrive()
    else void this.chat.listen()
  }

  signOut(): Promise<void> {
    return this.chat.signOut()
  }

  launch(shown: boolean): void {
    this.launcher.element.hidden = !shown
  }

  on<Name extends keyof WidgetEvents>(name: Name, fn: (detail: WidgetEvents[Name]) => unknown): () => void {
    const off = this.listeners.on(name, fn)
    // Cards get their buttons when the page hears of them.
    this.room.list.redraw()
    this.changed()
    return off
  }

  /** Onto the page; open, if it was on the page before and does not cover this one. */
  private appear(): void {
    const { host, options, room } = this
    const root = host.attachShadow({ mode: 'open' })
    dress(root, tokens + page + frame + messages + contents + writing + desk + bundle + viewer)
    host.lang = options.language
    host.dataset['side'] = options.side
    host.className = classesOf(this.look)
    root.append(this.launcher.element, room.frame.element, room.bundle.element, room.deeds.viewer.element)
    document.body.append(host)
    document.addEventListener('visibilitychange', () => room.talk.seen())
    this.render()
    if (options.connect === 'load') void this.chat.listen()
    if (this.memory.get('open') && innerWidth > BESIDE_PX) this.open({}, false)
  }

  private arrive(): void {
    void this.chat.open(arrival(this.context, location.href, document.title))
  }

  /** Many changes in one turn are drawn once. */
  private changed(): void {
    if (this.waits) return
    this.waits = true
    queueMicrotask(() => {
      this.waits = false
      this.render()
    })
  }

  private render(): void {
    const { unread } = this.chat
    this.launcher.show(this.isOpen, unread)
    this.host.toggleAttribute('data-open', this.isOpen)
    if (unread !== this.toldUnread) this.listeners.tell('unread', (this.toldUnread = unread))
    if (this.isOpen) this.room.render()
  }
}
