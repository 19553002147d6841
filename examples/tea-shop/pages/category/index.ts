import { dress } from '../../services/look'
import { products } from '../../services/shop'
import { texts } from '../../services/texts'
import { tileOf, type Tile } from '../../services/tiles'

const CATEGORIES = ['', 'green', 'oolong', 'black', 'white', 'dark', 'scented', 'ware'] as const
type Category = (typeof CATEGORIES)[number]

Page({
  data: { t: texts(), id: '' as Category, tabs: [] as { id: string; label: string }[], tiles: [] as Tile[], failed: false },

  onLoad(query: { id?: string }) {
    this.setData({ id: (query.id ?? '') as Category })
  },

  onShow() {
    const t = dress(this, (words) => (this.data.id ? words[this.data.id] : words.all))
    this.setData({ tabs: CATEGORIES.map((id) => ({ id, label: id ? t[id] : t.all })) })
    void this.load()
  },

  async load() {
    try {
      const all = await products()
      this.setData({ tiles: all.filter((one) => !this.data.id || one.category === this.data.id).map(tileOf), failed: false })
    } catch {
      this.setData({ failed: true })
    }
  },

  choose(event: WechatMiniprogram.TouchEvent) {
    this.setData({ id: (event.currentTarget.dataset as { id: Category }).id })
    dress(this, (words) => (this.data.id ? words[this.data.id] : words.all))
    void this.load()
  },

  openProduct(event: WechatMiniprogram.TouchEvent) {
    void wx.navigateTo({ url: `/pages/product/index?id=${(event.currentTarget.dataset as { id: string }).id}` })
  },
})
