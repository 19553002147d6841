import type { Card, Client } from '@chaguan/sdk'
import { tellFailure } from '../../hosts'
import { kit } from '../../kit'
import type { PickedMedia } from '../input-bar/index'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

/** A short break is nobody's business. */
const BANNER_AFTER_MS = 2500

const drafts = new Map<string, string>()
const offs = new WeakMap<object, (() => void)[]>()
const timers = new WeakMap<object, ReturnType<typeof setTimeout>>()

/**
 * The whole body of a chat page; give it the height of the page. `suggestion` is a card that one tap sends, for
 * instance the product the customer comes from. Events: `card` {page, url, action, card} (the kit opens `page` itself
 * unless `handle-cards` is set), `avatar` {user}, `tool` {id}, `sent` {content}. Slots: `header` above the messages,
 * `above-input` under them, `empty` (with `use-empty-slot`) in their place. `generic:bubble`: see the message list.
 */
Component({
  options: { multipleSlots: true },
  externalClasses: ['custom-class', 'list-class', 'bubble-class', 'bar-class', 'field-class'],
  properties: {
    conversationId: String,
    suggestion: { type: Object, value: null as unknown as Record<string, never> },
    tools: { type: Array, value: [] as { id: string; label: string }[] },
    handleCards: Boolean,
    useEmptySlot: Boolean,
  },
  data: {
    banner: '',
    quote: { seq: 0, text: '' },
    draft: '',
    dismissed: false,
    selecting: false,
    texts: kit.texts,
    look: kit.look,
  },
  observers: {
    conversationId(id: string) {
      this.setData({ draft: drafts.get(id) ?? '', quote: { seq: 0, text: '' } })
    },
    suggestion() {
      this.setData({ dismissed: false })
    },
  },
  lifetimes: {
    attached() {
      offs.set(this, [kit.onChange(() => this.follow())])
      this.follow()
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
      const timer = timers.get(this)
      if (timer) clearTimeout(timer)
    },
  },
  methods: {
    follow() {
      this.setData({ texts: kit.texts, look: kit.look })
      const [first, ...rest] = offs.get(this) ?? []
      rest.forEach((off) => off())
      const { client } = kit
      if (!first || !client) return
      offs.set(this, [
        first,
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

    onChange(event: Event<{ text: string }>) {
      drafts.set(this.data.conversationId, event.detail.text)
    },

    onTyping() {
      kit.client?.typing(this.data.conversationId)
    },

    onSend(event: Event<{ text: string }>) {
      const { client } = kit
      if (!client) return
      const quoteSeq = this.data.quote.seq
      const content = { type: 'text', text: event.detail.text } as const
      this.swallow(client.messages.send(this.data.conversationId, content, quoteSeq ? { quoteSeq } : {}).done)
      this.unquote()
      this.triggerEvent('sent', { content })
    },

    onMedia(event: Event<PickedMedia>) {
      const { client } = kit
      if (!client) return
      const { path, ...media } = event.detail
      this.swallow(client.messages.sendMedia(this.data.conversationId, { file: path, ...media }).done)
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
      const bar = this.selectComponent('.input') as unknown as { closePanel(): void } | null
      bar?.closePanel()
    },

    onCard(event: Event<{ page: string; url: string }>) {
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
