import type { Patch } from './pages'

export interface Frame {
  top: number
  bottom: number
  height: number
}

export interface Measures {
  list: Frame
  pages: Frame[]
  scrollTop: number
  scrollHeight: number
}

/** The component as the view of a conversation needs it. */
export interface ListHost {
  /** Resolves when the view has drawn it. */
  draw(patch: Patch): Promise<void>
  measure(): Promise<Measures | null>
  /** Where a row stands on the screen, if it is in the view. */
  topOf(key: string): Promise<number | null>
}
