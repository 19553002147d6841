import type { AgentState } from '@chaguan/sdk'
import { choose } from '@chaguan/mini-kit/hosts'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { sure, toast } from '../../acting'
import { Banner, changedIn } from '../../drawing'
import { Lines, TABS, type Line, type Tab } from '../../lines'
import { openFailure } from '../../refusals'
import { seat, type SeatState } from '../../seat'
import { wordsOf } from '../../words'

const EVERY_MS = 1_000
const STATES: readonly AgentState[] = ['online', 'busy', 'away', 'offline']

interface Watching {
  offs: (() => void)[]
  lines: Lines
  ticker: ReturnType<typeof setInterval> | null
  banner: Banner
  /** The first list was shown. */
  begun: boolean
}

const watching = new WeakMap<object, Watching>()

/**
 * The desk of who is signed in as staff on this phone, the body of a page; give it the height of the page. Asks to sign
 * in first. `email` and `password` are what stands in that form at first. Event: `open` {conversationId, caseId, name}.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { email: String, password: String },
  data: {
    state: 'opening' as SeatState,
    problem: '',
    tab: 'mine' as Tab,
    tabs: [] as { id: Tab; label: string; count: string }[],
    lines: [] as Line[],
    me: { state: 'offline' as AgentState, word: '', load: '', full: false },
    empty: { what: '', why: '' },
    banner: '',
    notice: '',
    noticeAct: '',
    pulled: false,
    language: kit.language,
    words: wordsOf(kit.language),
    look: kit.look,
  },
  lifetimes: {
    attached() {
      const draw = () => this.draw()
      watching.set(this, {
        offs: [],
        lines: new Lines(seat),
        ticker: null,
        banner: new Banner(seat, (banner) => this.setData({ banner })),
        begun: false,
      })
      seat.enter()
      watching.get(this)?.offs.push(kit.onChange(draw), seat.onChange(draw))
      this.tick(true)
      this.draw()
      void seat.open()
    },
    detached() {
      const held = watching.get(this)
      held?.offs.forEach((off) => off())
      held?.banner.stop()
      this.tick(false)
      watching.delete(this)
      seat.leave()
    },
  },
  pageLifetimes: {
    show() {
      this.tick(true)
      this.draw()
    },
    hide() {
      this.tick(false)
    },
  },
  methods: {
    /** Once a second while somebody looks. */
    tick(on: boolean) {
      const held = watching.get(this)
      if (!held) return
      if (held.ticker) clearInterval(held.ticker)
      held.ticker = on ? setInterval(() => this.drawLines(), EVERY_MS) : null
    },

    draw() {
      const held = watching.get(this)
      if (!held) return
      const words = wordsOf(kit.language)
      const { state } = seat
      const problem = state === 'failed' ? openFailure(seat.problem, words) : ''
      const { language } = kit
      if (this.data.language !== language) this.setData({ language, words })
      this.put({ look: kit.look, state, problem })
      this.drawHead()
      this.drawLines()
      held.banner.look()
    },

    drawHead() {
      const words = wordsOf(kit.language)
      const mine = seat.myself
      const state = mine?.state ?? 'offline'
      const chosen = mine?.chosen ?? 'offline'
      const [load, of] = [mine?.load ?? 0, mine?.capacity ?? 0]
      const word = seat.state === 'ready' ? words[state] : words.connecting
      const me = { state, word, load: of ? fill(words.load, { load, of }) : '', full: of > 0 && load >= of }
      const drifted = chosen !== 'offline' && chosen !== state
      const offline = seat.state === 'ready' && chosen === 'offline'
      const notice = drifted ? fill(words.drifted, { state: words[state] }) : offline ? words.youAreOffline : ''
      const noticeAct = drifted ? words.here : words.goOnline
      this.put({ me, notice, noticeAct })
    },

    /** Lists, their counts and their clocks; what is the same does not cross to the view again. */
    drawLines() {
      const held = watching.get(this)
      if (!held) return
      const words = wordsOf(kit.language)
      const counts = held.lines.counts()
      this.begin(counts)
      const { tab, lines: before } = this.data
      const tabs = TABS.map((id) => ({ id, label: words[id], count: counts[id] ? String(counts[id]) : '' }))
      const empty = {
        mine: { what: words.emptyMine, why: words.emptyMineWhy },
        waiting: { what: words.emptyWaiting, why: words.emptyWaitingWhy },
        all: { what: words.emptyAll, why: words.emptyAllWhy },
      }[tab]
      this.put({ tabs, empty })
      if (seat.state !== 'ready') return
      const lines = held.lines.list(tab, Date.now())
      if (lines.length < before.length) return this.setData({ lines })
      const patch: Record<string, unknown> = {}
      lines.forEach((line, i) => {
        if (JSON.stringify(line) !== JSON.stringify(before[i])) patch[`lines[${i}]`] = line
      })
      if (Object.keys(patch).length) this.setData(patch)
    },

    /** Who has nobody begins with those who wait. */
    begin({ mine, waiting }: Record<Tab, number>) {
      const held = watching.get(this)
      if (!held || held.begun || seat.state !== 'ready') return
      held.begun = true
      if (!mine && waiting) this.setData({ tab: 'waiting' })
    },

    put(values: Record<string, unknown>) {
      const patch = changedIn(this.data, values)
      if (patch) this.setData(patch)
    },

    chooseTab(event: WechatMiniprogram.TouchEvent) {
      const { tab } = event.currentTarget.dataset as { tab: Tab }
      // Other rows at other places: none of those before is one of these.
      this.setData({ tab, lines: [] })
      this.drawLines()
    },

    async chooseState() {
      const words = wordsOf(kit.language)
      const choice = await choose(STATES.map((state) => words[`${state}Hint` as 'onlineHint']))
      const state = STATES[choice]
      if (state) await this.setState(state)
    },

    /** What I had chosen before I was taken for away, or that I am there. */
    async beThere() {
      const chosen = seat.myself?.chosen ?? 'offline'
      await this.setState(chosen === 'offline' ? 'online' : chosen)
    },

    async setState(state: AgentState) {
      try {
        await seat.desk?.setState(state)
      } catch {
        toast(wordsOf(kit.language).failed)
      }
    },

    async onPull() {
      this.setData({ pulled: true })
      try {
        await seat.refresh()
      } catch {
        toast(wordsOf(kit.language).noNetwork)
      }
      this.setData({ pulled: false })
    },

    retry() {
      void seat.open()
    },

    async signOut() {
      const words = wordsOf(kit.language)
      if (await sure(words.signOutSure, words.signOut)) await seat.signOut()
    },

    open(event: WechatMiniprogram.TouchEvent) {
      const { id } = event.currentTarget.dataset as { id: string }
      const line = this.data.lines.find((one) => one.id === id)
      if (line) this.triggerEvent('open', { conversationId: line.room, caseId: line.id, name: line.name })
    },
  },
})
