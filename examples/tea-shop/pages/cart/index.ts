import { showBadge } from '../../services/chat'
import { lineViews, totalOf, type LineView } from '../../services/lines'
import { dress } from '../../services/look'
import { yuan } from '../../services/money'
import { cart, placeOrder, products, saveCart, type Line } from '../../services/shop'
import { texts } from '../../services/texts'

type Tap = WechatMiniprogram.TouchEvent
const indexOf = (event: Tap) => (event.currentTarget.dataset as { index: number }).index

Page({
  data: { t: texts(), lines: [] as Line[], views: [] as LineView[], total: '0', loading: true, failed: false, busy: false },

  onShow() {
    dress(this, (words) => words.cart)
    showBadge()
    void this.load()
  },

  async load() {
    try {
      await this.show(await cart())
    } catch {
      this.setData({ failed: true, loading: false })
    }
  },

  async show(lines: Line[]) {
    const all = await products()
    this.setData({ lines, views: lineViews(lines, all), total: yuan(totalOf(lines, all)), loading: false, failed: false })
  },

  minus(event: Tap) {
    void this.change(indexOf(event), -1)
  },

  plus(event: Tap) {
    void this.change(indexOf(event), 1)
  },

  /** Shown at once; the shop's answer, or its refusal, has the last word. */
  async change(index: number, by: number) {
    const lines = this.data.lines.map((line, i) => (i === index ? { ...line, quantity: Math.min(99, line.quantity + by) } : line)).filter((line) => line.quantity > 0)
    await this.show(lines)
    try {
      await saveCart(lines)
    } catch {
      await this.load()
      void wx.showToast({ title: this.data.t.failed, icon: 'none' })
    }
  },

  openProduct(event: Tap) {
    void wx.navigateTo({ url: `/pages/product/index?id=${(event.currentTarget.dataset as { id: string }).id}` })
  },

  goHome() {
    void wx.switchTab({ url: '/pages/home/index' })
  },

  async checkOut() {
    if (this.data.busy || !this.data.lines.length) return
    this.setData({ busy: true })
    try {
      const made = await placeOrder(this.data.lines)
      void wx.navigateTo({ url: `/pages/order/index?id=${made.id}` })
    } catch {
      void wx.showToast({ title: this.data.t.failed, icon: 'none' })
    } finally {
      this.setData({ busy: false })
    }
  },
})
