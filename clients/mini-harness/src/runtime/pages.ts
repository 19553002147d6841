// The page stack: creating, showing, hiding and destroying pages, in WeChat's order of lifecycle calls.
import { closeContainer } from './containers'
import { registerPageContainer } from './page-scroll'
import { NavBar } from './navbar'
import { NAV_BAR_HEIGHT, make, pagesRoot, screenRoot } from './screen'
import { associated, space } from './space'
import { TabBar } from './tabbar'
import { themeChanged } from './theme'
import { Emitter } from './emitter'
import { config } from './settings'
import { word } from './words'
import type { AppConfig, BackedElement, ComponentJson, PageInstance, Query } from './types'

export const MAX_STACK = 10

export interface OpenPage {
  path: string
  query: Query
  instance: PageInstance
  nav: NavBar
  holder: HTMLElement
  viewport: HTMLElement
  scroller: HTMLElement
  /** The program's own tab bar on this page, where app.json says `custom`. */
  tabBar: PageInstance | undefined
  destroy(): void
  shown: boolean
}

/** Why a navigation failed, in the words of wx. */
export class NavigationRefused extends Error {}

let app: AppConfig
let known = new Set<string>()
let tabBar: TabBar | undefined
let stack: OpenPage[] = []
/** Tab pages stay alive while another tab is shown. */
const tabs = new Map<string, OpenPage>()
export const navigated = new Emitter<OpenPage>()

export function setUpPages(appConfig: AppConfig, paths: string[]): void {
  app = appConfig
  known = new Set(paths)
  if (app.tabBar && !app.tabBar.custom) tabBar = new TabBar(app.tabBar, selectTab)
  themeChanged.on(() => {
    tabBar?.draw()
    for (const page of new Set([...stack, ...tabs.values()])) page.nav.dress()
  })
}

export const openPages = (): readonly OpenPage[] => stack
export const currentPage = (): OpenPage | undefined => stack.at(-1)
export const currentTabBar = (): TabBar | undefined => tabBar
export const isTab = (path: string): boolean => app.tabBar?.list.some((item) => item.pagePath === path) ?? false
export const firstPage = (): string => app.pages[0]!

export function navigateTo(url: string): OpenPage {
  const { path, query } = target(url)
  if (isTab(path)) throw new NavigationRefused('can not navigateTo a tabbar page')
  if (stack.length >= MAX_STACK) throw new NavigationRefused('webview count limit exceed')
  hide(currentPage())
  return push(path, query, true)
}

export function redirectTo(url: string): OpenPage {
  const { path, query } = target(url)
  if (isTab(path)) throw new NavigationRefused('can not redirectTo a tabbar page')
  const left = stack.pop()
  if (left) unload(left)
  return push(path, query, false)
}

export function reLaunch(url: string): OpenPage {
  const { path, query } = target(url)
  for (const page of new Set([...stack.reverse(), ...tabs.values()])) unload(page)
  stack = []
  return push(path, query, false)
}

export function switchTab(url: string): OpenPage {
  const { path } = target(url)
  if (!isTab(path)) throw new NavigationRefused('can not switch to no-tabBar page')
  const current = currentPage()
  if (current?.path === path) return current
  const kept = tabs.get(path)
  while (stack.length) {
    const page = stack.pop()!
    if (isTab(page.path)) hide(page)
    else unload(page)
  }
  if (!kept) return push(path, {}, false)
  stack.push(kept)
  show(kept)
  return kept
}

/** The user's own way back, by finger, key or arrow: what a page-container holds goes first, on the first page too. */
export function goBack(delta = 1): void {
  const page = currentPage()
  if (!page || !closeContainer(page.holder)) navigateBack(delta)
}

export function navigateBack(delta: number): void {
  if (stack.length <= 1) throw new NavigationRefused('cannot navigate back at first page.')
  if (closeContainer(currentPage()!.holder)) return
  for (let left = Math.min(Math.max(delta, 1), stack.length - 1); left > 0; left -= 1) unload(stack.pop()!)
  const top = currentPage()
  if (top) show(top)
}

/** Page and component lifetimes for the whole program going to the background or returning. */
export function setForeground(visible: boolean): void {
  const page = currentPage()
  if (!page) return
  if (visible) show(page)
  else hide(page, true)
}

function selectTab(path: string, index: number): void {
  const page = switchTab(`/${path}`)
  const item = app.tabBar?.list[index]
  call(page, 'onTabItemTap', { index, pagePath: path, text: item?.text ?? '' })
}

function target(url: string): { path: string; query: Query } {
  const [raw = '', search = ''] = url.split('?', 2)
  const from = currentPage()?.path ?? ''
  const path = raw.startsWith('/') ? raw.slice(1) : new URL(raw, `http://x/${from}`).pathname.slice(1)
  if (!known.has(path)) throw new NavigationRefused(`page "${path}" is not found`)
  return { path, query: parseQuery(search) }
}

/** Values stay as they were written: WeChat does not decode them. */
export function parseQuery(search: string): Query {
  const pairs = search
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    })
  return Object.fromEntries(pairs) as Query
}

function push(path: string, query: Query, animate: boolean): OpenPage {
  const page = create(path, query)
  stack.push(page)
  if (isTab(path)) tabs.set(path, page)
  call(page, 'onLoad', query)
  if (animate) page.holder.classList.add('mp-entering')
  show(page)
  // onReady comes after the first rendering.
  requestAnimationFrame(() => call(page, 'onReady'))
  return page
}

function create(path: string, query: Query): OpenPage {
  const json: ComponentJson = { ...app.window, ...(space.getComponentStaticConfig(path) as ComponentJson | undefined) }
  const holder = make('section', 'mp-page', pagesRoot)
  const nav = new NavBar(
    json,
    { canGoBack: stack.length > 0, canGoHome: !isTab(path) && path !== firstPage() },
    navEvents,
  )
  const viewport = make('div', 'mp-viewport')
  const scroller = make('wx-page', '', viewport)
  scroller.dataset['route'] = path
  // Who has no finger scrolls with the arrow keys.
  scroller.tabIndex = 0
  const placeholder = make('div', '', scroller)
  holder.append(nav.element, viewport)
  nav.named((title) => holder.setAttribute('aria-label', title || word('page')))
  setPageHeight(holder, json.navigationStyle !== 'custom', isTab(path))

  const root = associated.createRoot('mp-root', space, path)
  const instance = root.get() as unknown as PageInstance
  Object.assign(instance, { route: path, __route__: path, options: query })
  root.attach(scroller as never, placeholder as never)
  const dom = (instance._$ as unknown as { $$: BackedElement }).$$
  dom.classList.add('mp-root')
  const ownBar = app.tabBar?.custom && isTab(path) ? attachCustomTabBar(viewport) : undefined
  const destroy = () => {
    ownBar?.release()
    root.release()
    holder.remove()
  }
  const tabBarInstance = ownBar?.get() as unknown as PageInstance | undefined
  const page: OpenPage = {
    path,
    query,
    instance,
    nav,
    holder,
    viewport,
    scroller,
    tabBar: tabBarInstance,
    shown: false,
    destroy,
  }
  registerPageContainer(page, json)
  return page
}

function attachCustomTabBar(viewport: HTMLElement) {
  const root = associated.createRoot('mp-tab-bar', space, 'custom-tab-bar/index')
  root.attach(viewport as never, make('div', '', viewport) as never)
  return root
}

function setPageHeight(holder: HTMLElement, hasNav: boolean, hasTabs: boolean): void {
  const header = hasNav ? config.statusBarHeight + NAV_BAR_HEIGHT : 0
  const footer = hasTabs && tabBar ? 50 + config.safeAreaBottom : 0
  holder.style.setProperty('--mp-vh', `${(screenRoot.clientHeight - header - footer) / 100}px`)
  // The tab bar already keeps clear of the phone's rounded bottom.
  if (footer) holder.querySelector<HTMLElement>('.mp-viewport')?.style.setProperty('--mp-safe-bottom', '0px')
}

const navEvents = {
  onBack: () => goBack(),
  onHome: () => void reLaunch(`/${firstPage()}`),
  onClose: () => globalThis.dispatchEvent(new CustomEvent('mp:close')),
}

function show(page: OpenPage): void {
  for (const other of pagesRoot.children) (other as HTMLElement).hidden = other !== page.holder
  if (tabBar?.includes(page.path)) {
    tabBar.select(page.path)
    page.holder.append(tabBar.element)
  }
  if (page.shown) return
  page.shown = true
  call(page, 'onShow')
  page.instance._$.triggerPageLifetime('show', [])
  navigated.emit(page)
}

function hide(page: OpenPage | undefined, stayVisible = false): void {
  if (!page?.shown) return
  page.shown = false
  if (!stayVisible) blurWithin(page.holder)
  call(page, 'onHide')
  page.instance._$.triggerPageLifetime('hide', [])
}

function blurWithin(holder: HTMLElement): void {
  if (holder.contains(document.activeElement)) (document.activeElement as HTMLElement).blur()
}

function unload(page: OpenPage): void {
  blurWithin(page.holder)
  page.shown = false
  tabs.delete(page.path)
  call(page, 'onUnload')
  page.destroy()
}

/** Calls a page's lifecycle function, whether it was written for Page() or for Component(). */
export function call(page: OpenPage, name: string, ...args: unknown[]): unknown {
  const method = page.instance[name]
  if (typeof method !== 'function') return undefined
  try {
    return (method as (...values: unknown[]) => unknown).apply(page.instance, args)
  } catch (error) {
    // One page's mistake must not stop navigation; the console and onError show it, as in WeChat.
    reportError(error)
    return undefined
  }
}
