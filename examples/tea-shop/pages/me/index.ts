import { showBadge } from '../../services/chat'
import { dress } from '../../services/look'
import { orders } from '../../services/shop'
import { readConfig } from '../../services/config'
import { switchTextSize, textSize } from '../../services/text-size'
import { customerName, switchLanguage, texts } from '../../services/texts'

const STATES = ['paid', 'shipped', 'done'] as const

Page({
  data: { t: texts(), name: '', size: '', face: readConfig().customer?.avatar || '/images/logo.svg', states: [] as { id: string; label: string; count: number }[] },

  onShow() {
    this.dressUp()
    showBadge()
    void this.load()
  },

  dressUp() {
    const t = dress(this, (words) => words.me)
    this.setData({ name: customerName(), size: textSize() === 'large' ? t.largeText : t.normalText, states: STATES.map((id, i) => ({ id, label: t[id], count: this.data.states[i]?.count ?? 0 })) })
  },

  /** The counts are an ornament: without the shop's server there are none. */
  async load() {
    const mine = await orders().catch(() => [])
    this.setData({ states: this.data.states.map((state) => ({ ...state, count: mine.filter((one) => one.status === state.id).length })) })
  },

  openOrders() {
    void wx.navigateTo({ url: '/pages/orders/index' })
  },

  openChat() {
    void wx.navigateTo({ url: '/pages/chat/index?page=me' })
  },

  openStaff() {
    void wx.navigateTo({ url: '/staff/desk/index' })
  },

  switchTextSize() {
    switchTextSize()
    this.dressUp()
  },

  switchLanguage() {
    switchLanguage()
    this.dressUp()
  },
})
