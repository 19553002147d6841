import type { Client } from '@chaguan/sdk'
import { classesOf, PLAIN_LOOK, type Look, type Scheme, type Shape, type TextSize, type Theme } from './look'
import { languageOf, textsOf, type Language, type Texts } from './texts'

type Listener = () => void
/** `isOther`: the client is another one, and so may be the user. Nothing of the former may stay on screen. */
type ChangeListener = (isOther: boolean) => void

/** Why a client ends for which nothing may stay on the phone; the SDK erases what it stored for the same. */
const ERASING = ['signed_out', 'revoked', 'disabled', 'password_changed']

/**
 * What all components of an app share: the one client, the language and the look. Call `kit.use(client, {endpoint})` once in `app.ts`;
 * components that are on screen already take it up.
 */
class Kit {
  private held: Client | null = null
  private endpoint = ''
  private chosen: Language | null = null
  private worn: Look = PLAIN_LOOK
  private offSignedOut: Listener | null = null
  private readonly listeners = new Set<ChangeListener>()
  private readonly forgetters: Listener[] = []

  /** The client that `use` gave, or null before. */
  get client(): Client | null {
    return this.held
  }

  get language(): Language {
    return this.chosen ?? (this.chosen = languageOf(hostLanguage()))
  }

  get texts(): Texts {
    return textsOf(this.language)
  }

  /**
   * Another client than before is another user: what is on screen lets go of the former one's at once. `endpoint` as given
   * to `createClient`: links to media are paths of that deployment.
   */
  use(client: Client, options: { endpoint: string }): void {
    const isOther = this.held !== null && this.held !== client
    this.held = client
    this.offSignedOut?.()
    this.offSignedOut = client.on('signed-out', ({ reason }) => {
      if (ERASING.indexOf(reason) >= 0) this.forgetters.forEach((forget) => forget())
    })
    this.endpoint = options.endpoint.replace(/\/+$/, '')
    this.tell(isOther)
  }

  /** Where a link points: paths of the deployment become addresses, the app's own files stay. */
  link(url = ''): string {
    return url.indexOf('/v1/') === 0 ? this.endpoint + url : url
  }

  /** `zh-CN` or `en`; default: the language of the host. */
  setLanguage(language: Language): void {
    if (language === this.language) return
    this.chosen = language
    this.tell()
  }

  /**
   * The look as classes, for own views that shall match: import `styles/tokens.wxss`, put these on a view, and inside it
   * `var(--k-bg)` and the others hold.
   */
  get look(): string {
    return classesOf(this.worn)
  }

  /** `tea` (default), `clay` or `ink`; at once, wherever components are on screen. */
  setTheme(theme: Theme): void {
    this.wear({ theme })
  }

  /** `auto` (default), or `light` or `dark` whatever the phone says. */
  setScheme(scheme: Scheme): void {
    this.wear({ scheme })
  }

  /** `large` for who sees or aims badly (关怀模式); default `normal`. */
  setTextSize(textSize: TextSize): void {
    this.wear({ textSize })
  }

  /** Other shapes than the theme's; empty gives the theme's back. */
  setShapes(shapes: { bubble?: Shape | ''; avatar?: Shape | '' }): void {
    this.wear(shapes)
  }

  /** Hears when the client, the language or the look is another; the answer ends it. */
  onChange(listener: ChangeListener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** For what parts of the kit keep of a user: called when nothing of them may stay. */
  onForget(forget: Listener): void {
    this.forgetters.push(forget)
  }

  private wear(change: Partial<Look>): void {
    const before = this.look
    this.worn = { ...this.worn, ...change }
    if (this.look !== before) this.tell()
  }

  private tell(isOther = false): void {
    for (const listener of Array.from(this.listeners)) if (this.listeners.has(listener)) listener(isOther)
  }
}

function hostLanguage(): string {
  // Base libraries before 2.20.1 have only the older call.
  if (typeof wx.getAppBaseInfo === 'function') return wx.getAppBaseInfo().language
  return wx.getSystemInfoSync().language
}

export const kit = new Kit()
export type { Kit }
