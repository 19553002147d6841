/** A video by its picture; the list shows it in full. */
Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, progress: Number, sending: Boolean },
  methods: {
    /** Signed links expire: the list asks for a fresh one. */
    onError() {
      this.triggerEvent('expired', {}, { bubbles: true, composed: true })
    },
  },
})
