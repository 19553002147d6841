import { choose } from '../../hosts'
import { kit } from '../../kit'
import { previewOf, type Preview } from '../../previews'

const offs = new WeakMap<object, (() => void)[]>()

type Tap = WechatMiniprogram.TouchEvent

/**
 * My conversations. Events: `open` {id, title, seq}; `seq` is that of a message that was found, else 0. A long press offers pin, mute, mark and hide. Slots: `header` above the
 * rows, `empty` (with `use-empty-slot`) where there are none.
 */
Component({
  options: { multipleSlots: true },
  externalClasses: ['custom-class', 'row-class'],
  properties: {
    useEmptySlot: Boolean,
    /** Offers to search in all conversations. */
    searchable: Boolean,
  },
  data: { rows: [] as Preview[], loading: true, searching: false, texts: kit.texts, look: kit.look },
  lifetimes: {
    attached() {
      offs.set(this, [kit.onChange((isOther) => this.follow(isOther))])
      this.follow()
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
    },
  },
  pageLifetimes: {
    show() {
      this.refresh()
    },
  },
  methods: {
    follow(isOther = false) {
      this.setData({ texts: kit.texts, look: kit.look })
      if (isOther) this.setData({ rows: [], loading: true, searching: false })
      const [first, ...rest] = offs.get(this) ?? []
      rest.forEach((off) => off())
      const { client } = kit
      if (!first || !client) return
      const refresh = () => this.refresh()
      offs.set(this, [first, client.on('conversation', refresh), client.on('connection', refresh)])
      this.refresh()
    },

    /** Rows that stayed the same do not cross to the view again. */
    refresh() {
      const { client, texts } = kit
      if (!client) return
      const rows = client.conversations.list().map((item) => previewOf(item, client, texts, Date.now()))
      const patch: Record<string, unknown> = {}
      const held = this.data.rows
      rows.forEach((row, i) => {
        if (JSON.stringify(row) !== JSON.stringify(held[i])) patch[`rows[${i}]`] = row
      })
      const loading = rows.length === 0 && client.state !== 'online'
      if (loading !== this.data.loading) patch['loading'] = loading
      if (rows.length < held.length) this.setData({ rows, loading })
      else if (Object.keys(patch).length) this.setData(patch)
    },

    open(event: Tap) {
      const row = this.rowOf(event)
      if (row) this.triggerEvent('open', { id: row.id, title: row.title, seq: 0 })
    },

    openSearch() {
      this.setData({ searching: true })
    },

    closeSearch() {
      this.setData({ searching: false })
    },

    onFound(event: WechatMiniprogram.CustomEvent<{ id: string; title: string; seq: number }>) {
      this.triggerEvent('open', event.detail)
    },

    rowOf(event: Tap): Preview | undefined {
      return this.data.rows[(event.currentTarget.dataset as { index: number }).index]
    },

    async menu(event: Tap) {
      const { client, texts } = kit
      const row = this.rowOf(event)
      if (!client || !row) return
      const hasUnread = row.unread !== '' || row.dot
      const entries: [string, () => Promise<void> | void][] = [
        [row.pinned ? texts.unpin : texts.pin, () => client.conversations.pin(row.id, !row.pinned)],
        [row.muted ? texts.unmute : texts.mute, () => client.conversations.mute(row.id, !row.muted)],
        hasUnread
          ? [texts.markRead, () => client.conversations.markRead(row.id)]
          : [texts.markUnread, () => client.conversations.markUnread(row.id)],
        [texts.archive, () => client.conversations.archive(row.id)],
      ]
      const choice = await choose(entries.map(([label]) => label))
      try {
        await entries[choice]?.[1]()
      } catch {
        void wx.showToast({ title: texts.busy, icon: 'none' })
      }
    },

    onEnd() {
      const { client } = kit
      if (client?.conversations.hasMore) client.conversations.loadMore().catch(() => undefined)
    },
  },
})
