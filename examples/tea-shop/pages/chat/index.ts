import type { Card } from '@chaguan/sdk'
import { isService, openService, orderCard, productCard } from '../../services/chat'
import { dress } from '../../services/look'
import { order, orders, product, products } from '../../services/shop'
import { pick, texts } from '../../services/texts'

interface Query {
  id?: string
  title?: string
  /** Of a message that was found. */
  seq?: string
  page?: string
  product_id?: string
  order_id?: string
}

Page({
  data: { t: texts(), id: '', service: false, seq: 0, title: '', failed: false, suggestion: null as Card | null, tools: [] as { id: string; label: string }[] },
  query: {} as Query,

  onLoad(query: Query) {
    this.query = query
    const { id = '', seq, title = '' } = query
    if (id) this.setData({ id, service: isService(id), seq: Number(seq ?? 0), title: decodeURIComponent(title) })
    else void this.open()
    void this.suggest()
  },

  onShow() {
    const t = dress(this, (words) => this.data.title || words.chat)
    this.setData({ tools: [{ id: 'order', label: t.orderTag }] })
  },

  /** The conversation with the shop, told where the customer comes from. */
  async open() {
    this.setData({ failed: false })
    const { page = '', product_id, order_id } = this.query
    try {
      const name = await this.productName()
      const from = { page: texts().pages[page] ?? page, ...(product_id && { product_id }), ...(name && { product: name }) }
      this.setData({ id: await openService({ ...from, ...(order_id && { order_id }) }), service: true })
    } catch {
      this.setData({ failed: true })
    }
  },

  /** For the agent, who reads names and not ids. Without the shop's server they get the id alone. */
  async productName() {
    try {
      const shown = this.query.product_id ? await product(this.query.product_id) : undefined
      return shown && pick(shown.name)
    } catch {
      return undefined
    }
  },

  /** What the customer came from, ready to be sent with one tap. Without the shop's server there is just none. */
  async suggest() {
    const { product_id, order_id } = this.query
    try {
      const shown = product_id ? await product(product_id) : undefined
      if (shown) this.setData({ suggestion: productCard(shown) })
      else if (order_id) await this.suggestOrder(order_id)
    } catch {
      this.setData({ suggestion: null })
    }
  },

  async suggestOrder(id: string) {
    const [all, found] = await Promise.all([products(), order(id)])
    this.setData({ suggestion: orderCard(found, all.find((one) => one.id === found.lines[0]?.product_id)) })
  },

  async onTool() {
    try {
      const [latest] = await orders()
      if (latest) await this.suggestOrder(latest.id)
      else void wx.showToast({ title: this.data.t.noOrders, icon: 'none' })
    } catch {
      void wx.showToast({ title: this.data.t.failed, icon: 'none' })
    }
  },
})
