import type { Client } from '@chaguan/sdk'
import { languageOf, textsOf, type Language, type Texts } from './texts'

type Listener = () => void

/**
 * What all components of an app share: the one client and the language. Call `kit.use(client, {endpoint})` once in `app.ts`;
 * components that are on screen already take it up.
 */
class Kit {
  private held: Client | null = null
  private endpoint = ''
  private chosen: Language | null = null
  private readonly listeners = new Set<Listener>()

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

  /** `endpoint` as given to `createClient`: links to media are paths of that deployment. */
  use(client: Client, options: { endpoint: string }): void {
    this.held = client
    this.endpoint = options.endpoint.replace(/\/+$/, '')
    this.tell()
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

  /** Hears when the client or the language is another; the answer ends it. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private tell(): void {
    for (const listener of Array.from(this.listeners)) listener()
  }
}

function hostLanguage(): string {
  // Base libraries before 2.20.1 have only the older call.
  if (typeof wx.getAppBaseInfo === 'function') return wx.getAppBaseInfo().language
  return wx.getSystemInfoSync().language
}

export const kit = new Kit()
export type { Kit }
