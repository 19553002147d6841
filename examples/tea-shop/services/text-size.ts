import { kit, type TextSize } from '@chaguan/mini-kit'

const KEPT = 'tea-shop:text-size'

export function textSize(): TextSize {
  return wx.getStorageSync<TextSize | ''>(KEPT) || 'normal'
}

/** The chat in the shop's look: the theme, and the size of type that this customer chose. */
export function restoreLook(): void {
  kit.setTheme('tea')
  kit.setTextSize(textSize())
}

export function switchTextSize(): void {
  wx.setStorageSync(KEPT, textSize() === 'large' ? 'normal' : 'large')
  kit.setTextSize(textSize())
}
