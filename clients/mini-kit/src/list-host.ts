import type { Measures } from './measures'
import type { Patch } from './pages'

/** The component as the view of a conversation needs it. */
export interface ListHost {
  /** Resolves when the view has drawn it. */
  draw(patch: Patch): Promise<void>
  measure(): Promise<Measures | null>
  /** Where a row stands on the screen, if it is in the view. */
  topOf(key: string): Promise<number | null>
}
