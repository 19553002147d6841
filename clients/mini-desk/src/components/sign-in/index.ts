import { kit } from '@chaguan/mini-kit/kit'
import { goneReason, signInFailure } from '../../refusals'
import { seat } from '../../seat'
import { wordsOf } from '../../words'

type Typed = WechatMiniprogram.CustomEvent<{ value: string }>

const offs = new WeakMap<object, () => void>()

/** Signing in as staff: e-mail, password, and the code of the second factor once the server asks for it. */
Component({
  externalClasses: ['custom-class'],
  properties: { email: String, password: String },
  data: {
    mail: '',
    secret: '',
    code: '',
    asksCode: false,
    busy: false,
    reason: '',
    problem: '',
    words: wordsOf(kit.language),
    look: kit.look,
  },
  lifetimes: {
    attached() {
      const { email: mail, password: secret } = this.data
      offs.set(
        this,
        kit.onChange(() => this.dress()),
      )
      this.dress()
      this.setData({ mail, secret })
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    dress() {
      const words = wordsOf(kit.language)
      this.setData({ words, look: kit.look, reason: goneReason(seat.problem, words) })
    },

    onMail(event: Typed) {
      this.setData({ mail: event.detail.value, problem: '' })
    },

    onSecret(event: Typed) {
      this.setData({ secret: event.detail.value, problem: '' })
    },

    onCode(event: Typed) {
      this.setData({ code: event.detail.value, problem: '' })
    },

    async send() {
      const { mail, secret, code, busy } = this.data
      if (!mail.trim() || !secret || busy) return
      this.setData({ busy: true, problem: '' })
      try {
        await seat.signIn({ email: mail.trim(), password: secret, totp: code.trim(), deviceName: deviceName() })
      } catch (error) {
        this.setData(signInFailure(error, wordsOf(kit.language)))
      }
      this.setData({ busy: false })
    },
  },
})

/** What the list of devices in the console calls this phone. */
function deviceName(): string {
  if (typeof wx.getDeviceInfo !== 'function') return ''
  const { brand, model } = wx.getDeviceInfo()
  return `${brand} ${model}`.trim().slice(0, 100)
}
