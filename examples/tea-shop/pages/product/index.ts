import { dress } from '../../services/look'
import { yuan } from '../../services/money'
import { addToCart, placeOrder, product, type Product } from '../../services/shop'
import { fill, pick, texts } from '../../services/texts'

interface View {
  name: string
  line: string
  origin: string
  story: string
  picture: string
  tag: string
  sold: string
  specs: { name: string; price: string }[]
}

function viewOf(one: Product): View {
  return {
    name: pick(one.name), line: pick(one.line), origin: pick(one.origin), story: pick(one.story), picture: one.picture, tag: pick(one.tag),
    sold: fill(texts().sold, one.sold), specs: one.specs.map((spec) => ({ name: pick(spec.name), price: yuan(spec.price) })),
  }
}

Page({
  data: { t: texts(), id: '', view: null as View | null, spec: 0, quantity: 1, failed: false, busy: false },

  onLoad(query: { id?: string }) {
    this.setData({ id: query.id ?? '' })
  },

  onShow() {
    dress(this, (words) => words.shop)
    void this.load()
  },

  async load() {
    try {
      const found = await product(this.data.id)
      this.setData({ view: found ? viewOf(found) : null, failed: !found })
    } catch {
      this.setData({ failed: true })
    }
  },

  chooseSpec(event: WechatMiniprogram.TouchEvent) {
    this.setData({ spec: (event.currentTarget.dataset as { index: number }).index })
  },

  minus() {
    this.setData({ quantity: Math.max(1, this.data.quantity - 1) })
  },

  plus() {
    this.setData({ quantity: Math.min(99, this.data.quantity + 1) })
  },

  look() {
    if (this.data.view) void wx.previewImage({ urls: [this.data.view.picture] })
  },

  openChat() {
    void wx.navigateTo({ url: `/pages/chat/index?page=product&product_id=${this.data.id}` })
  },

  async addCart() {
    await this.busily(async () => {
      await addToCart(this.line())
      void wx.showToast({ title: this.data.t.added, icon: 'success' })
    })
  },

  async buy() {
    await this.busily(async () => {
      const made = await placeOrder([this.line()])
      void wx.navigateTo({ url: `/pages/order/index?id=${made.id}` })
    })
  },

  line() {
    return { product_id: this.data.id, spec: this.data.spec, quantity: this.data.quantity }
  },

  /** One tap, one act: what is under way is not started again. */
  async busily(act: () => Promise<void>) {
    if (this.data.busy) return
    this.setData({ busy: true })
    try {
      await act()
    } catch {
      void wx.showToast({ title: this.data.t.failed, icon: 'none' })
    } finally {
      this.setData({ busy: false })
    }
  },
})
