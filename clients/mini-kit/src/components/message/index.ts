import type { Row } from '../../rows'

/**
 * A line of the list: time, divider, picture, name, bubble (`generic:bubble`) and how it fares. While `selecting`, the
 * whole line is one check box.
 */
Component({
  externalClasses: ['custom-class', 'bubble-class'],
  properties: { row: Object, sendingText: String, selecting: Boolean },
  methods: {
    menu() {
      this.tell('menu')
    },
    pick() {
      this.tell('pick')
    },
    retry() {
      this.tell('retry')
    },
    quoted() {
      this.tell('quoted', { seq: (this.data.row as Row).quote?.seq ?? 0 })
    },
    avatar() {
      this.tell('avatar', { user: (this.data.row as Row).user })
    },
    react(event: WechatMiniprogram.TouchEvent) {
      const { emoji, mine } = event.currentTarget.dataset as { emoji: string; mine: boolean }
      this.tell('react', { emoji, on: !mine })
    },
    noop() {
      // While messages are selected, what can't be selected does nothing.
    },
    tell(name: string, detail: Record<string, unknown> = {}) {
      this.triggerEvent(name, { key: (this.data.row as Row).key, ...detail }, { bubbles: true, composed: true })
    },
  },
})
