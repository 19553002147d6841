/** What the page says about its widget, on the script tag. Pure: given the attributes, nothing else is looked at. */
import type { Look } from '@chaguan/mini-kit/look'
import { languageOf, type Language } from './texts'

export interface Options {
  /** Where the deployment is; default: where the script came from. */
  endpoint: string
  /** Id of the app: what is kept in this browser is kept under it. */
  app: string
  /** Address on the page's own site that answers `{"token": "…"}` for whoever is signed in there. */
  tokenUrl: string
  /** Page on which one signs in there, for those whom `tokenUrl` does not know. */
  signInUrl: string
  shopId: string
  language: Language
  look: Look
  side: 'left' | 'right'
  /** Name in the header; default: that of the customer service. */
  title: string
  /** `load`: connects once the page has loaded, so that unread messages are counted; `open`: when first opened. */
  connect: 'load' | 'open'
  context: Record<string, unknown>
}

export interface Page {
  scriptUrl: string
  /** Language of the document, else that of the browser. */
  language: string
}

export function optionsOf(data: Readonly<Record<string, string | undefined>>, page: Page): Options {
  return {
    endpoint: (data['endpoint'] || new URL('.', page.scriptUrl).href).replace(/\/+$/, ''),
    app: data['app'] ?? '',
    tokenUrl: data['tokenUrl'] ?? '',
    signInUrl: data['signInUrl'] ?? '',
    shopId: data['shop'] ?? '',
    language: languageOf(data['lang'] || page.language),
    look: lookOf(data),
    side: oneOf(data['side'], ['left'], 'right'),
    title: data['title'] ?? '',
    connect: oneOf(data['connect'], ['open'], 'load'),
    context: contextOf(data['context']),
  }
}

const SHAPES = ['round', 'rounded', 'square'] as const

function lookOf(data: Readonly<Record<string, string | undefined>>): Look {
  return {
    theme: oneOf(data['theme'], ['clay', 'ink'], 'tea'),
    scheme: oneOf(data['scheme'], ['light', 'dark'], 'auto'),
    textSize: oneOf(data['textSize'], ['large'], 'normal'),
    bubble: oneOf(data['bubble'], SHAPES, ''),
    avatar: oneOf(data['avatar'], SHAPES, ''),
  }
}

function oneOf<Value extends string, Default extends string>(
  given: string | undefined,
  values: readonly Value[],
  otherwise: Default,
): Value | Default {
  return values.find((value) => value === given) ?? otherwise
}

/** JSON of an object, or nothing: a page with a slip in it still gets its widget. */
function contextOf(json = ''): Record<string, unknown> {
  if (!json) return {}
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  console.error('chaguan: data-context is no JSON object')
  return {}
}

/** Where a customer writes from, as the agent sees it: what the page says wins over its address and title. */
export function arrival(own: Record<string, unknown>, address: string, title: string): Record<string, unknown> {
  const { pathname, search } = new URL(address)
  const page = `${pathname}${search}`.slice(0, 300)
  return { page, ...(title && { title: title.slice(0, 100) }), ...own }
}
