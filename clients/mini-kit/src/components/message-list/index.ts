import type { Message } from '@chaguan/sdk'
import { entriesOf } from '../../deeds'
import { choose } from '../../hosts'
import { kit } from '../../kit'
import { ListView } from '../../list-view'
import { measuresOf, topOf } from '../../measures'
import { PICKED_MOST } from '../../picks'
import { player } from '../../player'
import { keepRecalled } from '../../recalls'
import { fill } from '../../texts'
import { viewMedia } from '../../viewer'
import { bodyOf } from '../../bodies'

interface Keyed {
  key: string
}

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

const views = new WeakMap<object, ListView>()
const offs = new WeakMap<object, () => void>()

function countText(count: number): string {
  return count ? fill(kit.texts.newMessages, { n: count > 99 ? '99+' : count }) : ''
}

/**
 * Messages of a conversation. Events: `quote` {seq, text}, `card` {page, url, action, card}, `avatar` {user}, `reedit`
 * {text, mentions, quoteSeq}, `selecting` {on}: messages are being selected, and what can be done with them stands below
 * the list. `reach(seq)` shows a message at its place, however far back it stands.
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
    above: 0,
    aboveText: '',
    /** Key of the unread message that mentions the reader, above the screen. */
    called: '',
    typing: false,
    typist: null as unknown,
    scrollTo: 0,
    into: '',
    selecting: false,
    pickedCount: 0,
    pickedText: '',
    canForward: false,
    forwarding: null as { seqs: number[]; merged: boolean; preview: string } | null,
    /** What is forwarded is on its way, and the sheet out of sight. */
    away: false,
    /** Seq of the bundle that is open, or 0. */
    bundle: 0,
    flash: '',
    texts: kit.texts,
    look: kit.look,
  },
  observers: {
    conversationId() {
      this.restart()
    },
    pickedCount(n: number) {
      this.setData({ pickedText: fill(kit.texts.picked, { n }) })
    },
    fresh(fresh: number) {
      this.setData({ freshText: countText(fresh) })
    },
    above(above: number) {
      this.setData({ aboveText: countText(above) })
    },
  },
  lifetimes: {
    attached() {
      offs.set(
        this,
        kit.onChange((isOther) => {
          if (isOther) player.stop()
          // Another size of type or another language is another height.
          const { pickedCount } = this.data
          this.setData({ texts: kit.texts, look: kit.look, pickedCount }, () => this.resized())
          if (isOther || !views.has(this)) this.restart()
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
      this.setData({ forwarding: null, away: false, bundle: 0 })
      this.unselect()
      if (!client || !id) return
      const host = {
        // What a list began that is not shown any more ends nowhere.
        draw: (patch: object) => (views.get(this) === view ? this.draw(patch) : Promise.resolve()),
        measure: () => measuresOf(this),
        topOf: (key: string) => topOf(this, key),
      }
      const view = new ListView(host, client, id)
      views.set(this, view)
      this.setData({
        pages: [],
        ready: false,
        failed: false,
        empty: false,
        typing: false,
        far: false,
        fresh: 0,
        above: 0,
        called: '',
        texts: kit.texts,
        look: kit.look,
      })
      player.follow((key) => view.unheardAfter(key))
      void view.start()
    },

    draw(patch: object): Promise<void> {
      return new Promise((resolve) => this.setData(patch, resolve))
    },

    toUnread() {
      void views.get(this)?.toUnread()
    },

    /** For who holds this component: the list's frame changed. */
    resized() {
      void views.get(this)?.resized()
    },

    /** Shows a message at its place; false, and said so, where there is none. */
    async reach(seq: number): Promise<boolean> {
      const found = (await views.get(this)?.reach(seq)) ?? false
      if (!found) void wx.showToast({ title: kit.texts.messageGone, icon: 'none' })
      return found
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
      if (view && message) viewMedia(view.pictures(), message)
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
      void this.reach(event.detail.seq)
    },

    onReact(event: Event<Keyed & { emoji: string; on: boolean }>) {
      const { key, emoji, on } = event.detail
      const seq = views.get(this)?.message(key)?.seq
      if (seq) kit.client?.messages.react(this.data.conversationId, seq, emoji, on).catch(() => undefined)
    },

    async onMenu(event: Event<Keyed>) {
      const message = views.get(this)?.message(event.detail.key)
      if (!message?.content) return
      const entries = entriesOf(message, this, this.mayForward())
      const choice = await choose(entries.map(([label]) => label))
      entries[choice]?.[1]()
    },

    /** Who has one conversation only, as most customers of a shop, has nowhere to forward to; and one at a time. */
    mayForward(): boolean {
      return !this.data.forwarding && (kit.client?.conversations.list().length ?? 0) > 1
    },

    quote(message: Message) {
      const name = kit.client?.users.find(message.sender_id)?.name ?? ''
      const text = bodyOf(message, kit.client?.me?.id ?? '', () => '', kit.texts).plain
      this.triggerEvent('quote', { seq: message.seq, text: name ? fill(kit.texts.said, { name, text }) : text })
    },

    async recall(message: Message) {
      keepRecalled(message)
      try {
        await kit.client?.messages.recall(this.data.conversationId, message.seq)
      } catch {
        const minutes = Math.round((kit.client?.limits.recall_window_s ?? 120) / 60)
        void wx.showToast({ title: fill(kit.texts.recallLate, { n: minutes }), icon: 'none' })
      }
    },

    /** From now on a tap selects, beginning with this one. `selecting` {on} tells it: the input may step aside. */
    select(key: string) {
      this.setData({ selecting: true, canForward: this.mayForward() }, () => this.resized())
      this.triggerEvent('selecting', { on: true }, { bubbles: true, composed: true })
      views.get(this)?.pick(key)
    },

    unselect() {
      if (!this.data.selecting) return
      views.get(this)?.unpickAll()
      this.setData({ selecting: false, pickedCount: 0 }, () => this.resized())
      this.triggerEvent('selecting', { on: false }, { bubbles: true, composed: true })
    },

    onPick(event: Event<Keyed>) {
      if (views.get(this)?.pick(event.detail.key) !== false) return
      void wx.showToast({ title: fill(kit.texts.pickedMost, { n: PICKED_MOST }), icon: 'none' })
    },

    copyPicked() {
      const picked = views.get(this)?.picked() ?? []
      void wx.setClipboardData({ data: picked.map((message) => this.copied(message, picked.length > 1)).join('\n') })
      this.unselect()
    },

    /** What a message says; of several also who said it. */
    copied(message: Message, named: boolean): string {
      const { content } = message
      const text = content?.type === 'text' ? content.text : bodyOf(message, '', () => '', kit.texts).plain
      const name = named ? kit.client?.users.find(message.sender_id)?.name : ''
      return name ? fill(kit.texts.said, { name, text }) : text
    },

    async forwardPicked() {
      const { texts } = kit
      const picked = views.get(this)?.picked() ?? []
      const choice = picked.length > 1 ? await choose([texts.oneByOne, texts.asOne]) : 0
      if (choice >= 0) this.forward(picked, choice === 1)
    },

    forward(messages: Message[], merged: boolean) {
      const [first] = messages
      if (!first) return
      const preview = messages.length === 1 ? this.copied(first, false) : ''
      this.setData({ forwarding: { seqs: messages.map((message) => message.seq), merged, preview } })
    },

    onForwardClosed() {
      this.setData({ forwarding: null, away: false })
    },

    onAway(event: Event<{ on: boolean }>) {
      this.setData({ away: event.detail.on })
      if (event.detail.on) this.unselect()
    },

    onBundle(event: Event<Keyed>) {
      const seq = views.get(this)?.message(event.detail.key)?.seq
      if (seq) this.setData({ bundle: seq })
    },

    closeBundle() {
      this.setData({ bundle: 0 })
    },

    /** One step out of what stands over the list. */
    stepBack() {
      const above = this.selectComponent('.above') as unknown as { back(): void } | null
      above?.back()
    },

    noop() {
      // A tap that must not fall through.
    },
  },
})
