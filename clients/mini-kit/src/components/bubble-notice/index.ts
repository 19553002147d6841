import { findRecalled } from '../../recalls'

const timers = new WeakMap<object, ReturnType<typeof setTimeout>>()

/**
 * What nobody said: system notices, recalled messages. `again` is the word that brings the text of `row-key` back
 * `until` that moment; event `reedit` {text, mentions, quoteSeq}.
 */
Component({
  externalClasses: ['custom-class'],
  properties: { text: String, again: String, until: Number, rowKey: String },
  data: { live: false },
  observers: {
    'again, until'() {
      this.watch()
    },
  },
  lifetimes: {
    detached() {
      this.settle()
    },
  },
  methods: {
    /** The word goes when its time is over, though nothing else happens. */
    watch() {
      this.settle()
      const left = this.data.again ? this.data.until - Date.now() : 0
      if (left > 0 !== this.data.live) this.setData({ live: left > 0 })
      if (left <= 0) return
      timers.set(
        this,
        setTimeout(() => this.setData({ live: false }), left),
      )
    },

    settle() {
      const timer = timers.get(this)
      if (timer) clearTimeout(timer)
      timers.delete(this)
    },

    edit() {
      const kept = findRecalled(this.data.rowKey)
      if (!kept) return this.setData({ live: false })
      const { text, mentions, quoteSeq } = kept
      this.triggerEvent('reedit', { text, mentions, quoteSeq }, { bubbles: true, composed: true })
    },
  },
})
