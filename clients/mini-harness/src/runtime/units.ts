// Lengths of a mini program in terms of the phone's screen, which need not be the browser's viewport.

/** `rpx`, `vh`, `vw` and safe-area insets as CSS variables that the screen and each page define. */
export function convertUnits(value: string): string {
  if (!/rpx|vh|vw|env\(/.test(value)) return value
  return value
    .replace(/url\([^)]*\)|(-?\d*\.?\d+)(rpx|vh|vw)\b/g, (whole, amount?: string, unit?: string) =>
      amount === undefined ? whole : `calc(${amount} * var(--mp-${unit}))`,
    )
    .replace(/(?:env|constant)\(\s*safe-area-inset-(\w+)\s*(?:,[^)]*)?\)/g, 'var(--mp-safe-$1, 0px)')
}
