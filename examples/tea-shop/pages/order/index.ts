import { lineViews, type LineView } from '../../services/lines'
import { dress } from '../../services/look'
import { day, yuan } from '../../services/money'
import { order, products, type Order } from '../../services/shop'
import { texts } from '../../services/texts'

interface View {
  id: string
  status: string
  hint: string
  step: number
  lines: LineView[]
  total: string
  at: string
}

const STEPS = ['paid', 'shipped', 'done'] as const

Page({
  data: { t: texts(), id: '', view: null as View | null, steps: [] as string[], failed: false },

  onLoad(query: { id?: string }) {
    this.setData({ id: query.id ?? '' })
  },

  onShow() {
    const t = dress(this, (words) => words.order)
    this.setData({ steps: STEPS.map((step) => t[step]) })
    void this.load()
  },

  async load() {
    try {
      const [all, found] = await Promise.all([products(), order(this.data.id)])
      this.setData({ view: this.viewOf(found, lineViews(found.lines, all)), failed: false })
    } catch {
      this.setData({ failed: true })
    }
  },

  viewOf(found: Order, lines: LineView[]): View {
    const t = texts()
    const hints = { paid: t.paidLine, shipped: t.shippedLine, done: t.doneLine }
    return {
      id: found.id, status: t[found.status], hint: hints[found.status], step: STEPS.indexOf(found.status), lines, total: yuan(found.total), at: day(found.created_at),
    }
  },

  copy() {
    void wx.setClipboardData({ data: this.data.id })
  },

  openChat() {
    void wx.navigateTo({ url: `/pages/chat/index?page=order&order_id=${this.data.id}` })
  },
})
