import { fake } from '../../talk'

Page({
  say(text: string) {
    fake.say(text)
  },
})
