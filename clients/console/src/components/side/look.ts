/** How the chat looks on the customer's side, as it is written where the chat is put: a script tag, or a few calls. Pure. */

export const THEMES = ['tea', 'clay', 'ink'] as const
export const SHAPES = ['round', 'rounded', 'square'] as const
export type Theme = (typeof THEMES)[number]
export type Shape = '' | (typeof SHAPES)[number]

/** Empty: as the theme, or the visitor's system, has it. */
export interface Look {
  theme: Theme
  scheme: '' | 'light' | 'dark'
  large: boolean
  bubble: Shape
  avatar: Shape
  left: boolean
  title: string
}

export const PLAIN: Look = { theme: 'tea', scheme: '', large: false, bubble: '', avatar: '', left: false, title: '' }

export interface Place {
  origin: string
  app: string
  /** Where the shop's own site says who is signed in. */
  tokenUrl: string
  /** Only where there are several. */
  shop: string
}

export function scriptTag(look: Look, place: Place): string {
  const attributes: [string, string][] = [
    ['app', place.app],
    ['token-url', place.tokenUrl || '/chat-token'],
    ['shop', place.shop],
    ['title', look.title.trim()],
    ['theme', look.theme === 'tea' ? '' : look.theme],
    ['scheme', look.scheme],
    ['text-size', look.large ? 'large' : ''],
    ['bubble', look.bubble],
    ['avatar', look.avatar],
    ['side', look.left ? 'left' : ''],
  ]
  const written = attributes.filter(([, value]) => value).map(([name, value]) => ` data-${name}="${escaped(value)}"`)
  return `<script src="${escaped(place.origin)}/widget.js"${written.join('')} async></${'script'}>`
}

export function kitCalls({ theme, scheme, large, bubble, avatar }: Look): string {
  const calls = [`kit.setTheme('${theme}')`, `kit.setScheme('${scheme || 'auto'}')`]
  if (large) calls.push("kit.setTextSize('large')")
  if (bubble || avatar) calls.push(`kit.setShapes({ bubble: '${bubble}', avatar: '${avatar}' })`)
  return calls.join('; ')
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
