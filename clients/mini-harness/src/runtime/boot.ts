// Entry of runtime.js: sets up the globals that program.js, loaded after it, relies on.
import { createWx } from '../wx/index'
import { pagesOf } from '../program-config'
import { installAppGlobals, launchApp } from './app'
import { defineBuiltins } from './components/index'
import { installGestures } from './gestures'
import { installKeys } from './keys'
import { harness, installHarness, tellParent } from './harness'
import { firstPage, openPages, parseQuery, reLaunch, setUpPages } from './pages'
import { mountScreen, screenRoot } from './screen'
import { defineNamedBehaviors, register, registerStyle } from './space'
import { programTimers } from './timers'
import { setUpTheme } from './theme'
import type { AppConfig } from './types'

function configure({ app, css }: { app: AppConfig; css: string }): void {
  setUpTheme(app)
  setUpPages(app, pagesOf(app))
  registerStyle('app', css)
}

/** Opens the page the address names: `?page=/pages/x/index?id=1&scene=1047`, else the first of app.json. */
function start(): void {
  const asked = new URLSearchParams(location.search)
  const url = asked.get('page') ?? `/${firstPage()}`
  const [path = '', search = ''] = url.replace(/^\//, '').split('?', 2)
  launchApp({ path, query: parseQuery(search), scene: Number(asked.get('scene') ?? 1001), referrerInfo: {} })
  reLaunch(`/${path}${search ? `?${search}` : ''}`)
  tellParent({ type: 'ready', path })
}

mountScreen()
installAppGlobals()
installHarness()
defineNamedBehaviors()
defineBuiltins()
installGestures(screenRoot)
installKeys(screenRoot)
Object.assign(globalThis, {
  wx: createWx(harness),
  __mp: { configure, register, start },
  __mpTimers: programTimers,
  getCurrentPages: () => openPages().map((page) => page.instance),
})
