import type { Row } from '../../rows'

/** One message by its kind. `row` is a line of the message list. */
Component({
  externalClasses: ['custom-class'],
  properties: { row: Object },
  methods: {
    onTap() {
      const row = this.data.row as Row
      if (row.body.kind === 'image') this.triggerEvent('picture', { key: row.key }, { bubbles: true, composed: true })
    },
  },
})
