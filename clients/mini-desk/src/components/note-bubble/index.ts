/** A message as the kit draws it, or an internal note among them. `row` is a line of the message list. */
Component({
  externalClasses: ['custom-class'],
  properties: { row: Object },
  methods: {
    noop() {
      // A note has no menu: it is neither quoted nor forwarded, where a customer might read it.
    },
  },
})
