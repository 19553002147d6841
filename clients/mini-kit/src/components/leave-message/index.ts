import { serviceOf } from '@chaguan/sdk/service'
import { kit } from '../../kit'
import { serviceTexts } from '../../service-texts'
import { openingText } from '../../standing'
import { fill } from '../../texts'

type Event<T extends object> = WechatMiniprogram.CustomEvent<T>

const offs = new WeakMap<object, () => void>()
const keys = new WeakMap<object, string>()

/**
 * A message instead of waiting, with a way to be reached, if the customer wants: a sheet over the page. `can-leave`
 * offers to stop waiting besides. Events: `left` {text}, `leave` (stop waiting), `close`.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { conversationId: String, canLeave: Boolean },
  data: {
    state: 'form' as 'form' | 'sending' | 'done',
    text: '',
    contact: '',
    consent: false,
    problem: '',
    done: '',
    keyboard: 0,
    words: serviceTexts(kit.language),
    look: kit.look,
  },
  lifetimes: {
    attached() {
      const dress = () => this.setData({ words: serviceTexts(kit.language), look: kit.look })
      offs.set(
        this,
        kit.onChange((isOther) => (isOther ? this.close() : dress())),
      )
      dress()
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    onText(event: Event<{ value: string }>) {
      this.setData({ text: event.detail.value, problem: '' })
    },

    onContact(event: Event<{ value: string }>) {
      this.setData({ contact: event.detail.value, problem: '' })
    },

    agree() {
      this.setData({ consent: !this.data.consent, problem: '' })
    },

    onKeyboard(event: Event<{ height: number }>) {
      this.setData({ keyboard: event.detail.height })
    },

    async send() {
      const { client } = kit
      const { conversationId, state, words, consent } = this.data
      const [text, contact] = [this.data.text.trim(), this.data.contact.trim()]
      if (!client || !text || state !== 'form') return
      if (contact && !consent) return this.setData({ problem: words.consent })
      this.setData({ state: 'sending', problem: '' })
      // One key for this sheet: what was cut off and is sent again is left once.
      const key = keys.get(this) ?? client.newKey()
      keys.set(this, key)
      try {
        const { due_at } = await serviceOf(client).leaveMessage(conversationId, { text, contact, consent }, key)
        const time = openingText(due_at, Date.now(), words)
        const done = due_at > Date.now() ? fill(words.messageUntil, { time }) : words.messageLeft
        this.setData({ state: 'done', done })
        this.triggerEvent('left', { text })
      } catch (error) {
        const isLate = error instanceof Error && 'code' in error && error.code === 'conflict'
        this.setData({ state: 'form', problem: isLate ? words.hasAgent : words.failed })
      }
    },

    leave() {
      this.triggerEvent('leave')
    },

    close() {
      this.triggerEvent('close')
    },

    noop() {
      // A touch that must not fall through.
    },
  },
})
