/** What happens in the window: messages, input, what the page suggests; put together, and drawn as the chat stands. */
import type { Card } from '@chaguan/sdk'
import { openBundle } from '@chaguan/sdk/forward'
import { Answers } from './answers'
import { blankOf } from './blank'
import { Break } from './break'
import type { BubbleContext } from './bubble'
import { BundleView } from './bundle-view'
import type { Chat } from './chat'
import { Composer } from './composer'
import { Deeds } from './deeds'
import { Frame, type Head } from './frame'
import { MessageList } from './list'
import type { Listeners } from './listeners'
import type { Memory } from './memory'
import type { Options } from './options'
import { Sending } from './sending'
import { ServiceDesk } from './service-desk'
import { Suggestion } from './suggestion'
import { Talk } from './talk'
import { fill, type Texts } from './texts'

export interface RoomWishes {
  changed: () => void
  close: () => void
  /** Signs in, if need be, and shows the conversation. */
  arrive: () => void
}

export class Room {
  readonly frame: Frame
  readonly list: MessageList
  readonly composer: Composer
  readonly deeds: Deeds
  readonly bundle: BundleView
  readonly talk: Talk
  private readonly suggestion: Suggestion
  private readonly sending: Sending
  private readonly broke: Break
  private readonly desk: ServiceDesk
  private readonly answers: Answers
  private card: Card | null = null

  constructor(
    private readonly chat: Chat,
    private readonly options: Options,
    private readonly texts: Texts,
    private readonly listeners: Listeners,
    memory: Memory,
    private readonly wish: RoomWishes,
  ) {
    const { changed } = wish
    const { language } = options
    this.list = this.listed()
    this.sending = new Sending(chat, texts, language, { changed, said: () => this.talk.toEnd() })
    this.talk = new Talk(chat, this.list, texts, language, {
      changed,
      link: (url) => this.link(url),
      announce: (text) => this.frame.announce(text),
      warn: (error) => this.sending.refused(error),
    })
    this.composer = this.composed(memory)
    this.deeds = new Deeds(chat, this.talk, this.list, this.sending, texts, (quote) => this.composer.quote(quote))
    this.bundle = this.bundled()
    this.suggestion = new Suggestion(texts, {
      send: (card) => {
        this.sending.say(card)
        this.suggest(null)
      },
      dismiss: () => this.suggest(null),
    })
    this.desk = new ServiceDesk(chat, language, {
      changed,
      announce: (text) => this.frame.announce(text),
      warn: (text) => this.sending.warn(text),
      link: (url) => this.link(url),
    })
    this.answers = this.answering(language)
    this.frame = this.framed()
    this.broke = new Break(texts, changed)
  }

  /** Opened anew: from the end, or from what is unread. */
  enter(): void {
    this.talk.restart()
    this.frame.open()
    this.composer.fit()
  }

  leave(): void {
    this.deeds.viewer.close()
    this.bundle.close()
    this.desk.close()
    this.answers.rest()
    this.composer.rest()
    this.frame.close()
  }

  /** A card to be sent with one click. */
  offer(card: Card): void {
    this.card = card
  }

  render(): void {
    const { chat, frame, card } = this
    frame.keepingFocus(() => {
      frame.head(this.head())
      frame.warn(this.sending.warning || this.broke.told(chat.client))
      this.composer.hold(chat.conversationId)
      this.answers.hold()
      this.conversation()
      this.suggestion.show(frame.isWritable ? card : null, this.link(card?.picture))
    })
  }

  private conversation(): void {
    const { texts, frame, chat } = this
    const window = chat.phase === 'ready' && chat.row ? this.talk.window : null
    if (!window || (!window.messages.length && !chat.settled))
      return frame.stand(blankOf(chat.phase, this.options.signInUrl, texts))
    this.composer.limit(chat.client?.limits ?? {})
    if (!window.messages.length) return frame.stand({ title: texts.emptyTitle, text: texts.empty }, true)
    frame.stand(null)
    this.talk.draw(window)
  }

  /** Who answers, the place in the line until then, what became of it; and whether somebody types. */
  private head(): Head {
    const { texts, options, chat } = this
    const { client, conversationId } = chat
    const [typist] = (conversationId && client?.typingUsers(conversationId)) || []
    const { line, agent } = this.desk.draw()
    const nameOf = (id: string) => client?.users.find(id)?.name || texts.someone
    const under = typist ? fill(texts.typing, { name: nameOf(typist) }) : line || (options.title && texts.service)
    return {
      title: options.title || texts.service,
      under,
      name: agent?.name ?? '',
      avatar: this.link(agent?.avatar),
    }
  }

  private suggest(card: Card | null): void {
    this.card = card
    this.wish.changed()
    this.frame.focus()
  }

  private listed(): MessageList {
    return new MessageList(this.bubbles(), {
      above: (asks) => this.talk.above(asks),
      below: (asks) => this.talk.below(asks),
      seen: () => this.talk.seen(),
      end: () => this.talk.toEnd(),
      unread: () => void this.talk.toUnread(),
    })
  }

  private bubbles(): BubbleContext {
    return {
      texts: this.texts,
      link: (url) => this.link(url),
      resend: (key) => this.sending.resend(key),
      discard: (key) => this.sending.discard(key),
      takenBack: (key) => this.deeds.takenBack(key),
      rewrite: (text) => this.composer.write(text),
      reach: (seq) => void this.talk.reach(seq),
      menu: (key) => this.deeds.offer(key),
      view: (key) => this.deeds.view(key),
      enter: (key) => this.enterBundle(key),
      stale: (seq) => this.talk.refresh(seq),
      card: (detail) => this.listeners.tell('card', detail),
      say: (text) => this.sending.say({ type: 'text', text }),
      hearsCards: () => this.listeners.has('card'),
    }
  }

  private bundled(): BundleView {
    const { chat } = this
    return new BundleView(this.texts, this.bubbles(), {
      read: async (seq) => (chat.client ? openBundle(chat.client, chat.conversationId, seq) : null),
      context: () => this.talk.context(),
      viewer: this.deeds.viewer,
    })
  }

  private enterBundle(key: string): void {
    const seq = this.talk.message(key)?.seq
    const back = () => this.list.bubbleOf(key)?.querySelector<HTMLElement>('.bundle')?.focus({ preventScroll: true })
    if (seq) this.bundle.open(seq, back)
  }

  private composed(memory: Memory): Composer {
    return new Composer(this.texts, memory, {
      send: (text, quoteSeq) => this.sending.say({ type: 'text', text }, quoteSeq),
      files: (files) => void this.sending.files(files),
      voice: (file, duration_ms) => this.sending.voice(file, duration_ms),
      warn: (text) => this.sending.warn(text),
      typing: () => this.chat.client?.typing(this.chat.conversationId),
      wrote: (text) => this.answers.typed(text),
    })
  }

  /** Beside the box in the order of Tab, above it to the eye. */
  private answering(language: Options['language']): Answers {
    const { composer } = this
    const answers = new Answers(this.chat, language, {
      solved: () => composer.clear(),
      ask: (text) => {
        composer.clear()
        this.sending.say({ type: 'text', text })
      },
      announce: (text) => this.frame.announce(text),
      focus: () => this.frame.focus(),
    })
    composer.box.after(answers.element)
    composer.element.addEventListener('keydown', (event) => answers.keyed(event))
    return answers
  }

  private framed(): Frame {
    const { list, suggestion, composer, texts } = this
    const parts = {
      act: this.desk.element,
      sheets: [...this.desk.sheets, this.answers.sheet.element],
      list: list.element,
      suggestion: suggestion.element,
      composer: composer.element,
      box: composer.box,
    }
    return new Frame(texts, parts, {
      close: () => this.wish.close(),
      retry: () => this.wish.arrive(),
      files: (files) => void this.sending.files(files),
    })
  }

  /** Paths of the deployment become addresses; what is neither http nor a file of this page leads nowhere. */
  private link(url = ''): string {
    if (url.startsWith('/v1/')) return this.options.endpoint + url
    return /^(https?:\/\/|blob:)/.test(url) ? url : ''
  }
}
