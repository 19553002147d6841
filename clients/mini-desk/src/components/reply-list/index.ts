import { kit } from '@chaguan/mini-kit/kit'
import { wordsOf } from '../../words'

/** A canned reply as the list shows it. */
export interface ReplyRow {
  id: string
  title: string
  shortcut: string
  text: string
}

const offs = new WeakMap<object, () => void>()

/** What is offered after a `/`. `say` stands there instead, where nothing is. Events: `pick` {id}, `close`. */
Component({
  externalClasses: ['custom-class'],
  properties: { rows: { type: Array, value: [] as ReplyRow[] }, say: String },
  data: { words: wordsOf(kit.language), look: kit.look },
  lifetimes: {
    attached() {
      const dress = () => this.setData({ words: wordsOf(kit.language), look: kit.look })
      offs.set(this, kit.onChange(dress))
      dress()
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    pick(event: WechatMiniprogram.TouchEvent) {
      this.triggerEvent('pick', { id: (event.currentTarget.dataset as { id: string }).id })
    },

    close() {
      this.triggerEvent('close')
    },
  },
})
