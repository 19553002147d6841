import { texts } from '../../services/texts'

interface Query {
  id?: string
  case?: string
  name?: string
}

/** One consultation, as the agent sees it. */
Page({
  data: { id: '', caseId: '', name: '' },

  onLoad(query: Query) {
    this.setData({ id: query.id ?? '', caseId: query.case ?? '', name: decodeURIComponent(query.name ?? '') })
  },

  onShow() {
    void wx.setNavigationBarTitle({ title: this.data.name || texts().staff })
  },

  onName(event: WechatMiniprogram.CustomEvent<{ name: string }>) {
    this.setData({ name: event.detail.name })
    void wx.setNavigationBarTitle({ title: event.detail.name })
  },
})
