import type { Kind } from '../../bodies'
import type { Row } from '../../rows'

/** What opens where it can be seen whole: whoever holds the messages knows how. */
const TAPPED: Partial<Record<Kind, string>> = { image: 'picture', video: 'picture', merged: 'bundle' }

/** One message by its kind. `row` is a line of the message list. */
Component({
  externalClasses: ['custom-class'],
  properties: { row: Object },
  methods: {
    onTap() {
      const row = this.data.row as Row
      const name = TAPPED[row.body.kind]
      const onItsWay = row.body.kind === 'video' && row.status === 'sending'
      if (name && !onItsWay) this.triggerEvent(name, { key: row.key }, { bubbles: true, composed: true })
    },
  },
})
