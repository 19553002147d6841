import { showBadge } from '../../services/chat'
import { dress } from '../../services/look'
import { products } from '../../services/shop'
import { texts } from '../../services/texts'
import { tileOf, type Tile } from '../../services/tiles'

const CATEGORIES = ['green', 'oolong', 'black', 'white', 'dark', 'scented', 'ware'] as const
const PICTURES: Record<string, string> = {
  green: 'longjing', oolong: 'tieguanyin', black: 'zhengshan', white: 'yinzhen', dark: 'puer', scented: 'jasmine', ware: 'gaiwan',
}

Page({
  data: { t: texts(), categories: [] as { id: string; label: string; picture: string }[], tiles: [] as Tile[], failed: false },

  onShow() {
    const t = dress(this, (words) => words.shop)
    this.setData({ categories: CATEGORIES.map((id) => ({ id, label: t[id], picture: `/images/products/${PICTURES[id]}.svg` })) })
    showBadge()
    void this.load()
  },

  async load() {
    try {
      const all = await products()
      this.setData({ tiles: all.map(tileOf), failed: false })
    } catch {
      this.setData({ failed: this.data.tiles.length === 0 })
    }
  },

  openCategory(event: WechatMiniprogram.TouchEvent) {
    const { id = '' } = event.currentTarget.dataset as { id?: string }
    void wx.navigateTo({ url: `/pages/category/index?id=${id}` })
  },

  openProduct(event: WechatMiniprogram.TouchEvent) {
    void wx.navigateTo({ url: `/pages/product/index?id=${(event.currentTarget.dataset as { id: string }).id}` })
  },

  openChat() {
    void wx.navigateTo({ url: '/pages/chat/index?page=home' })
  },
})
