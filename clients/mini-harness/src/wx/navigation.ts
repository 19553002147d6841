// Moving between pages, the navigation bar and the tab bar.
import { Emitter } from '../runtime/emitter'
import { startPullDown, stopPullDown } from '../runtime/page-scroll'
import * as pages from '../runtime/pages'
import { tellParent } from '../runtime/harness'
import { api, Refusal } from './api'

/** EventChannel between a page and the one it opened. */
class EventChannel {
  private readonly emitters = new Map<string, Emitter<unknown[]>>()
  private readonly wrapped = new WeakMap<object, (args: unknown[]) => void>()

  private of(name: string): Emitter<unknown[]> {
    const emitter = this.emitters.get(name) ?? new Emitter<unknown[]>()
    this.emitters.set(name, emitter)
    return emitter
  }

  emit(name: string, ...args: unknown[]): void {
    this.of(name).emit(args)
  }

  on(name: string, listener: (...args: unknown[]) => void): void {
    const wrap = (args: unknown[]) => listener(...args)
    this.wrapped.set(listener, wrap)
    this.of(name).on(wrap)
  }

  once(name: string, listener: (...args: unknown[]) => void): void {
    const wrap = (...args: unknown[]) => {
      this.off(name, wrap)
      listener(...args)
    }
    this.on(name, wrap)
  }

  off(name: string, listener?: (...args: unknown[]) => void): void {
    this.of(name).off(listener && this.wrapped.get(listener))
  }
}

interface NavigateOptions {
  url: string
  events?: Record<string, (...args: unknown[]) => void>
}

/** A refused navigation answers `fail` in the platform's words. */
function refusable<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof pages.NavigationRefused ? new Refusal(error.message) : error
  }
}

/** onLoad may already ask for the channel, so it is handed over while the page is being made. */
let arriving: EventChannel | undefined
export const openerChannel = (): EventChannel => arriving ?? new EventChannel()

const navigateTo = api('navigateTo', ({ url, events = {} }: NavigateOptions) => {
  const eventChannel = new EventChannel()
  for (const [name, listener] of Object.entries(events)) eventChannel.on(name, listener)
  arriving = eventChannel
  try {
    refusable(() => pages.navigateTo(url))
  } finally {
    arriving = undefined
  }
  return { eventChannel }
})

function current(): pages.OpenPage {
  const page = pages.currentPage()
  if (!page) throw new Refusal('page not found')
  return page
}

function tabBar() {
  const bar = pages.currentTabBar()
  if (!bar) throw new Refusal('not TabBar page')
  return bar
}

const setNavigationBarTitle = api('setNavigationBarTitle', ({ title }: { title: string }) => {
  const page = current()
  page.nav.setTitle(title)
  tellParent({ type: 'title', path: page.path, title })
})

export const navigation = {
  navigateTo,
  redirectTo: api('redirectTo', ({ url }: { url: string }) => void refusable(() => pages.redirectTo(url))),
  reLaunch: api('reLaunch', ({ url }: { url: string }) => void refusable(() => pages.reLaunch(url))),
  switchTab: api('switchTab', ({ url }: { url: string }) => void refusable(() => pages.switchTab(url))),
  navigateBack: api('navigateBack', ({ delta = 1 }: { delta?: number }) => refusable(() => pages.navigateBack(delta))),
  setNavigationBarTitle,
  setNavigationBarColor: api(
    'setNavigationBarColor',
    ({ frontColor, backgroundColor }: { frontColor: string; backgroundColor: string }) =>
      current().nav.setColor(frontColor, backgroundColor),
  ),
  showNavigationBarLoading: api('showNavigationBarLoading', () => current().nav.setLoading(true)),
  hideNavigationBarLoading: api('hideNavigationBarLoading', () => current().nav.setLoading(false)),
  setTabBarBadge: api('setTabBarBadge', ({ index, text }: { index: number; text: string }) =>
    tabBar().setBadge(index, { text }),
  ),
  removeTabBarBadge: api('removeTabBarBadge', ({ index }: { index: number }) => tabBar().setBadge(index, undefined)),
  showTabBarRedDot: api('showTabBarRedDot', ({ index }: { index: number }) => tabBar().setBadge(index, { dot: true })),
  hideTabBarRedDot: api('hideTabBarRedDot', ({ index }: { index: number }) => tabBar().setBadge(index, undefined)),
  setTabBarItem: api('setTabBarItem', ({ index, ...item }: { index: number; text?: string }) =>
    tabBar().setItem(index, item),
  ),
  setTabBarStyle: api(
    'setTabBarStyle',
    (style: { color?: string; selectedColor?: string; backgroundColor?: string; borderStyle?: string }) =>
      tabBar().setStyle(style),
  ),
  showTabBar: api('showTabBar', () => void (tabBar().element.hidden = false)),
  hideTabBar: api('hideTabBar', () => void (tabBar().element.hidden = true)),
  startPullDownRefresh: api('startPullDownRefresh', () => startPullDown(current())),
  stopPullDownRefresh: api('stopPullDownRefresh', () => stopPullDown(current())),
  pageScrollTo: api(
    'pageScrollTo',
    ({ scrollTop, duration = 300, selector }: { scrollTop?: number; duration?: number; selector?: string }) => {
      const page = current()
      const behavior = duration > 0 ? 'smooth' : 'instant'
      if (scrollTop !== undefined) return page.scroller.scrollTo({ top: scrollTop, behavior })
      const found = selector
        ? (page.instance._$.getShadowRoot()?.querySelector(selector) as { $$: HTMLElement | null } | null | undefined)
        : undefined
      if (!found?.$$) throw new Refusal('selector not found')
      found.$$.scrollIntoView({ behavior })
    },
  ),
}
