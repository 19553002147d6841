import type { Merged } from '@chaguan/sdk'
import { openBundle } from '@chaguan/sdk/forward'
import { bodyOfContent } from '../../bodies'
import { bundleRows, bundleTitle, type BundleRow } from '../../bundles'
import { choose } from '../../hosts'
import { kit } from '../../kit'
import { player } from '../../player'
import { viewMedia } from '../../viewer'

/** Rows that cross to the view at once. */
const STEP = 20

/** The bundle that was opened, and those opened inside of it. */
const levels = new WeakMap<object, Merged[]>()
const offs = new WeakMap<object, () => void>()

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

/**
 * A bundle of forwarded messages, whole: every kind of content as in a chat, bundles inside of it too. `conversation-id`
 * and `seq` say where it stands. Events: `close`, `card` as in the message list. `generic:bubble` as there.
 */
Component({
  externalClasses: ['custom-class', 'bubble-class'],
  properties: { conversationId: String, seq: Number },
  data: {
    state: 'loading',
    title: '',
    depth: 0,
    rows: [] as BundleRow[],
    scrollTo: 0,
    texts: kit.texts,
    look: kit.look,
  },
  lifetimes: {
    attached() {
      offs.set(
        this,
        kit.onChange((isOther) => {
          if (isOther) return this.close()
          this.setData({ texts: kit.texts, look: kit.look })
          if (levels.get(this)?.length) this.draw()
        }),
      )
      void this.load()
    },
    detached() {
      offs.get(this)?.()
      player.stop()
    },
  },
  methods: {
    async load() {
      const { client } = kit
      if (!client) return
      this.setData({ state: 'loading', texts: kit.texts, look: kit.look })
      try {
        const merged = await openBundle(client, this.data.conversationId, this.data.seq)
        levels.set(this, merged ? [merged] : [])
        if (merged) this.draw()
        this.setData({ state: merged ? 'ready' : 'gone' })
      } catch {
        this.setData({ state: 'failed' })
      }
    },

    /** The innermost bundle that is open. */
    merged(): Merged | undefined {
      const open = levels.get(this) ?? []
      return open[open.length - 1]
    },

    made(): BundleRow[] {
      const merged = this.merged()
      const depth = levels.get(this)?.length ?? 0
      return merged ? bundleRows(merged, `b${this.data.seq}.${depth}.`, Date.now(), kit.texts, bodyOfContent) : []
    },

    draw() {
      const merged = this.merged()
      if (!merged) return
      this.setData({
        title: bundleTitle(merged, kit.texts),
        depth: levels.get(this)?.length ?? 1,
        rows: this.made().slice(0, STEP),
        // Another value than before, or it would not scroll.
        scrollTo: this.data.scrollTo ? 0 : 0.5,
      })
    },

    onLower() {
      const from = this.data.rows.length
      const patch: Record<string, BundleRow> = {}
      for (const [i, row] of this.made()
        .slice(from, from + STEP)
        .entries())
        patch[`rows[${from + i}]`] = row
      if (Object.keys(patch).length) this.setData(patch)
    },

    back() {
      const open = levels.get(this) ?? []
      if (open.length < 2) return this.close()
      open.pop()
      player.stop()
      this.draw()
    },

    close() {
      this.triggerEvent('close')
    },

    onBundle(event: Event<{ key: string }>) {
      const content = this.itemOf(event.detail.key)?.content
      if (content?.type !== 'merged') return
      levels.get(this)?.push(content)
      player.stop()
      this.draw()
    },

    onPicture(event: Event<{ key: string }>) {
      const merged = this.merged()
      const item = this.itemOf(event.detail.key)
      if (!merged || !item) return
      const all = merged.items.map(({ content }, i) => ({ content, client_msg_id: String(i) }))
      viewMedia(all, { client_msg_id: String(merged.items.indexOf(item)) })
    },

    async onMenu(event: WechatMiniprogram.TouchEvent) {
      const content = this.itemOf((event.currentTarget.dataset as { key: string }).key)?.content
      if (content?.type !== 'text') return
      if ((await choose([kit.texts.copy])) === 0) void wx.setClipboardData({ data: content.text })
    },

    itemOf(key: string): Merged['items'][number] | undefined {
      return this.merged()?.items[Number(key.slice(key.lastIndexOf('.') + 1))]
    },
  },
})
