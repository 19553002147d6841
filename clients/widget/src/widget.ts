/** Launcher and panel on the page, and the client behind them. */
import type { Card, CardAction } from '@chaguan/sdk'
import { errorText } from '@chaguan/sdk/texts'
import { Chat } from './chat'
import { dress, h, icon } from './dom'
import type { Options } from './options'
import { arrival } from './options'
import { Panel, type Blank } from './panel'
import { firstUnread, kindOf, rowsOf, sizeText, type RowContext } from './rows'
import messages from './styles/messages.css'
import panel from './styles/panel.css'
import tokens from './styles/tokens.css'
import { fill, textsOf, type Texts } from './texts'

/** A short break is nobody's business. */
const BANNER_AFTER_MS = 2_500
const WARNING_MS = 6_000

export interface WidgetEvents {
  open: undefined
  close: undefined
  unread: number
  /** An action of a card was chosen. A listener that answers `false` has taken care of it: no link is followed. */
  card: { card: Card; action: CardAction | null; page: string; url: string }
}

export class Widget {
  private readonly host = document.createElement('chaguan-widget')
  private readonly launcher: HTMLButtonElement
  private readonly badge = h('span', { class: 'badge', hidden: true, 'aria-hidden': 'true' })
  private readonly panel: Panel
  private readonly chat: Chat
  private readonly texts: Texts
  private readonly listeners = new Map<string, Set<(detail: never) => unknown>>()
  private readonly refreshed = new Set<number>()
  private readonly asked = new Set<string>()
  private context: Record<string, unknown>
  private card: Card | null = null
  private readSeq = -1
  private unreadKey = ''
  private divided = false
  private broken: ReturnType<typeof setTimeout> | null = null
  private isBroken = false
  private warning = ''
  private toldUnread = 0
  private waits = false
  private olderFailed = false
  private returnTo: HTMLElement | null = null

  constructor(
    private readonly options: Options,
    private readonly storage: string,
  ) {
    this.texts = textsOf(options.language)
    this.context = options.context
    this.chat = new Chat(options, `${storage}im:`, () => this.changed())
    this.launcher = h(
      'button',
      { class: 'launcher', type: 'button', 'aria-haspopup': 'dialog', onclick: () => this.toggle() },
      icon('chat'),
      icon('down'),
      this.badge,
    )
    this.panel = this.made()
    const root = this.host.attachShadow({ mode: 'open' })
    dress(root, tokens + panel + messages)
    this.host.lang = options.language
    this.host.dataset['theme'] = options.theme
    this.host.dataset['side'] = options.side
    root.append(this.launcher, this.panel.element)
    document.body.append(this.host)
    document.addEventListener('visibilitychange', () => this.seen())
    this.render()
    if (options.connect === 'load') void this.chat.listen()
    if (this.wasOpen && innerWidth > 480) this.open({}, false)
  }

  get unread(): number {
    return this.chat.unread
  }

  get isOpen(): boolean {
    return this.panel.isOpen
  }

  open({ card, context }: { card?: Card; context?: Record<string, unknown> } = {}, focus = true): void {
    if (context) this.context = context
    if (card) this.card = card
    if (!this.isOpen) {
      this.returnTo = focus ? focused(document) : null
      this.readSeq = -1
      this.divided = false
      this.chat.settled = false
      this.panel.open()
      this.remember(true)
      this.tell('open', undefined)
    }
    this.arrive()
    this.render()
    if (focus) this.panel.focus()
  }

  close(): void {
    if (!this.isOpen) return
    this.panel.close()
    this.remember(false)
    this.render()
    ;(this.returnTo?.isConnected ? this.returnTo : this.launcher).focus({ preventScroll: true })
    this.tell('close', undefined)
  }

  toggle(): void {
    if (this.isOpen) this.close()
    else this.open()
  }

  setContext(context: Record<string, unknown>): void {
    this.context = context
    if (this.isOpen) this.arrive()
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
    this.launcher.hidden = !shown
  }

  on<Name extends keyof WidgetEvents>(name: Name, fn: (detail: WidgetEvents[Name]) => unknown): () => void {
    const heard = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, heard.add(fn))
    // Cards get their buttons when the page hears of them.
    this.panel.list.redraw()
    this.changed()
    return () => void heard.delete(fn)
  }

  private made(): Panel {
    const { texts, chat } = this
    const bubbles = {
      texts,
      link: (url?: string) => this.link(url),
      resend: (key: string) => void chat.client?.messages.resend(key),
      discard: (key: string) => void chat.client?.messages.discard(key),
      stale: (seq: number) => this.refresh(seq),
      card: (detail: WidgetEvents['card']) => this.tell('card', detail),
      hearsCards: () => (this.listeners.get('card')?.size ?? 0) > 0,
    }
    return new Panel(texts, `${this.storage}draft`, bubbles, {
      close: () => this.close(),
      retry: () => this.arrive(),
      older: () => this.older(),
      seen: () => this.seen(),
      send: (text) => this.say({ type: 'text', text }),
      files: (files) => void this.sendFiles(files),
      typing: () => chat.client?.typing(chat.conversationId),
      suggest: () => {
        if (this.card) this.say(this.card)
        this.suggest(null)
      },
      dismiss: () => this.suggest(null),
    })
  }

  private suggest(card: Card | null): void {
    this.card = card
    this.render()
    this.panel.focus()
  }

  private arrive(): void {
    void this.chat.open(arrival(this.context, location.href, document.title))
  }

  private say(content: { type: 'text'; text: string } | Card): void {
    const { client, conversationId } = this.chat
    // How a message fares is shown beside it.
    if (client && conversationId) client.messages.send(conversationId, content).done.catch(() => undefined)
  }

  private async sendFiles(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const { client, conversationId } = this.chat
      if (!client || !conversationId) return
      const kind = kindOf(file.type)
      const most = client.limits[kind]
      if (file.size > most) {
        this.warn(fill(this.texts.tooLarge, { name: file.name, size: sizeText(most) }))
        continue
      }
      const measures = kind === 'image' ? await measured(file) : {}
      const source = { kind, file, name: file.name, size: file.size, ...measures }
      client.messages.sendMedia(conversationId, source).done.catch((error: { code?: string }) => {
        this.warn(errorText(error.code ?? '', this.options.language))
      })
    }
  }

  private warn(text: string): void {
    this.warning = text
    setTimeout(() => {
      if (this.warning !== text) return
      this.warning = ''
      this.changed()
    }, WARNING_MS)
    this.changed()
  }

  private older(): void {
    const { client, conversationId } = this.chat
    if (!client || !conversationId || this.olderFailed) return
    const { hasOlder, loading } = client.messages.list(conversationId)
    if (!hasOlder || loading) return
    client.messages.loadOlder(conversationId).catch((error: unknown) => {
      console.warn('chaguan:', error)
      this.olderFailed = true
      // Reading on asks again, after a while in which the network may have come back.
      setTimeout(() => (this.olderFailed = false), WARNING_MS)
      this.changed()
    })
  }

  private refresh(seq: number): void {
    const { client, conversationId } = this.chat
    if (!seq || !client || this.refreshed.has(seq)) return
    this.refreshed.add(seq)
    client.messages.refresh(conversationId, [seq]).catch((error: unknown) => console.warn('chaguan:', error))
  }

  private seen(): void {
    const { client, conversationId, settled } = this.chat
    if (!client || !conversationId || !settled || !this.isOpen || document.visibilityState !== 'visible') return
    if (this.panel.list.isAtEnd) client.conversations.markRead(conversationId)
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
    const { texts, chat, panel } = this
    const unread = this.isOpen ? 0 : chat.unread
    this.badge.hidden = unread === 0
    this.badge.textContent = unread > 99 ? '99+' : String(unread)
    const label = unread ? fill(texts.openUnread, { n: unread }) : texts.open
    this.launcher.setAttribute('aria-label', this.isOpen ? texts.close : label)
    this.launcher.setAttribute('aria-expanded', String(this.isOpen))
    this.host.toggleAttribute('data-open', this.isOpen)
    if (chat.unread !== this.toldUnread) this.tell('unread', (this.toldUnread = chat.unread))
    if (!this.isOpen) return
    this.connection()
    panel.head(this.options.title || texts.service, this.typing() || (this.options.title && texts.service))
    panel.warn(this.warning || this.broke())
    if (chat.phase === 'ready') this.messages()
    else panel.stand(this.blank())
    panel.suggest(this.card, this.link(this.card?.picture))
  }

  private messages(): void {
    const { texts, panel } = this
    const { client, conversationId, row, settled } = this.chat
    if (!client || !row) return panel.stand(this.blank())
    const window = client.messages.list(conversationId)
    const { messages, loading } = window
    panel.composer.limit(client.limits.text_length)
    this.meet(messages.map(({ sender_id }) => sender_id))
    if (!messages.length) {
      if (!settled) return panel.stand(this.blank())
      return panel.stand({ title: texts.emptyTitle, text: texts.empty }, true)
    }
    const me = client.me?.id ?? ''
    if (this.readSeq < 0) this.readSeq = row.inbox.read_seq ?? 0
    // Once all is there the line between old and new stays where it is; what comes later is not under it.
    if (!this.divided) this.unreadKey = firstUnread(messages, this.readSeq, me)
    this.divided = settled
    const context: RowContext = {
      me,
      now: Date.now(),
      language: this.options.language,
      texts,
      firstUnread: this.unreadKey,
      peerRead: row.inbox.peer_read_seq ?? 0,
      link: (url) => this.link(url),
      userOf: (id) => client.users.find(id),
    }
    panel.stand(null)
    panel.list.show(
      rowsOf(messages, context),
      window,
      this.olderFailed ? texts.loadFailed : loading ? texts.loading : '',
    )
    this.seen()
  }

  private blank(): Blank {
    const { texts } = this
    switch (this.chat.phase) {
      case 'nobody': {
        const { signInUrl: url } = this.options
        const link = url ? { label: texts.signIn, url } : undefined
        return { title: texts.nobodyTitle, text: texts.nobody, retry: !link, link }
      }
      case 'ended':
        return { title: texts.endedTitle, text: texts.ended, retry: true }
      case 'failed':
        return { title: texts.failedTitle, text: texts.failed, retry: true }
      default:
        return { title: texts.loading, text: '', busy: true }
    }
  }

  /** Names of those who write: the server has not told all of them to a customer who was away. */
  private meet(ids: readonly string[]): void {
    const { client } = this.chat
    const strangers = [...new Set(ids)].filter((id) => id && !client?.users.find(id) && !this.asked.has(id))
    if (!client || !strangers.length) return
    strangers.forEach((id) => this.asked.add(id))
    const known = client.users.get(strangers)
    known.then(() => this.changed()).catch((error: unknown) => console.warn('chaguan:', error))
  }

  private typing(): string {
    const { client, conversationId } = this.chat
    const [id] = (conversationId && client?.typingUsers(conversationId)) || []
    return id ? fill(this.texts.typing, { name: client?.users.find(id)?.name || this.texts.someone }) : ''
  }

  private connection(): void {
    const isOnline = !this.chat.client || this.chat.client.state === 'online'
    if (isOnline) {
      if (this.broken) clearTimeout(this.broken)
      this.broken = null
      this.isBroken = false
    } else
      this.broken ??= setTimeout(() => {
        this.isBroken = true
        this.changed()
      }, BANNER_AFTER_MS)
  }

  private broke(): string {
    if (!this.isBroken) return ''
    return this.chat.client?.state === 'offline' ? this.texts.offline : this.texts.connecting
  }

  /** Paths of the deployment become addresses; what is neither http nor a file of this page leads nowhere. */
  private link(url = ''): string {
    if (url.startsWith('/v1/')) return this.options.endpoint + url
    return /^(https?:\/\/|blob:)/.test(url) ? url : ''
  }

  private tell<Name extends keyof WidgetEvents>(name: Name, detail: WidgetEvents[Name]): boolean {
    let handled = false
    for (const fn of this.listeners.get(name) ?? []) {
      try {
        handled = fn(detail as never) === false || handled
      } catch (error) {
        console.error(error)
      }
    }
    return handled
  }

  private get wasOpen(): boolean {
    try {
      return sessionStorage.getItem(`${this.storage}open`) === '1'
    } catch {
      return false
    }
  }

  private remember(open: boolean): void {
    try {
      if (open) sessionStorage.setItem(`${this.storage}open`, '1')
      else sessionStorage.removeItem(`${this.storage}open`)
    } catch {
      // A browser that forbids storage opens the panel anew on each page.
    }
  }
}

/** Where the focus is, inside open shadow roots too. */
function focused(root: DocumentOrShadowRoot): HTMLElement | null {
  const at = root.activeElement
  return at?.shadowRoot?.activeElement
    ? focused(at.shadowRoot)
    : at instanceof HTMLElement && at !== document.body
      ? at
      : null
}

async function measured(file: File): Promise<{ width?: number; height?: number }> {
  try {
    const { width, height } = await createImageBitmap(file)
    return { width, height }
  } catch {
    // The server will say what it is.
    return {}
  }
}
