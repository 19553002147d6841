Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, progress: Number, sending: Boolean },
  data: { loaded: false },
  methods: {
    onLoad() {
      this.setData({ loaded: true })
    },
    /** Signed links expire: the list asks for a fresh one. */
    onError() {
      this.triggerEvent('expired', {}, { bubbles: true, composed: true })
    },
  },
})
