import { kit } from '../../kit'
import { Members, type MemberRow } from '../../members'
import { EVERYONE } from '../../mentions'
import { fill } from '../../texts'

const PAUSE_MS = 250

interface Open {
  members: Members
  turn: number
  timer: ReturnType<typeof setTimeout> | null
}

const opened = new WeakMap<object, Open>()
const offs = new WeakMap<object, () => void>()

/** Whom to mention in a group: a sheet over the page. Events: `pick` {id, name} (`all` for everyone), `close`. */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String },
  data: {
    query: '',
    state: 'loading' as 'loading' | 'members' | 'failed',
    rows: [] as MemberRow[],
    everyone: false,
    more: false,
    none: '',
    keyboard: 0,
    texts: kit.texts,
    look: kit.look,
  },
  lifetimes: {
    attached() {
      const dress = () => this.setData({ texts: kit.texts, look: kit.look })
      offs.set(
        this,
        kit.onChange((isOther) => (isOther ? this.close() : dress())),
      )
      dress()
      this.begin()
    },
    detached() {
      offs.get(this)?.()
      const open = opened.get(this)
      if (open?.timer) clearTimeout(open.timer)
      opened.delete(this)
    },
  },
  methods: {
    begin() {
      const { client } = kit
      const { conversationId } = this.data
      if (!client || !conversationId) return
      const members = new Members(client, conversationId)
      opened.set(this, { members, turn: 0, timer: null })
      this.setData({ everyone: members.mayCallAll })
      void this.load()
    },

    onInput(event: WechatMiniprogram.Input) {
      const open = opened.get(this)
      if (!open) return
      if (open.timer) clearTimeout(open.timer)
      this.setData({ query: event.detail.value })
      open.timer = setTimeout(() => void this.load(), PAUSE_MS)
    },

    clear() {
      this.setData({ query: '' })
      void this.load()
    },

    /** What matches the query, from what is held and from the server. */
    async load() {
      const open = opened.get(this)
      if (!open) return
      const turn = (open.turn += 1)
      const { query } = this.data
      const wanted = () => opened.get(this)?.turn === turn
      try {
        if (this.data.state === 'failed') this.setData({ state: 'loading' })
        await open.members.fillFor(query, wanted)
        if (wanted()) this.show(open.members.matching(query), open.members.hasMore(query))
      } catch {
        if (wanted()) this.setData({ state: 'failed' })
      }
    },

    /** Rows that are there do not cross to the view again. */
    show(rows: readonly MemberRow[], more: boolean) {
      const { query, rows: held } = this.data
      const patch: Record<string, unknown> = { state: 'members', more }
      patch['none'] = rows.length || !query.trim() ? '' : fill(kit.texts.noMember, { query: query.trim() })
      const grown = held.length <= rows.length && held.every(({ id }, i) => rows[i]?.id === id)
      if (!grown) patch['rows'] = rows
      else rows.slice(held.length).forEach((row, i) => (patch[`rows[${held.length + i}]`] = row))
      this.setData(patch)
    },

    async onEnd() {
      const open = opened.get(this)
      const { query } = this.data
      if (!open?.members.hasMore(query) || this.data.state !== 'members') return
      const { turn } = open
      try {
        await open.members.page(query)
        if (opened.get(this)?.turn === turn) this.show(open.members.matching(query), open.members.hasMore(query))
      } catch {
        // Scrolling on asks again.
      }
    },

    onKeyboard(event: WechatMiniprogram.CustomEvent<{ height: number }>) {
      this.setData({ keyboard: event.detail.height })
    },

    pick(event: WechatMiniprogram.TouchEvent) {
      const { id } = event.currentTarget.dataset as { id: string }
      const row = this.data.rows.find((member) => member.id === id)
      if (row) this.triggerEvent('pick', { id, name: row.name })
    },

    pickAll() {
      this.triggerEvent('pick', { id: EVERYONE, name: kit.texts.everyone })
    },

    close() {
      this.triggerEvent('close')
    },

    noop() {
      // A touch that must not fall through.
    },
  },
})
