import type { Client, SuggestedAnswer, SuggestedAnswers } from '@chaguan/sdk'
import { suggestAnswers, type Suggester } from '@chaguan/sdk/answers'
import { kit } from '../../kit'
import { serviceTexts } from '../../service-texts'
import { fill } from '../../texts'

interface Held {
  off: () => void
  client: Client | null
  suggester: Suggester | null
  found: SuggestedAnswers
  text: string
}

const holding = new WeakMap<object, Held>()

/**
 * Answers of the shop's list over the input, while a customer writes to the shop: tell it by `typed(text)`, again and
 * again, and hide it by `hide()`. A tap shows one at once, without a word to the server. Events: `solved` (that was it),
 * `ask` {text, mentions} (what was typed, to be sent to a person).
 */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String },
  data: {
    rows: [] as { id: string; question: string }[],
    told: '',
    open: null as SuggestedAnswer | null,
    words: serviceTexts(kit.language),
    look: kit.look,
  },
  observers: {
    conversationId() {
      this.reset()
    },
  },
  lifetimes: {
    attached() {
      const off = kit.onChange(() => this.follow())
      holding.set(this, { off, client: kit.client, suggester: null, found: {}, text: '' })
    },
    detached() {
      holding.get(this)?.off()
      holding.get(this)?.suggester?.stop()
      holding.delete(this)
    },
  },
  methods: {
    /** Another client, language or look. */
    follow() {
      const held = holding.get(this)
      if (held?.client === kit.client) this.draw(held.found)
      else this.reset()
    },

    /** Another conversation, or somebody else. */
    reset() {
      const held = holding.get(this)
      if (!held) return
      held.suggester?.stop()
      held.suggester = null
      held.client = kit.client
      this.close()
      this.draw({})
    },

    typed(text: string) {
      const held = holding.get(this)
      if (!held) return
      held.text = text.trim()
      held.suggester ??= this.begin()
      held.suggester?.typed(text)
    },

    /** Only customers are shown answers here, and only by their shop. */
    begin(): Suggester | null {
      const { client } = kit
      const { conversationId } = this.data
      const kind = client?.conversations.find(conversationId)?.conversation.kind
      if (!client || kind !== 'service' || client.me?.kind !== 'customer') return null
      return suggestAnswers(client, conversationId, (found) => this.draw(found))
    },

    draw(found: SuggestedAnswers) {
      const held = holding.get(this)
      if (!held) return
      held.found = found
      const rows = (found.answers ?? []).map(({ entry_id: id, question }) => ({ id, question }))
      if (!rows.length && !this.data.rows.length && !this.data.open) return
      const words = serviceTexts(kit.language)
      const told = rows.length ? fill(words.answers, { n: rows.length }) : ''
      this.setData({ rows, told, words, look: kit.look })
    },

    /** Out of the way, until something else is typed. */
    hide() {
      this.draw({})
    },

    show(event: WechatMiniprogram.TouchEvent) {
      const { at } = event.currentTarget.dataset as { at: number }
      const open = holding.get(this)?.found.answers?.[at]
      if (!open) return
      this.setData({ open })
      // The sheet stands where the keyboard is.
      wx.hideKeyboard({ fail: () => undefined })
    },

    close() {
      if (this.data.open) this.setData({ open: null })
    },

    solve() {
      this.close()
      this.triggerEvent('solved')
    },

    ask() {
      const { text = '', found = {} } = holding.get(this) ?? {}
      this.close()
      this.triggerEvent('ask', { text: found.human ? `${text}\n${found.human}` : text, mentions: [] })
    },

    noop() {
      // A touch that must not fall through.
    },
  },
})
