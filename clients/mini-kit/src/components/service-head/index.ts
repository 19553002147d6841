import type { Client } from '@chaguan/sdk'
import { serviceOf, type Standing } from '@chaguan/sdk/service'
import { kit } from '../../kit'
import { serviceTexts } from '../../service-texts'
import { Hope, Quiet, stripOf, type Strip } from '../../standing'

interface Held {
  offs: (() => void)[]
  hope: Hope
  quiet: Quiet
  timer: ReturnType<typeof setTimeout> | null
}

interface Shown {
  name: string
  seed: string
  avatar: string
  line: string
  spoken: string
  action: string
  act: '' | 'line' | 'message' | 'rate' | 'reopen'
}

const holding = new WeakMap<object, Held>()
const NOTHING: Shown = { name: '', seed: '', avatar: '', line: '', spoken: '', action: '', act: '' }

/**
 * Above the chat with the shop: who answers, the place in the line and how long it takes, what became of it, and the
 * way to rate it. `title` is what stands there while nobody answers; default 在线客服. Its height never changes. Event:
 * `rated` {stars}.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String, title: String },
  data: { shown: NOTHING, rating: false, leaving: '' as '' | 'line' | 'message', look: kit.look },
  observers: {
    'conversationId, title': function () {
      if (holding.has(this)) this.follow()
    },
  },
  lifetimes: {
    attached() {
      holding.set(this, { offs: [], hope: new Hope(), quiet: new Quiet(), timer: null })
      this.follow()
    },
    detached() {
      this.unfollow()
      holding.delete(this)
    },
  },
  pageLifetimes: {
    show() {
      const { client } = kit
      if (client && this.data.conversationId) serviceOf(client).refresh(this.data.conversationId)
    },
  },
  methods: {
    unfollow() {
      const held = holding.get(this)
      held?.offs.splice(0).forEach((off) => off())
      if (held?.timer) clearTimeout(held.timer)
    },

    /** Another conversation, client, language or look. */
    follow() {
      const held = holding.get(this)
      if (!held) return
      this.unfollow()
      held.offs.push(
        kit.onChange((isOther) => {
          if (isOther) this.closeSheet()
          this.follow()
        }),
      )
      if (this.data.look !== kit.look) this.setData({ look: kit.look })
      const { client } = kit
      const { conversationId } = this.data
      if (!client || !conversationId) return this.draw({ service: null, kept: null })
      const again = () => this.draw(serviceOf(client).find(conversationId))
      held.offs.push(
        client.on('typing', (event) => event.conversation_id === conversationId && again()),
        serviceOf(client).observe(conversationId, (standing) => {
          if (standing.service) held.hope.hear(standing.service.waiting)
          this.draw(standing)
        }),
      )
    },

    draw(standing: Standing) {
      const held = holding.get(this)
      if (!held) return
      const now = Date.now()
      const { language, client } = kit
      const { conversationId } = this.data
      const typing = !!conversationId && !!client?.typingUsers(conversationId).length
      const strip = stripOf(standing, { language, now, hope: held.hope, typing })
      const isPlace = strip.state === 'waiting'
      const spoken = held.quiet.next(strip.spoken, isPlace, now)
      this.setShown({ ...this.who(standing, strip), ...this.actOf(strip), line: strip.line, spoken })
      this.wake(standing, held.quiet.waits(strip.spoken, isPlace, now), now)
    },

    who({ service }: Standing, { state }: Strip): Pick<Shown, 'name' | 'seed' | 'avatar'> {
      const agent = state === 'agent' || state === 'ended' ? service?.agent : null
      const name = agent?.name || this.data.title || serviceTexts(kit.language).service
      return { name, seed: agent?.id ?? '', avatar: kit.link(agent?.avatar) }
    },

    actOf({ rating, canLeave, canMessage, canReopen }: Strip): Pick<Shown, 'act' | 'action'> {
      const words = serviceTexts(kit.language)
      if (canLeave) return { act: 'line', action: words.options }
      if (canMessage) return { act: 'message', action: words.message }
      if (rating) return { act: 'rate', action: rating === 'asks' ? words.rate : words.changeRating }
      return canReopen ? { act: 'reopen', action: words.askAgain } : { act: '', action: '' }
    },

    /** What is the same does not cross to the view again. */
    setShown(shown: Shown) {
      const held = this.data.shown
      if ((Object.keys(shown) as (keyof Shown)[]).some((key) => shown[key] !== held[key])) this.setData({ shown })
    },

    /** When a place may be said that had to wait; when a closed desk opens. */
    wake({ service }: Standing, waits_ms: number, now: number) {
      const held = holding.get(this)
      if (!held) return
      if (held.timer) clearTimeout(held.timer)
      held.timer = null
      const { client } = kit
      const { conversationId } = this.data
      if (!client) return
      const opens_ms = (service?.waiting.opens_at ?? 0) - now
      if (waits_ms > 0) held.timer = setTimeout(() => this.draw(serviceOf(client).find(conversationId)), waits_ms)
      else if (opens_ms > 0 && opens_ms < 86_400_000)
        held.timer = setTimeout(() => serviceOf(client).refresh(conversationId), opens_ms + 1_000)
    },

    onAct() {
      const { act } = this.data.shown
      if (act === 'line' || act === 'message') this.setData({ leaving: act })
      else if (act === 'rate') this.setData({ rating: true })
      else if (act === 'reopen') void this.reopen()
    },

    async leave() {
      this.closeSheet()
      const words = serviceTexts(kit.language)
      await this.doing((client, id) => serviceOf(client).leaveLine(id), words.leftRefused)
    },

    closeSheet() {
      this.setData({ rating: false, leaving: '' })
    },

    async reopen() {
      this.closeSheet()
      const words = serviceTexts(kit.language)
      await this.doing((client, id) => serviceOf(client).reopen(id), words.reopenRefused)
    },

    async doing(what: (client: Client, caseId: string) => Promise<unknown>, refused: string) {
      const { client } = kit
      const held = client && serviceOf(client).find(this.data.conversationId).service?.case
      if (!client || !held) return
      try {
        await what(client, held.id)
      } catch (error) {
        const isRefused = error instanceof Error && 'code' in error && error.code === 'conflict'
        void wx.showToast({ title: isRefused ? refused : serviceTexts(kit.language).failed, icon: 'none' })
      }
    },

    onRated(event: WechatMiniprogram.CustomEvent<{ stars: number }>) {
      this.triggerEvent('rated', event.detail)
    },
  },
})
