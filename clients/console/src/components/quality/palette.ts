/** The colours of the wall. Every text has a contrast of at least 7:1 on every ground; a test computes it. */
export interface Palette {
  ground: string
  tile: string
  line: string
  text: string
  quiet: string
  good: string
  warm: string
  bad: string
}

export const WALL_DARK: Palette = {
  ground: '#0c0f0d',
  tile: '#151a17',
  line: '#2b332e',
  text: '#f6f4ec',
  quiet: '#c3c0b4',
  good: '#8fdcb2',
  warm: '#ffc871',
  bad: '#ffa596',
}

export const WALL_LIGHT: Palette = {
  ground: '#f3f1ea',
  tile: '#ffffff',
  line: '#d3cdbf',
  text: '#1c1c17',
  quiet: '#47443b',
  good: '#0e5232',
  warm: '#663a00',
  bad: '#8a1408',
}

export const TEXTS = ['text', 'quiet', 'good', 'warm', 'bad'] as const
export const GROUNDS = ['ground', 'tile'] as const
export const FIGURE_PX = 48
/** Of a screen of this height; larger and smaller ones scale. */
export const SCREEN_PX = 1080

export function asStyle(palette: Palette): Record<string, string> {
  return Object.fromEntries(Object.entries(palette).map(([name, colour]) => [`--w-${name}`, colour]))
}
