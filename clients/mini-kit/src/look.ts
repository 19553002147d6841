/** The ready themes: 茶青 tea green (the default), 陶土 clay, 墨蓝 ink blue. */
export type Theme = 'tea' | 'clay' | 'ink'
/** `auto` follows the phone, where app.json says `"darkmode": true`. */
export type Scheme = 'auto' | 'light' | 'dark'
/** `large`: bigger type, targets of at least 48 px, contrast of at least 7:1. */
export type TextSize = 'normal' | 'large'
export type Shape = 'round' | 'rounded' | 'square'

export interface Look {
  theme: Theme
  scheme: Scheme
  textSize: TextSize
  /** Empty: as the theme has it. */
  bubble: Shape | ''
  avatar: Shape | ''
}

export const PLAIN_LOOK: Look = { theme: 'tea', scheme: 'auto', textSize: 'normal', bubble: '', avatar: '' }

/** The classes that put the look on a component's outermost view; styles/tokens.wxss says what they mean. */
export function classesOf({ theme, scheme, textSize, bubble, avatar }: Look): string {
  const classes = ['cg-root']
  if (theme !== 'tea') classes.push(`cg-${theme}`)
  if (scheme !== 'light') classes.push(`cg-${scheme}`)
  if (textSize === 'large') classes.push('cg-large')
  if (bubble) classes.push(`cg-bubble-${bubble}`)
  if (avatar) classes.push(`cg-avatar-${avatar}`)
  return classes.join(' ')
}
