import type { ChaguanError } from '@chaguan/sdk'
import { forwardMessages } from '@chaguan/sdk/forward'
import { showForwarding } from '../../forwards'
import { kit } from '../../kit'
import { titleOf } from '../../previews'
import { fill, type Texts } from '../../texts'

interface Target {
  id: string
  title: string
  avatar: string
  seed: string
}

const AT_ONCE = 50

/** For each sheet the key of what is being forwarded: another try must not arrive twice. */
const keys = new WeakMap<object, string>()
const offs = new WeakMap<object, () => void>()

type Tap = WechatMiniprogram.TouchEvent

/**
 * Asks where messages shall go, and sends them there: `from` and `seqs` say which, `merged` whether as one; `preview` says it
 * in words where it is a single message. While they are on their way it is out of sight, and is back only with a problem.
 * Events: `close`, `away` {on}, `done` {to, sent, left_out}.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { from: String, seqs: { type: Array, value: [] as number[] }, merged: Boolean, preview: String },
  data: {
    rows: [] as Target[],
    most: AT_ONCE,
    query: '',
    chosen: null as Target | null,
    what: '',
    /** On their way. */
    busy: false,
    problem: '',
    texts: kit.texts,
    look: kit.look,
  },
  lifetimes: {
    attached() {
      offs.set(
        this,
        kit.onChange((isOther) => (isOther ? this.triggerEvent('close') : this.follow())),
      )
      this.follow()
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    follow() {
      this.setData({ texts: kit.texts, look: kit.look })
      this.refresh()
    },

    /** Rows that stayed the same do not cross to the view again. */
    refresh() {
      const rows = targets(this.data.query).slice(0, this.data.most)
      const held = this.data.rows
      const patch: Record<string, unknown> = {}
      rows.forEach((row, i) => {
        if (JSON.stringify(row) !== JSON.stringify(held[i])) patch[`rows[${i}]`] = row
      })
      if (rows.length < held.length) this.setData({ rows })
      else if (Object.keys(patch).length) this.setData(patch)
    },

    onQuery(event: WechatMiniprogram.Input) {
      this.setData({ query: event.detail.value })
      this.refresh()
    },

    async onEnd() {
      const { client } = kit
      this.setData({ most: this.data.most + AT_ONCE })
      try {
        if (client?.conversations.hasMore) await client.conversations.loadMore()
      } catch {
        // What is there can be chosen; scrolling on asks again.
      }
      this.refresh()
    },

    choose(event: Tap) {
      const { index } = event.currentTarget.dataset as { index: number }
      const chosen = this.data.rows[index]
      const { client, texts } = kit
      if (!chosen || !client) return
      keys.set(this, client.newKey())
      const { merged, seqs, preview } = this.data
      const what = preview || fill(merged ? texts.asOneOf : texts.oneByOneOf, { n: seqs.length })
      this.setData({ chosen, what, problem: '' })
    },

    unchoose() {
      if (!this.data.busy) this.setData({ chosen: null, problem: '' })
    },

    async send() {
      const { client } = kit
      const { chosen, busy, from, seqs, merged } = this.data
      if (!client || !chosen || busy) return
      const request = { from, seqs, to: chosen.id, merged, key: keys.get(this) ?? client.newKey() }
      this.setData({ problem: '' })
      this.leave(true)
      const end = showForwarding(client, request)
      try {
        const { sent, left_out = [] } = await forwardMessages(client, request)
        end(sent.length)
        const title = left_out.length ? fill(kit.texts.forwardedBut, { n: left_out.length }) : kit.texts.forwarded
        void wx.showToast({ title, icon: left_out.length ? 'none' : 'success' })
        this.triggerEvent('done', { to: chosen.id, sent, left_out })
        this.setData({ busy: false })
      } catch (error) {
        end()
        this.setData({ problem: problemOf(error as Partial<ChaguanError>, kit.texts) })
        this.leave(false)
      }
    },

    leave(on: boolean) {
      this.setData({ busy: on })
      this.triggerEvent('away', { on })
    },

    close() {
      if (!this.data.busy) this.triggerEvent('close')
    },

    /** One step: the question first, then the whole. */
    back() {
      if (this.data.chosen) this.unchoose()
      else this.close()
    },

    noop() {
      // A tap that must not fall through.
    },
  },
})

/** Where one can write, the latest first. */
function targets(query: string): Target[] {
  const { client, texts } = kit
  const wanted = query.trim().toLowerCase()
  return (client?.conversations.list() ?? [])
    .filter(({ inbox }) => !inbox.until_seq && !inbox.blocked)
    .map((item) => ({
      id: item.conversation.id,
      title: titleOf(item, texts),
      avatar: kit.link(item.conversation.avatar || item.peer?.avatar),
      seed: item.peer?.id ?? item.conversation.id,
    }))
    .filter(({ title }) => title.toLowerCase().indexOf(wanted) >= 0)
}

function problemOf({ code, data = {} }: Partial<ChaguanError>, texts: Texts): string {
  if (code === 'too_large') return data['reason'] === 'depth' ? texts.bundleTooDeep : texts.bundleTooLong
  if (code === 'not_found' && data['seqs']) return texts.forwardGone
  return code === 'forbidden' || code === 'not_found' ? texts.forwardRefused : texts.forwardFailed
}
