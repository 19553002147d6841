// The kit's own lines, in a list that is given all of them at once.
import { kit } from '@chaguan/mini-kit'
import { rowOf, type Row, type RowContext } from '@chaguan/mini-kit/rows'
import { fake } from '../../talk'

Page({
  data: { rows: [] as Row[], into: '' },
  onLoad() {
    this.show()
  },
  say(text: string) {
    fake.say(text)
    this.show()
  },
  show() {
    const { messages } = fake.messages.list()
    const context = {
      me: fake.me.id,
      now: Date.now(),
      texts: kit.texts,
      firstUnread: '',
      marked: { key: '', note: '' },
      group: false,
      picked: new Set(),
      userOf: (id) => fake.users.find(id),
      messageOf: () => undefined,
    } as Partial<RowContext> as RowContext
    const rows = messages.map((message, i) => rowOf(message, messages[i - 1], context))
    this.setData({ rows, into: '' }, () => this.setData({ into: 'end' }))
  },
})
