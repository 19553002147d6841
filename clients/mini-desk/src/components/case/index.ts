import { unfilledIn } from '@chaguan/sdk/replies'
import { draftOf, keepDraft } from '@chaguan/mini-kit/drafts'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { Acting, toast } from '../../acting'
import { Canned, slashQuery } from '../../canned'
import { CaseView, NOTHING_SHOWN } from '../../case-view'
import { Banner, changedIn } from '../../drawing'
import { Extras, type ExtraRow } from '../../extras'
import { Lines } from '../../lines'
import { openFailure, refusalText } from '../../refusals'
import { seat, type SeatState } from '../../seat'
import type { Timer } from '../../timer'
import { wordsOf, type Words } from '../../words'
import type { ReplyRow } from '../reply-list/index'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>
type Mode = 'reply' | 'note'

interface Writing {
  text: string
  mentions: readonly { id: string; name: string }[]
}

/** What of the kit's input bar is used here. */
interface Bar {
  data: { text: string }
  closePanel(): void
  putBack(writing: Writing): void
  write(writing: Writing & { cursor: number }, more?: object): void
}

interface Held {
  offs: (() => void)[]
  view: CaseView
  acting: Acting
  canned: Canned
  extras: Extras
  ticker: ReturnType<typeof setInterval> | null
  banner: Banner
}

const EVERY_MS = 1_000
const PICKED = { mode: 'text', panel: '', focus: true }

const holding = new WeakMap<object, Held>()

/**
 * A case of the desk, the body of a page: what was said, with the notes of colleagues among it, and what an agent does
 * with it. `case-id` says which, where a conversation has several. Event: `name` {name}, of the customer, for the title.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String, caseId: String },
  data: {
    state: 'opening' as SeatState,
    problem: '',
    /** The conversation, once the desk is open. */
    room: '',
    shown: NOTHING_SHOWN,
    timer: null as Timer | null,
    mode: 'reply' as Mode,
    draft: '',
    quote: { seq: 0, text: '' },
    palette: false,
    replies: [] as ReplyRow[],
    say: '',
    extras: [] as ExtraRow[],
    noteTyping: '',
    banner: '',
    busy: false,
    passing: false,
    selecting: false,
    language: kit.language,
    words: wordsOf(kit.language),
    look: kit.look,
  },
  observers: {
    'conversationId, caseId'() {
      this.draw()
    },
  },
  lifetimes: {
    attached() {
      const draw = () => this.draw()
      const lines = new Lines(seat)
      const view = new CaseView(seat, lines, draw)
      holding.set(this, {
        offs: [],
        view,
        acting: new Acting(seat, (busy) => this.acts(busy)),
        canned: new Canned(seat),
        extras: new Extras(seat),
        ticker: null,
        banner: new Banner(seat, (banner) => this.setData({ banner })),
      })
      seat.enter()
      holding.get(this)?.offs.push(kit.onChange(draw), seat.onChange(draw))
      this.tick(true)
      this.draw()
      void seat.open()
    },
    detached() {
      const held = holding.get(this)
      held?.offs.forEach((off) => off())
      held?.view.stop()
      held?.banner.stop()
      this.tick(false)
      holding.delete(this)
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
    tick(on: boolean) {
      const held = holding.get(this)
      if (!held) return
      if (held.ticker) clearInterval(held.ticker)
      held.ticker = on ? setInterval(() => this.put({ timer: held.view.timer() }), EVERY_MS) : null
    },

    draw() {
      const held = holding.get(this)
      if (!held) return
      const words = wordsOf(kit.language)
      const { state } = seat
      held.view.follow(this.data.conversationId, this.data.caseId)
      // The list knows from the conversation whether names stand above the bubbles.
      const isKnown = state === 'ready' && !!seat.client?.conversations.find(this.data.conversationId)
      const room = isKnown ? this.data.conversationId : ''
      const before = this.data.shown
      const shown = held.view.shown()
      const { language } = kit
      if (this.data.language !== language) this.setData({ language, words })
      this.put({ look: kit.look, state, room, shown, timer: held.view.timer(), noteTyping: held.view.noteTyping() })
      this.put({ problem: state === 'failed' ? openFailure(seat.problem, words) : '' })
      if (room && !before.id && shown.id) this.setData({ draft: draftOf(this.draftKey()).text })
      // The page that hears it may be in the middle of telling us our case.
      if (shown.name !== before.name && shown.id) wx.nextTick(() => this.triggerEvent('name', { name: shown.name }))
      const heights = (one: typeof shown) => [one.serving, one.bar, one.told].join()
      if (heights(shown) !== heights(before)) this.resize()
      held.banner.look()
    },

    put(values: Record<string, unknown>) {
      const patch = changedIn(this.data, values)
      if (patch) this.setData(patch)
    },

    bar(): Bar | null {
      return this.selectComponent('.input') as unknown as Bar | null
    },

    draftKey(): string {
      const { mode, conversationId } = this.data
      return mode === 'note' ? `note ${conversationId}` : conversationId
    },

    retry() {
      void seat.open()
    },

    acts(busy: boolean) {
      this.setData({ busy })
      if (!busy) this.draw()
    },

    /** What the bar offers: take what waits, take over what a colleague has, go on with what is resolved. */
    take() {
      const held = holding.get(this)
      if (held?.view.case) void held.acting.take(held.view.case)
    },

    async resolve() {
      const held = holding.get(this)
      const ended = held?.view.case ? await held.acting.resolve(held.view.case) : null
      if (!held || !ended) return
      held.view.ended(ended)
      this.draw()
    },

    pass() {
      this.setData({ passing: true })
    },

    closePass() {
      this.setData({ passing: false })
    },

    onPassed() {
      this.setData({ passing: false })
      toast(wordsOf(kit.language).passed)
      this.draw()
    },

    setMode(event: WechatMiniprogram.TouchEvent) {
      const { mode: asked } = event.currentTarget.dataset as { mode: Mode }
      // Who may not answer leaves the note the way they came.
      const mode = asked === this.data.mode && !this.data.shown.serving && asked === 'note' ? 'reply' : asked
      if (mode === this.data.mode) return
      this.setData({ mode, palette: false, quote: { seq: 0, text: '' } })
      const draft = draftOf(this.draftKey()).text
      this.setData({ draft }, () => {
        this.bar()?.write({ text: draft, mentions: [], cursor: -1 })
        this.resize()
      })
    },

    onChange(event: Event<Writing>) {
      const { text } = event.detail
      keepDraft(this.draftKey(), { text, mentions: [] })
      if (this.data.mode !== 'reply') return
      const query = slashQuery(text)
      if (query !== null) void this.offer(query)
      else if (this.data.palette) this.closePalette()
    },

    /** By a button, for who does not know the key. */
    openPalette() {
      if (this.data.palette) return this.closePalette()
      this.bar()?.closePanel()
      void this.offer('')
    },

    closePalette() {
      this.setData({ palette: false }, () => this.resize())
    },

    async offer(query: string) {
      const held = holding.get(this)
      if (!held) return
      const reading = held.canned.refresh()
      this.showReplies(query)
      await reading
      // What was typed meanwhile has asked for itself.
      if (this.data.palette) this.showReplies(slashQuery(this.bar()?.data.text ?? '') ?? '')
    },

    showReplies(query: string) {
      const held = holding.get(this)
      if (!held) return
      const words = wordsOf(kit.language)
      const found = held.canned.find(query, held.view.case?.shop_id ?? '')
      const replies = found.map((reply) => ({
        id: reply.id,
        title: reply.title,
        shortcut: reply.shortcut,
        text: held.canned.preview(reply),
      }))
      const none = query ? fill(words.noMatch, { query }) : words.noReplies
      const said = { idle: words.loading, loading: words.loading, failed: words.noNetwork, ready: none }
      const opened = !this.data.palette
      this.put({ palette: true, replies, say: replies.length ? '' : said[held.canned.state] })
      if (opened) this.resize()
    },

    onPick(event: Event<{ id: string }>) {
      void this.pick(event.detail.id, this.bar()?.data.text ?? '')
    },

    /** Puts a reply into the field, after what stands there already unless that is the search for it. */
    async pick(id: string, typed: string) {
      const held = holding.get(this)
      const reply = held?.canned.get(id)
      if (!held || !reply) return
      this.closePalette()
      const before = slashQuery(typed) === null ? typed : ''
      const ready = await held.canned.ready(reply, held.view.case, this.data.conversationId)
      const text = before + ready.text
      this.setData({ extras: held.extras.put(ready) })
      this.bar()?.write({ text, mentions: [], cursor: text.length }, PICKED)
      this.resize()
    },

    dropExtra(event: WechatMiniprogram.TouchEvent) {
      const { id } = event.currentTarget.dataset as { id: string }
      this.setData({ extras: holding.get(this)?.extras.drop(id) ?? [] }, () => this.resize())
    },

    onTyping() {
      const { mode, conversationId } = this.data
      if (mode === 'note') seat.notes?.typing(conversationId)
      else if (slashQuery(this.bar()?.data.text ?? '') === null) seat.client?.typing(conversationId)
    },

    onSend(event: Event<{ text: string }>) {
      const held = holding.get(this)
      const { text } = event.detail
      if (!held) return
      if (this.data.mode === 'note') return void this.writeNote(text)
      const query = slashQuery(text)
      const first = query === null ? undefined : held.canned.find(query, held.view.case?.shop_id ?? '')[0]
      // The search for a reply is no answer; sent, it means the first that was found.
      if (first) return void this.pick(first.id, '')
      if (this.isUnfilled(text)) return
      this.answer(text)
    },

    /** `{{order.number}}` and the like never leave as they stand. */
    isUnfilled(text: string): boolean {
      const words = wordsOf(kit.language)
      const names = unfilledIn(text).filter((name) => name in words)
      if (!names.length) return false
      this.bar()?.putBack({ text, mentions: [] })
      const told = names.map((name) => words[name as keyof Words]).join(words.separator)
      toast(fill(words.unfilled, { names: told }))
      return true
    },

    answer(text: string) {
      const { client } = seat
      const { conversationId, quote } = this.data
      const extras = holding.get(this)?.extras
      if (!client) return
      const options = quote.seq ? { quoteSeq: quote.seq } : {}
      // How a message fares is shown at its bubble.
      client.messages.send(conversationId, { type: 'text', text }, options).done.catch(() => undefined)
      this.unquote()
      if (!this.data.extras.length) return
      this.setData({ extras: [] }, () => this.resize())
      extras?.send(conversationId).catch(() => toast(wordsOf(kit.language).pictureLost))
    },

    async writeNote(text: string) {
      const caseId = this.data.shown.id
      try {
        await seat.notes?.write(this.data.conversationId, text, caseId ? { caseId } : {})
      } catch (error) {
        this.bar()?.putBack({ text, mentions: [] })
        toast(refusalText(error))
      }
    },

    onMedia(event: Event<{ kind: 'image' | 'video' | 'file' | 'voice'; path: string }>) {
      const { client } = seat
      if (this.data.mode === 'note') return toast(wordsOf(kit.language).noteTextOnly)
      const { path, ...media } = event.detail
      client?.messages.sendMedia(this.data.conversationId, { file: path, ...media }).done.catch(() => undefined)
    },

    onQuote(event: Event<{ seq: number; text: string }>) {
      if (this.data.mode === 'reply' && this.data.shown.serving) this.setData({ quote: event.detail })
    },

    unquote() {
      if (this.data.quote.seq) this.setData({ quote: { seq: 0, text: '' } })
    },

    onReedit(event: Event<{ text: string }>) {
      if (this.data.mode === 'reply') this.bar()?.putBack({ text: event.detail.text, mentions: [] })
    },

    /** Pages of the shop are the customer's; an address can be copied. */
    onCard(event: Event<{ url: string }>) {
      const { url } = event.detail
      if (url) wx.setClipboardData({ data: url, fail: () => undefined })
    },

    onListTap() {
      this.bar()?.closePanel()
    },

    onSelecting(event: Event<{ on: boolean }>) {
      this.setData({ selecting: event.detail.on }, () => this.resize())
    },

    onResize() {
      const list = this.selectComponent('.messages') as unknown as { resized(): void } | null
      list?.resized()
    },

    /** After the new height was drawn. */
    resize() {
      wx.nextTick(() => this.onResize())
    },
  },
})
