/** What the page's own scripts hear. */
import type { Card, CardAction } from '@chaguan/sdk'

export interface WidgetEvents {
  open: undefined
  close: undefined
  unread: number
  /** An action of a card was chosen. A listener that answers `false` has taken care of it: no link is followed. */
  card: { card: Card; action: CardAction | null; page: string; url: string }
}

export class Listeners {
  private readonly held = new Map<string, Set<(detail: never) => unknown>>()

  on<Name extends keyof WidgetEvents>(name: Name, fn: (detail: WidgetEvents[Name]) => unknown): () => void {
    const heard = this.held.get(name) ?? new Set()
    this.held.set(name, heard.add(fn))
    return () => void heard.delete(fn)
  }

  has(name: keyof WidgetEvents): boolean {
    return (this.held.get(name)?.size ?? 0) > 0
  }

  /** Answers whether one of them has taken care of it. What a listener throws is the page's own affair. */
  tell<Name extends keyof WidgetEvents>(name: Name, detail: WidgetEvents[Name]): boolean {
    let handled = false
    for (const fn of this.held.get(name) ?? []) {
      try {
        handled = fn(detail as never) === false || handled
      } catch (error) {
        console.error(error)
      }
    }
    return handled
  }
}
