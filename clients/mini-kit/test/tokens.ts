// The tokens and what is known of colours.
import { coloursOf, readTokens, SHEETS, sheetsOf } from '../../tokens/styles.mjs'

export { SHEETS, sheetsOf }

export const TOKENS = readTokens()
export const THEMES = ['tea', 'clay', 'ink'] as const
export const SCHEMES = ['light', 'dark'] as const
export const SIZES = ['normal', 'large'] as const

export type Colours = Record<string, string>

export function colours(theme: string, scheme: string, size: string): Colours {
  return coloursOf(TOKENS, theme, scheme, size)
}

type Rgb = [number, number, number]

function rgb(text: string, ground: Rgb): Rgb {
  const hex = /^#(..)(..)(..)$/.exec(text)
  if (hex) return [1, 2, 3].map((i) => parseInt(hex[i]!, 16)) as Rgb
  const parts = /^rgba\(([^)]+)\)$/.exec(text)?.[1]?.split(',').map(Number)
  if (parts?.length !== 4) throw new Error(`not a colour: ${text}`)
  const alpha = parts[3]!
  return ground.map((value, i) => parts[i]! * alpha + value * (1 - alpha)) as Rgb
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** WCAG 2.2's contrast ratio of `front` on the colours of `grounds`, the lowest first, each laid over the one before. */
export function contrast(front: string, ...grounds: string[]): number {
  const white: Rgb = [255, 255, 255]
  const ground = grounds.reduce((below, layer) => rgb(layer, below), white)
  const [light, dark] = [luminance(rgb(front, ground)), luminance(ground)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}
