// A chat as sample code has it: all messages in one array, which goes to the view whole, and a component for each kind.
import type { Message } from '@chaguan/sdk'
import { fake } from '../../talk'

Page({
  data: { messages: [] as Message[], into: '' },
  onLoad() {
    this.show()
  },
  say(text: string) {
    fake.say(text)
    this.show()
  },
  show() {
    this.setData({ messages: fake.messages.list().messages, into: '' }, () => this.setData({ into: 'end' }))
  },
})
