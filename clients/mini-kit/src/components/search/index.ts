import { searchMessages } from '@chaguan/sdk/search'
import { foundOf, type Found } from '../../found'
import { kit } from '../../kit'
import { fill } from '../../texts'

const PAUSE_MS = 300

/** A search that runs, or what is needed for its next page. */
interface Run {
  /** Goes up with every change of the query: answers to older ones are dropped. */
  turn: number
  cursor: string
  busy: boolean
  timer: ReturnType<typeof setTimeout> | null
}

type State = 'idle' | 'loading' | 'hits' | 'none' | 'failed'

const runs = new WeakMap<object, Run>()
const offs = new WeakMap<object, () => void>()

/**
 * Finds messages by what they say, in one conversation or, without `conversation-id`, in all of mine. Give it the place
 * it shall cover. Events: `open` {id, seq, title} for the message that was tapped, `cancel`.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String },
  data: {
    query: '',
    state: 'idle' as State,
    rows: [] as Found[],
    more: '' as '' | 'loading' | 'failed',
    none: '',
    status: '',
    texts: kit.texts,
    look: kit.look,
  },
  lifetimes: {
    attached() {
      runs.set(this, { turn: 0, cursor: '', busy: false, timer: null })
      const dress = () => this.setData({ texts: kit.texts, look: kit.look })
      offs.set(
        this,
        kit.onChange((isOther) => (isOther ? this.clear() : dress())),
      )
      dress()
    },
    detached() {
      offs.get(this)?.()
      this.next()
      runs.delete(this)
    },
  },
  methods: {
    onInput(event: WechatMiniprogram.Input) {
      const query = event.detail.value
      this.setData({ query })
      const run = this.next()
      if (!run) return
      if (!query.trim()) return this.setData({ state: 'idle', rows: [], more: '', status: '' })
      // What was found for the words so far stays until there is something else to show.
      if (this.data.state !== 'hits') this.setData({ state: 'loading' })
      run.timer = setTimeout(() => void this.search(), PAUSE_MS)
    },

    /** What was asked before is of no interest any more. */
    next(): Run | undefined {
      const run = runs.get(this)
      if (!run) return undefined
      if (run.timer) clearTimeout(run.timer)
      Object.assign(run, { turn: run.turn + 1, cursor: '', busy: false, timer: null })
      return run
    },

    onConfirm() {
      if (!this.data.query.trim()) return
      this.next()
      void this.search()
    },

    async search() {
      const run = runs.get(this)
      if (!run) return
      const { turn } = run
      if (this.data.state !== 'hits') this.setData({ state: 'loading' })
      try {
        const rows = await this.page(run)
        if (run.turn !== turn) return
        const query = this.data.query.trim()
        const status = rows.length ? fill(kit.texts.hitsFound, { n: run.cursor ? `${rows.length}+` : rows.length }) : ''
        this.setData({
          state: rows.length ? 'hits' : 'none',
          rows,
          more: '',
          status,
          none: fill(kit.texts.noHits, { query }),
        })
      } catch {
        if (run.turn === turn) this.setData({ state: 'failed', rows: [] })
      }
    },

    async page(run: Run): Promise<Found[]> {
      const { client, texts } = kit
      if (!client) throw new Error('no client')
      const { turn, cursor } = run
      const query = this.data.query.trim()
      const { conversationId } = this.data
      const answer = await searchMessages(client, query, { conversationId, cursor })
      if (run.turn === turn) run.cursor = answer.next_cursor ?? ''
      return answer.hits.map((hit) => foundOf(hit, query, !conversationId, client, texts))
    },

    /** Rows that are there do not cross to the view again. */
    async onEnd() {
      const run = runs.get(this)
      if (!run || !run.cursor || run.busy || this.data.state !== 'hits') return
      const { turn } = run
      run.busy = true
      this.setData({ more: 'loading' })
      try {
        const rows = await this.page(run)
        if (run.turn !== turn) return
        const start = this.data.rows.length
        const patch: Record<string, unknown> = { more: '' }
        rows.forEach((row, i) => (patch[`rows[${start + i}]`] = row))
        this.setData(patch)
      } catch {
        if (run.turn === turn) this.setData({ more: 'failed' })
      } finally {
        if (run.turn === turn) run.busy = false
      }
    },

    clear() {
      this.next()
      this.setData({ query: '', state: 'idle', rows: [], more: '', status: '' })
    },

    cancel() {
      this.next()
      this.triggerEvent('cancel')
    },

    open(event: WechatMiniprogram.TouchEvent) {
      const row = this.data.rows[(event.currentTarget.dataset as { index: number }).index]
      if (row) this.triggerEvent('open', { id: row.id, seq: row.seq, title: row.title })
    },
  },
})
