import { kit } from '../../kit'

/** What can be done with what is selected. Events: `forward`, `copy`, `cancel`. */
Component({
  externalClasses: ['custom-class'],
  properties: { label: String, canForward: Boolean, canCopy: Boolean, copyOnly: Boolean },
  data: { texts: kit.texts },
  lifetimes: {
    attached() {
      this.setData({ texts: kit.texts })
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
