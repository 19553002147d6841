export type Colours = Record<string, string>

export interface ThemeTokens {
  name: Record<string, string>
  bubble: string
  avatar: string
  light: Colours
  dark: Colours
  large: { light: Colours; dark: Colours }
}

export interface Tokens {
  sizes: Record<'normal' | 'large', Record<string, string>>
  shapes: Record<'bubble' | 'avatar', Record<string, Record<string, string>>>
  tones: string[]
  themes: Record<string, ThemeTokens>
}

export type Sheet = 'tokens' | 'tones' | 'brand' | 'widget'

/** Where each sheet stands, from the folder of the clients. */
export const SHEETS: Record<Sheet, string>
export function readTokens(): Tokens
export function coloursOf(tokens: Tokens, theme: string, scheme: string, size: string): Colours
export function sheetsOf(tokens: Tokens): Record<Sheet, string>
