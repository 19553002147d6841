import { texts, type Texts } from './texts'

const ICONS = ['home', 'chat', 'cart', 'me']

/** Bars are drawn by WeChat, not by styles: they are told of the dark theme and of the language. */
export function dressBars(title: string): void {
  const dark = wx.getAppBaseInfo().theme === 'dark'
  const t = texts()
  void wx.setNavigationBarTitle({ title })
  void wx.setNavigationBarColor({ frontColor: dark ? '#ffffff' : '#000000', backgroundColor: dark ? '#161814' : '#f6f1e7' })
  const tabs = [t.home, t.messages, t.cart, t.me]
  // Fails on pages without a tab bar, where there is nothing to dress.
  const shade = dark ? '-dark' : ''
  tabs.forEach((text, index) => {
    const selectedIconPath = `/images/tab/${ICONS[index]}-on${shade}.png`
    wx.setTabBarItem({ index, text, selectedIconPath, fail: () => undefined })
  })
  wx.setTabBarStyle({
    color: dark ? '#8d9188' : '#8b877a', selectedColor: dark ? '#9ccbb2' : '#23503f', backgroundColor: dark ? '#1c1f1a' : '#fffdf8',
    borderStyle: 'white', fail: () => undefined,
  })
}

export function dress(page: { setData(data: object): void }, title: (t: Texts) => string): Texts {
  const t = texts()
  page.setData({ t })
  dressBars(title(t))
  return t
}
