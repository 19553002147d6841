import { lineViews, type LineView } from '../../services/lines'
import { dress } from '../../services/look'
import { yuan } from '../../services/money'
import { orders, products } from '../../services/shop'
import { fill, texts } from '../../services/texts'

interface Row {
  id: string
  status: string
  state: string
  lines: LineView[]
  pieces: string
  total: string
}

Page({
  data: { t: texts(), rows: [] as Row[], loading: true, failed: false },

  onShow() {
    dress(this, (words) => words.orders)
    void this.load()
  },

  async load() {
    try {
      const [all, mine] = await Promise.all([products(), orders()])
      const t = texts()
      const rows = mine.map((order): Row => ({
        id: order.id, state: order.status, status: t[order.status], lines: lineViews(order.lines, all), total: yuan(order.total),
        pieces: fill(t.pieces, order.lines.reduce((sum, line) => sum + line.quantity, 0)),
      }))
      this.setData({ rows, loading: false, failed: false })
    } catch {
      this.setData({ failed: true, loading: false })
    }
  },

  open(event: WechatMiniprogram.TouchEvent) {
    void wx.navigateTo({ url: `/pages/order/index?id=${(event.currentTarget.dataset as { id: string }).id}` })
  },

  goHome() {
    void wx.switchTab({ url: '/pages/home/index' })
  },
})
