/**
 * `<script src="https://im.example.com/widget.js" data-app="…" data-token-url="/chat-token" async></script>`
 *
 * Puts a launcher and a chat on the page, and `window.chaguan` for the page's own scripts. Those that run earlier leave
 * a function in `window.chaguanReady`: `(window.chaguanReady ??= []).push((chaguan) => chaguan.open())`.
 */
import type { Look } from '@chaguan/mini-kit/look'
import type { Card } from '@chaguan/sdk'
import type { WidgetEvents } from './listeners'
import { optionsOf } from './options'
import { Widget } from './widget'

/** What `window.chaguan` can do. */
export interface Chaguan {
  /**
   * Opens the chat. `context` tells the agent where the customer comes from (`page`, `product`, `product_id` and
   * whatever else the business likes, at most 2 KiB) and stays until it is set anew. `card` is offered to be sent.
   */
  open(options?: { context?: Record<string, unknown>; card?: Card }): void
  close(): void
  toggle(): void
  /** For pages that show another product without being loaded again. */
  setContext(context: Record<string, unknown>): void
  /** Asks the token's address again: somebody has signed in on the page's site. */
  signIn(): void
  /** Somebody signs out there: ends the session and leaves nothing of them in this browser. */
  signOut(): Promise<void>
  /** Shows or hides the launcher, for pages with a button of their own. */
  showLauncher(shown: boolean): void
  /** Another look than the script tag's, or one of its parts: `setLook({ scheme: 'dark', textSize: 'large' })`. */
  setLook(look: Partial<Look>): void
  readonly isOpen: boolean
  readonly unread: number
  /** `open`, `close`, `unread` (how many), `card` ({card, action, page, url}; answer false to take care of it). */
  on<Name extends keyof WidgetEvents>(name: Name, fn: (detail: WidgetEvents[Name]) => unknown): () => void
}

type Ready = (chaguan: Chaguan) => void

declare global {
  interface Window {
    chaguan?: Chaguan
    chaguanReady?: { push(fn: Ready): unknown }
  }
}

function chaguanOf(widget: Widget): Chaguan {
  return {
    open: (options) => widget.open(options),
    close: () => widget.close(),
    toggle: () => widget.toggle(),
    setContext: (context) => widget.setContext(context),
    signIn: () => widget.signIn(),
    signOut: () => widget.signOut(),
    showLauncher: (shown) => widget.launch(shown),
    setLook: (look) => widget.setLook(look),
    get isOpen() {
      return widget.isOpen
    },
    get unread() {
      return widget.unread
    },
    on: (name, fn) => widget.on(name, fn),
  }
}

function start({ dataset, src }: HTMLScriptElement): void {
  if (window.chaguan) return
  const language = document.documentElement.lang || navigator.language
  const options = optionsOf(dataset, { scriptUrl: src, language })
  if (!options.tokenUrl) return console.error('chaguan: the script tag names no data-token-url')
  const chaguan = chaguanOf(new Widget(options, `chaguan-widget:${options.app}:`))
  const waiting = window.chaguanReady
  window.chaguan = chaguan
  window.chaguanReady = { push: (fn) => fn(chaguan) }
  if (Array.isArray(waiting)) (waiting as Ready[]).forEach((fn) => fn(chaguan))
}

/** Beside the page, not in its way: what it shows first does not wait for a chat. */
function whenLoaded(fn: () => void): void {
  if (document.readyState === 'complete') fn()
  else addEventListener('load', fn, { once: true })
}

const script = document.currentScript
if (script instanceof HTMLScriptElement) whenLoaded(() => start(script))
else console.error('chaguan: widget.js is an ordinary script, not a module')
