import { readConfig } from '../../services/config'
import { texts } from '../../services/texts'

interface Opened {
  conversationId: string
  caseId: string
  name: string
}

/** For the shop's own people: who waits, who is with whom. In a sub-package, so that no customer loads it. */
Page({
  data: { email: readConfig().staff?.email ?? '', password: readConfig().staff?.password ?? '' },

  onShow() {
    void wx.setNavigationBarTitle({ title: texts().staff })
  },

  open(event: WechatMiniprogram.CustomEvent<Opened>) {
    const { conversationId, caseId, name } = event.detail
    void wx.navigateTo({ url: `/staff/case/index?id=${conversationId}&case=${caseId}&name=${encodeURIComponent(name)}` })
  },
})
