import type { Message } from '@chaguan/sdk'
import { choose } from '../../hosts'
import { kit } from '../../kit'
import { ListView, type Measures } from '../../list-view'
import { player } from '../../player'
import { fill } from '../../texts'
import { bodyOf } from '../../bodies'

interface Keyed {
  key: string
}

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

const views = new WeakMap<object, ListView>()
const offs = new WeakMap<object, () => void>()

/**
 * Messages of a conversation. Events: `quote` {seq, text}, `card` {page, url, action, card}, `avatar` {user}.
 * `generic:bubble` draws the messages instead of the kit's bubbles; it gets `row`. Slot `empty`, with `use-empty-slot`.
 */
Component({
  options: { multipleSlots: true },
  externalClasses: ['custom-class', 'bubble-class'],
  properties: { conversationId: String, useEmptySlot: Boolean },
  data: {
    pages: [] as unknown[],
    ready: false,
    failed: false,
    empty: false,
    older: '',
    far: false,
    fresh: 0,
    freshText: '',
    typing: false,
    typist: null as unknown,
    scrollTo: 0,
    into: '',
    texts: kit.texts,
    look: kit.look,
  },
  observers: {
    conversationId() {
      this.restart()
    },
    fresh(fresh: number) {
      this.setData({ freshText: fresh ? fill(kit.texts.newMessages, { n: fresh > 99 ? '99+' : fresh }) : '' })
    },
  },
  lifetimes: {
    attached() {
      offs.set(
        this,
        kit.onChange(() => {
          // Another size of type or another language is another height.
          this.setData({ texts: kit.texts, look: kit.look }, () => this.resized())
          if (!views.has(this)) this.restart()
        }),
      )
      this.restart()
    },
    detached() {
      offs.get(this)?.()
      views.get(this)?.stop()
      views.delete(this)
      player.stop()
    },
  },
  pageLifetimes: {
    show() {
      views.get(this)?.setVisible(true)
    },
    hide() {
      views.get(this)?.setVisible(false)
      player.stop()
    },
    resize() {
      void views.get(this)?.resized()
    },
  },
  methods: {
    restart() {
      const { client } = kit
      const id = this.data.conversationId
      views.get(this)?.stop()
      views.delete(this)
      if (!client || !id) return
      const host = { draw: (patch: object) => this.draw(patch), measure: () => this.measure() }
      const view = new ListView(host, client, id)
      views.set(this, view)
      this.setData({ pages: [], ready: false, failed: false, typing: false, texts: kit.texts, look: kit.look })
      void view.start()
    },

    draw(patch: object): Promise<void> {
      return new Promise((resolve) => this.setData(patch, resolve))
    },

    measure(): Promise<Measures | null> {
      return new Promise((resolve) => {
        const query = this.createSelectorQuery()
        query.select('.list').boundingClientRect()
        query.select('.list').scrollOffset()
        query.selectAll('.page').boundingClientRect()
        query.exec(([list, offset, pages]: [Measures['list'] | null, Measures | null, Measures['pages']]) => {
          if (!list || !offset) return resolve(null)
          resolve({ list, pages, scrollTop: offset.scrollTop, scrollHeight: offset.scrollHeight })
        })
      })
    },

    /** For who holds this component: the list's frame changed. */
    resized() {
      void views.get(this)?.resized()
    },

    toEnd() {
      void views.get(this)?.toEnd()
    },

    onScroll(event: WechatMiniprogram.ScrollViewScroll) {
      views.get(this)?.scrolled(event.detail.scrollTop, event.detail.scrollHeight)
    },

    onOlder() {
      void views.get(this)?.older()
    },

    onReload() {
      void views.get(this)?.load()
    },

    onPicture(event: Event<Keyed>) {
      const view = views.get(this)
      const message = view?.message(event.detail.key)
      if (!view || !message) return
      const linkOf = ({ content }: Message) =>
        content?.type === 'image' ? kit.link(content.url ?? content.thumb_url) : ''
      void wx.previewImage({ urls: view.pictures().map(linkOf).filter(Boolean), current: linkOf(message) })
    },

    onExpired(event: WechatMiniprogram.BaseEvent) {
      const { key } = event.currentTarget.dataset as Keyed
      views
        .get(this)
        ?.refresh(key)
        .catch(() => undefined)
    },

    async onRetry(event: Event<Keyed>) {
      const { client, texts } = kit
      const message = views.get(this)?.message(event.detail.key)
      if (!client || message?.status !== 'failed') return
      const choice = await choose([texts.retry, texts.remove])
      if (choice === 0) client.messages.resend(message.client_msg_id)
      if (choice === 1) client.messages.discard(message.client_msg_id)
    },

    onQuoted(event: Event<{ seq: number }>) {
      void views.get(this)?.reach(event.detail.seq)
    },

    onReact(event: Event<Keyed & { emoji: string; on: boolean }>) {
      const { key, emoji, on } = event.detail
      const seq = views.get(this)?.message(key)?.seq
      if (seq) kit.client?.messages.react(this.data.conversationId, seq, emoji, on).catch(() => undefined)
    },

    async onMenu(event: Event<Keyed>) {
      const message = views.get(this)?.message(event.detail.key)
      if (!message?.content) return
      const entries = this.entriesOf(message)
      const choice = await choose(entries.map(([label]) => label))
      entries[choice]?.[1]()
    },

    entriesOf(message: Message): [string, () => void][] {
      const { texts, client } = kit
      const { content, client_msg_id: key, status } = message
      const entries: [string, () => void][] = []
      if (content?.type === 'text') entries.push([texts.copy, () => void wx.setClipboardData({ data: content.text })])
      if (status === 'sent') entries.push([texts.quote, () => this.quote(message)])
      if (status === 'sent' && message.sender_id === client?.me?.id)
        entries.push([texts.recall, () => void this.recall(message)])
      if (status === 'failed')
        entries.push(
          [texts.retry, () => void client?.messages.resend(key)],
          [texts.remove, () => void client?.messages.discard(key)],
        )
      return entries
    },

    quote(message: Message) {
      const name = kit.client?.users.find(message.sender_id)?.name ?? ''
      const text = bodyOf(message, kit.client?.me?.id ?? '', () => '', kit.texts).plain
      this.triggerEvent('quote', { seq: message.seq, text: name ? fill(kit.texts.said, { name, text }) : text })
    },

    async recall(message: Message) {
      try {
        await kit.client?.messages.recall(this.data.conversationId, message.seq)
      } catch {
        const minutes = Math.round((kit.client?.limits.recall_window_s ?? 120) / 60)
        void wx.showToast({ title: fill(kit.texts.recallLate, { n: minutes }), icon: 'none' })
      }
    },

    noop() {
      // A tap that must not fall through.
    },
  },
})
