// window.__harness: what a test or an embedding page may do to the phone and read from it.
import { appError, background, foreground, lifeState } from './app'
import { currentPage, goBack, navigateTo, navigated, openPages, reLaunch } from './pages'
import { resetSetDataStats, setDataStats } from './set-data'
import { config } from './settings'
import { networkType, setNetwork } from '../wx/network'
import { shownToast } from '../wx/ui'
import { setTheme } from './theme'

const errors: string[] = []

export const harness = {
  config,
  /** Files the next chooseMedia, chooseImage or chooseMessageFile returns without asking. */
  chooseFiles: [] as File[],
  background,
  foreground,
  state: lifeState,
  setNetwork,
  network: networkType,
  setTheme,
  setDataStats,
  resetSetDataStats,
  toast: shownToast,
  /** Errors the program threw and nobody caught. */
  errors: () => [...errors],
  open: (url: string) => void navigateTo(url),
  reLaunch: (url: string) => void reLaunch(url),
  back: (delta = 1) => goBack(delta),
  stack: () => openPages().map(({ path, query }) => ({ path, query })),
  page: () => currentPage()?.instance,
  title: () => currentPage()?.nav.text ?? '',
}

export type Harness = typeof harness

export function installHarness(): void {
  ;(window as { __harness?: Harness }).__harness = harness
  appError.on((text) => errors.push(text))
  navigated.on((page) => tellParent({ type: 'navigate', path: page.path, query: page.query, title: page.nav.text }))
  window.addEventListener('mp:close', () => tellParent({ type: 'close' }))
  window.addEventListener('message', (event) => {
    if (event.source === window.parent && event.source !== window) obey(event.data as HostCommand)
  })
}

/** Messages to the page that embeds the phone: `{source: "mini-harness", type, …}`. */
export function tellParent(message: Record<string, unknown>): void {
  if (window.parent !== window) window.parent.postMessage({ source: 'mini-harness', ...message }, '*')
}

interface HostCommand {
  target?: string
  command?: 'open' | 'reLaunch' | 'back' | 'background' | 'foreground' | 'network'
  value?: string
}

/** Commands from it: `{target: "mini-harness", command, value}`. */
function obey({ target, command, value = '' }: HostCommand): void {
  if (target !== 'mini-harness') return
  if (command === 'open') navigateTo(value)
  else if (command === 'reLaunch') reLaunch(value)
  else if (command === 'back') goBack()
  else if (command === 'background') background()
  else if (command === 'foreground') foreground()
  else if (command === 'network') setNetwork(value)
}
