import { serviceOf } from '@chaguan/sdk/service'
import { kit } from '../../kit'
import { serviceTexts } from '../../service-texts'
import { chipsOf, type Chip } from '../../standing'
import { fill } from '../../texts'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

const MOST = 5
const offs = new WeakMap<object, (() => void)[]>()

/**
 * What the customer thinks of the consultation that has ended: stars, what was good or bad, a few words. A sheet over
 * the page; put it there when it shall be seen. Events: `rated` {stars}, `reopen` (it is not solved), `close`.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String },
  data: {
    caseId: '',
    state: 'form' as 'form' | 'sending' | 'sent' | 'kept',
    stars: 0,
    steps: [] as { n: number; label: string }[],
    meaning: '',
    tapped: [] as string[],
    chips: [] as Chip[],
    text: '',
    about: '',
    problem: '',
    canReopen: false,
    keyboard: 0,
    words: serviceTexts(kit.language),
    look: kit.look,
  },
  lifetimes: {
    attached() {
      const { client } = kit
      const { conversationId } = this.data
      this.begin()
      this.dress()
      const held = [kit.onChange((isOther) => (isOther ? this.close() : this.dress()))]
      if (client) held.push(serviceOf(client).observe(conversationId, () => this.show()))
      offs.set(this, held)
    },
    detached() {
      offs.get(this)?.forEach((off) => off())
    },
  },
  methods: {
    /** With what was said already, if anything was. */
    begin() {
      const { client } = kit
      if (!client) return
      const { service, kept } = serviceOf(client).find(this.data.conversationId)
      const said = kept ?? service?.rating
      this.setData({
        caseId: service?.case?.id ?? '',
        canReopen: !!service?.can_reopen,
        stars: said?.stars ?? 0,
        tapped: said?.reasons ?? [],
        text: said?.text ?? '',
      })
    },

    dress() {
      const words = serviceTexts(kit.language)
      const names = words.starNames.split(',')
      const steps = names.map((name, i) => ({ n: i + 1, label: fill(words.starOf, { n: i + 1, name }) }))
      this.setData({ words, steps, look: kit.look })
      this.show()
    },

    /** What follows from the stars and from what is tapped. */
    show() {
      const { client, language } = kit
      const { stars, tapped, words } = this.data
      const service = client && serviceOf(client).find(this.data.conversationId).service
      const name = service?.agent?.name
      this.setData({
        meaning: words.starNames.split(',')[stars - 1] ?? '',
        chips: chipsOf(service?.invitation, stars, tapped, language),
        about: name ? fill(words.rateAbout, { name }) : '',
      })
    },

    pick(event: WechatMiniprogram.TouchEvent) {
      const { n } = event.currentTarget.dataset as { n: number }
      this.setData({ stars: Math.min(MOST, Math.max(1, n)), problem: '' })
      this.show()
    },

    toggle(event: WechatMiniprogram.TouchEvent) {
      const { id } = event.currentTarget.dataset as { id: string }
      const { tapped } = this.data
      this.setData({ tapped: tapped.indexOf(id) < 0 ? [...tapped, id] : tapped.filter((other) => other !== id) })
      this.show()
    },

    onText(event: Event<{ value: string }>) {
      this.setData({ text: event.detail.value })
    },

    onKeyboard(event: Event<{ height: number }>) {
      this.setData({ keyboard: event.detail.height })
    },

    async send() {
      const { client } = kit
      const { caseId, stars, state, chips, text } = this.data
      if (!client || !caseId || !stars || state === 'sending') return
      this.setData({ state: 'sending', problem: '' })
      const reasons = chips.filter(({ on }) => on).map(({ id }) => id)
      try {
        const rating = await serviceOf(client).rate(caseId, { stars, reasons, text: text.trim() })
        this.setData({ state: rating ? 'sent' : 'kept' })
        this.triggerEvent('rated', { stars })
      } catch (error) {
        const { words } = this.data
        const isLate = error instanceof Error && 'code' in error && error.code === 'conflict'
        this.setData({ state: 'form', problem: isLate ? words.rateLate : words.rateRefused })
      }
    },

    /** Said in haste: it can be said anew. */
    change() {
      this.setData({ state: 'form' })
    },

    reopen() {
      this.triggerEvent('reopen')
    },

    close() {
      this.triggerEvent('close')
    },

    noop() {
      // A touch that must not fall through.
    },
  },
})
