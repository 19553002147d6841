// What a page costs that has a list and nothing to show in it.
import { fake } from '../../talk'

Page({
  data: { label: '' },
  onLoad() {
    this.setData({ label: `${fake.messages.list().messages.length} ` })
  },
})
