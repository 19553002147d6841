import { texts, type Texts } from './texts'

/** Bars are drawn by WeChat: their colours are in theme.json, their words are told here, in the language chosen. */
function nameBars(title: string): void {
  const t = texts()
  void wx.setNavigationBarTitle({ title })
  // Fails on pages without a tab bar, where there is nothing to name.
  ;[t.home, t.messages, t.cart, t.me].forEach((text, index) => wx.setTabBarItem({ index, text, fail: () => undefined }))
}

export function dress(page: { setData(data: object): void }, title: (t: Texts) => string): Texts {
  const t = texts()
  page.setData({ t })
  nameBars(title(t))
  return t
}
