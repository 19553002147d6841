import { drawnClass, EMOJI } from '../../emoji'
import { kit } from '../../kit'

/** Emoji to pick. Events: `pick` {emoji}, `backspace`, `send`. */
Component({
  externalClasses: ['custom-class'],
  properties: { canSend: Boolean },
  data: { emoji: EMOJI.map((emoji) => ({ emoji, drawn: drawnClass(emoji) })), texts: kit.texts },
  lifetimes: {
    attached() {
      this.setData({ texts: kit.texts })
    },
  },
  methods: {
    pick(event: WechatMiniprogram.TouchEvent) {
      this.triggerEvent('pick', { emoji: (event.currentTarget.dataset as { emoji: string }).emoji })
    },
    backspace() {
      this.triggerEvent('backspace')
    },
    send() {
      this.triggerEvent('send')
    },
  },
})
