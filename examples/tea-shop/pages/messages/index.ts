import { showBadge } from '../../services/chat'
import { dress } from '../../services/look'
import { texts } from '../../services/texts'

Page({
  data: { t: texts() },

  onShow() {
    dress(this, (words) => words.messages)
    showBadge()
  },

  open(event: WechatMiniprogram.CustomEvent<{ id: string; title: string; seq: number }>) {
    const { id, title, seq } = event.detail
    void wx.navigateTo({ url: `/pages/chat/index?id=${id}&title=${encodeURIComponent(title)}${seq ? `&seq=${seq}` : ''}` })
  },

  contact() {
    void wx.navigateTo({ url: '/pages/chat/index?page=messages' })
  },
})
