import type { Card, Client } from '@chaguan/sdk'
import { bodyOf } from '../../bodies'
import { saidByTap } from '../../choices'
import type { PickedMedia, PickedPlace } from '../../choosing'
import { draftOf, keepDraft } from '../../drafts'
import { tellFailure } from '../../hosts'
import { kit } from '../../kit'
import { EVERYONE, MOST_MENTIONS, type Mention, type Writing } from '../../mentions'
import { takeUp } from '../../offers'
import { player } from '../../player'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

interface CardTap {
  action: string
  page: string
  url: string
  intent?: string
  card: Parameters<typeof saidByTap>[0]
}

interface Bar {
  clear(): void
  closePanel(): void
  mention(who: Mention): void
  putBack(writing: Writing): void
  write(writing: Writing & { cursor: number }): void
}

interface Answers {
  typed(text: string): void
  hide(): void
}

/** Of names and addresses of places, as the protocol has it. */
const SHORT_TEXT = 200

/** A short break is nobody's business. */
const BANNER_AFTER_MS = 2500

const offs = new WeakMap<object, (() => void)[]>()
const timers = new WeakMap<object, ReturnType<typeof setTimeout>>()

/**
 * The whole body of a chat page; give it the height of the page. `suggestion` is a card that one tap sends, for
 * instance the product the customer comes from. Events: `card` {page, url, action, card} (the kit opens `page` itself
 * unless `handle-cards` is set), `avatar` {user}, `tool` {id}, `sent` {content}. Slots: `header` above the messages,
 * `above-input` under them, `empty` (with `use-empty-slot`) in their place. `generic:bubble`: see the message list.
 * `openSearch()` searches in the conversation, `reach(seq)` shows a message at its place.
 */
Component({
  options: { multipleSlots: true },
  externalClasses: ['custom-class', 'list-class', 'bubble-class', 'bar-class', 'field-class'],
  properties: {
    conversationId: String,
    /** The message to show at its place, for instance one that was found; 0: the end. */
    seq: Number,
    /** Offers to search, in the panel under +. */
    searchable: Boolean,
    /** Offers to send a place; app.json must name `chooseLocation` in `requiredPrivateInfos`. */
    location: Boolean,
    suggestion: { type: Object, value: null as unknown as Record<string, never> },
    tools: { type: Array, value: [] as { id: string; label: string }[] },
    handleCards: Boolean,
    useEmptySlot: Boolean,
  },
  data: {
    banner: '',
    quote: { seq: 0, text: '' },
    draft: { text: '', mentions: [] } as Writing,
    dismissed: false,
    selecting: false,
    picking: false,
    searching: false,
    voice: '' as '' | 'speaker' | 'ear',
    texts: kit.texts,
    look: kit.look,
  },
  observers: {
    conversationId() {
      this.begin()
    },
    'conversationId, seq'(id: string, seq: number) {
      if (id && seq) wx.nextTick(() => void this.reach(seq))
    },
    suggestion() {
      this.setData({ dismissed: false })
    },
  },
  lifetimes: {
    attached() {
      offs.set(this, [kit.onChange((isOther) => this.follow(isOther))])
      this.follow()
    },
    ready() {
      if (this.data.seq) void this.reach(this.data.seq)
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
      const timer = timers.get(this)
      if (timer) clearTimeout(timer)
    },
  },
  methods: {
    /** As one has left it. */
    begin(): Writing {
      const draft = draftOf(this.data.conversationId)
      this.setData({ draft, quote: { seq: 0, text: '' }, picking: false, searching: false })
      return draft
    },

    follow(isOther = false) {
      this.setData({ texts: kit.texts, look: kit.look })
      if (isOther) this.bar()?.write({ ...this.begin(), cursor: -1 })
      const [first, ...rest] = offs.get(this) ?? []
      rest.forEach((off) => off())
      const { client } = kit
      if (!first || !client) return
      offs.set(this, [
        first,
        player.onChange(() => this.voicePlays()),
        client.on('connection', () => this.connection(client)),
        client.on('signed-out', () => this.setData({ banner: kit.texts.stopped })),
      ])
      this.connection(client)
    },

    connection(client: Client) {
      const timer = timers.get(this)
      if (timer) clearTimeout(timer)
      if (client.state === 'online') return this.setData({ banner: '' })
      const { texts } = kit
      const banner = client.state === 'offline' ? texts.offline : texts.connecting
      timers.set(
        this,
        setTimeout(() => this.setData({ banner }), BANNER_AFTER_MS),
      )
    },

    /** Which way the voice comes that plays now. */
    voicePlays() {
      const voice = player.playing ? (player.earpiece ? 'ear' : 'speaker') : ''
      if (voice !== this.data.voice) this.setData({ voice })
    },

    switchVoice() {
      player.setEarpiece(!player.earpiece)
    },

    bar(): Bar | null {
      return this.selectComponent('.input') as unknown as Bar | null
    },

    answers(): Answers | null {
      return this.selectComponent('.answers') as unknown as Answers | null
    },

    /** An answer that was shown was it: nothing is left to ask. */
    onSolved() {
      this.bar()?.clear()
    },

    onAsk(event: Event<{ text: string; mentions: string[] }>) {
      this.onSolved()
      this.onSend(event)
    },

    onChange(event: Event<Writing>) {
      keepDraft(this.data.conversationId, event.detail)
      this.answers()?.typed(event.detail.text)
    },

    /** Elsewhere than in groups there is nobody to call. */
    onAt() {
      if (kit.client?.conversations.find(this.data.conversationId)?.conversation.kind === 'group')
        this.setData({ picking: true })
    },

    onPick(event: Event<Mention>) {
      this.closeOver()
      this.bar()?.mention(event.detail)
    },

    closeOver() {
      this.setData({ picking: false, searching: false })
    },

    async onReedit(event: Event<{ text: string; mentions: string[]; quoteSeq: number }>) {
      const { client, texts } = kit
      const { text, mentions, quoteSeq } = event.detail
      const nameOf = (id: string) => (id === EVERYONE ? texts.everyone : (client?.users.find(id)?.name ?? ''))
      this.bar()?.putBack({ text, mentions: mentions.map((id) => ({ id, name: nameOf(id) })) })
      if (!client || !quoteSeq) return
      const quoted = await client.messages.find(this.data.conversationId, quoteSeq).catch(() => null)
      if (quoted)
        this.setData({ quote: { seq: quoteSeq, text: bodyOf(quoted, client.me?.id ?? '', nameOf, texts).plain } })
    },

    openSearch() {
      this.setData({ searching: true })
    },

    onFound(event: Event<{ seq: number }>) {
      this.closeOver()
      void this.reach(event.detail.seq)
    },

    /** Shows a message at its place, however far back; answers whether it is there. */
    async reach(seq: number): Promise<boolean> {
      const list = this.selectComponent('.messages') as unknown as { reach(seq: number): Promise<boolean> } | null
      return list ? list.reach(seq) : false
    },

    onTyping() {
      kit.client?.typing(this.data.conversationId)
    },

    onSend(event: Event<{ text: string; mentions: string[] }>) {
      const { client } = kit
      if (!client) return
      const quoteSeq = this.data.quote.seq
      const content = { type: 'text', text: event.detail.text } as const
      const mentions = event.detail.mentions.slice(0, MOST_MENTIONS)
      const options = { ...(quoteSeq && { quoteSeq }), ...(mentions.length && { mentions }) }
      this.swallow(client.messages.send(this.data.conversationId, content, options).done)
      this.unquote()
      this.triggerEvent('sent', { content })
    },

    /** One of the answers that a card offers. */
    say(text: string) {
      const { client } = kit
      if (!client) return
      const content = { type: 'text', text } as const
      this.swallow(client.messages.send(this.data.conversationId, content).done)
      this.triggerEvent('sent', { content })
    },

    onMedia(event: Event<PickedMedia>) {
      const { client } = kit
      if (!client) return
      const { path, ...media } = event.detail
      this.swallow(client.messages.sendMedia(this.data.conversationId, { file: path, ...media }).done)
    },

    onPlace(event: Event<PickedPlace>) {
      const { client } = kit
      if (!client) return
      const { latitude, longitude, name, address } = event.detail
      const short = (text: string) => text.slice(0, SHORT_TEXT)
      const content = { type: 'location', latitude, longitude, name: short(name), address: short(address) } as const
      this.swallow(client.messages.send(this.data.conversationId, content).done)
      this.triggerEvent('sent', { content })
    },

    sendSuggestion() {
      const { client } = kit
      const card = this.data.suggestion as unknown as Card | null
      if (!client || !card) return
      this.swallow(client.messages.send(this.data.conversationId, card).done)
      this.dismiss()
      this.triggerEvent('sent', { content: card })
    },

    /** How a message fares is shown at its bubble, not by whoever sent it. */
    swallow(done: Promise<unknown>) {
      done.catch(() => undefined)
    },

    dismiss() {
      this.setData({ dismissed: true }, () => this.onResize())
    },

    onQuote(event: Event<{ seq: number; text: string }>) {
      this.setData({ quote: event.detail })
    },

    unquote() {
      if (this.data.quote.seq) this.setData({ quote: { seq: 0, text: '' } })
    },

    onResize() {
      const list = this.selectComponent('.messages') as unknown as { resized(): void } | null
      list?.resized()
    },

    onListTap() {
      this.bar()?.closePanel()
      this.answers()?.hide()
    },

    onCard(event: Event<CardTap>) {
      const { action, intent } = event.detail
      if (intent) return void takeUp(this.data.conversationId, action, intent)
      const text = saidByTap(event.detail.card, action)
      if (text) return this.say(text)
      if (this.data.handleCards) return
      const { page, url } = event.detail
      // A tab page can only be switched to; navigateTo refuses it.
      if (page) wx.navigateTo({ url: page, fail: () => void wx.switchTab({ url: page }) })
      else if (url) wx.setClipboardData({ data: url, fail: ({ errMsg }) => tellFailure(errMsg) })
    },

    onSelecting(event: Event<{ on: boolean }>) {
      this.setData({ selecting: event.detail.on }, () => this.onResize())
    },

    onTool(event: Event<{ id: string }>) {
      this.triggerEvent('tool', event.detail)
    },
  },
})
