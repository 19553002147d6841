import { kit } from '../../kit'

const offs = new WeakMap<object, () => void>()

/** What can be done with what is selected. Events: `forward`, `copy`, `cancel`. */
Component({
  externalClasses: ['custom-class'],
  properties: { label: String, canForward: Boolean, canCopy: Boolean, copyOnly: Boolean },
  data: { texts: kit.texts },
  lifetimes: {
    attached() {
      const follow = () => this.setData({ texts: kit.texts })
      offs.set(this, kit.onChange(follow))
      follow()
    },
    detached() {
      offs.get(this)?.()
    },
  },
  methods: {
    cancel() {
      this.triggerEvent('cancel')
    },
    copy() {
      if (this.data.canCopy) this.triggerEvent('copy')
    },
    forward() {
      if (this.data.canForward) this.triggerEvent('forward')
    },
  },
})
