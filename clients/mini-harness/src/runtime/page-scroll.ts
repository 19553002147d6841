// Scrolling of a page: onPageScroll, onReachBottom, and pulling down to refresh.
import { call, type OpenPage } from './pages'
import { make } from './screen'
import type { WindowConfig } from './types'

const REFRESH_HEIGHT = 50

export function registerPageContainer(page: OpenPage, json: WindowConfig): void {
  const { scroller } = page
  if (json.disableScroll) scroller.style.overflow = 'hidden'
  if (json.backgroundColor && json.enablePullDownRefresh) page.viewport.style.background = json.backgroundColor
  let reached = false
  scroller.addEventListener('scroll', () => {
    call(page, 'onPageScroll', { scrollTop: scroller.scrollTop })
    const left = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop
    const near = left <= (json.onReachBottomDistance ?? 50)
    if (near && !reached) call(page, 'onReachBottom')
    reached = near
  })
  if (json.enablePullDownRefresh) enablePull(page)
}

function enablePull(page: OpenPage): void {
  let from: number | undefined
  page.scroller.addEventListener('touchstart', (event) => {
    from = page.scroller.scrollTop <= 0 ? event.touches[0]?.clientY : undefined
  })
  page.scroller.addEventListener('touchend', (event) => {
    const to = event.changedTouches[0]?.clientY
    if (from !== undefined && to !== undefined && to - from > 70 && page.scroller.scrollTop <= 0) startPullDown(page)
    from = undefined
  })
}

export function startPullDown(page: OpenPage): void {
  if (page.viewport.querySelector(':scope > .mp-refresher')) return
  const refresher = make('div', 'mp-refresher')
  refresher.innerHTML = '<i></i>'
  page.viewport.prepend(refresher)
  refresher.style.height = `${REFRESH_HEIGHT}px`
  call(page, 'onPullDownRefresh')
}

export function stopPullDown(page: OpenPage): void {
  page.viewport.querySelector(':scope > .mp-refresher')?.remove()
}
