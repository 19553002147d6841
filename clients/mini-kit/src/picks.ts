import type { Message } from '@chaguan/sdk'
import type { Pages, Patch } from './pages'
import { isPickable } from './rows'

/** As many as the server forwards at once. */
export const PICKED_MOST = 100

/** The messages that are selected; every change is answered with what setData must change. */
export class Picks {
  readonly keys = new Set<string>()

  constructor(private readonly pages: Pages) {}

  /** Selects a message, or lets go of it; null if there are too many already. */
  toggle({ client_msg_id: key }: Message, all: readonly Message[]): Patch | null {
    if (!this.keys.delete(key)) {
      if (this.keys.size >= PICKED_MOST) return null
      this.keys.add(key)
    }
    return this.changed(all, [key])
  }

  clear(all: readonly Message[]): Patch {
    const touched = Array.from(this.keys)
    this.keys.clear()
    return this.changed(all, touched)
  }

  /** In the order in which they were said. */
  of(all: readonly Message[]): Message[] {
    return all.filter((message) => this.keys.has(message.client_msg_id))
  }

  /** What was recalled or has left the window meanwhile is not selected any more. */
  drop(all: readonly Message[]): Patch {
    if (!this.keys.size) return {}
    const pickable = new Set(
      this.of(all)
        .filter(isPickable)
        .map((message) => message.client_msg_id),
    )
    const gone = Array.from(this.keys).filter((key) => !pickable.has(key))
    gone.forEach((key) => this.keys.delete(key))
    return gone.length ? this.changed(all, gone) : {}
  }

  private changed(all: readonly Message[], touched: readonly string[]): Patch {
    return { ...this.pages.update(all, new Set(touched)), pickedCount: this.keys.size }
  }
}
