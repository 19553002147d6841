// Light or dark, as WeChat does it: only a program that says `darkmode` hears of the theme or changes with it.
import { inTheme, type AppConfig, type Theme, type WindowConfig } from '../program-config'
import { Emitter } from './emitter'
import { config } from './settings'

const system = matchMedia('(prefers-color-scheme: dark)')
/** Conditions that always and never hold: what a style asks of the theme becomes one of them. */
const HOLDS = '(width>=0px)'
const FAILS = '(width<0px)'
const QUERY = /\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/g

let app: AppConfig = { pages: [] }
let phone: Theme = config.theme === 'auto' ? systemTheme() : config.theme
export const themeChanged = new Emitter<{ theme: Theme }>()

system.addEventListener('change', () => config.theme === 'auto' && setTheme(systemTheme()))

function systemTheme(): Theme {
  return system.matches ? 'dark' : 'light'
}

export function setUpTheme(appConfig: AppConfig): void {
  app = appConfig
  dressDocument()
}

/** The user changes the phone's theme. */
export function setTheme(next: Theme): void {
  if (next === phone) return
  phone = next
  if (!app.darkmode) return
  dressDocument()
  themeChanged.emit({ theme: next })
}

/** What the program is told; undefined where it does not take part. */
export const toldTheme = (): Theme | undefined => (app.darkmode ? phone : undefined)
/** What it looks like. */
export const theme = (): Theme => toldTheme() ?? 'light'

/** A piece of app.json or of a page's json with its variables as they are now. */
export function themed<T>(settings: T): T {
  const values = app.themes?.[theme()]
  return values ? inTheme(settings, values) : settings
}

/** Bars that nobody gave a colour. */
export function barColors(window: WindowConfig): { text: string; background: string } {
  const dark = theme() === 'dark'
  const { navigationBarTextStyle = dark ? 'white' : 'black', navigationBarBackgroundColor } = themed(window)
  const text = navigationBarTextStyle === 'white' ? '#ffffff' : '#000000'
  return { text, background: navigationBarBackgroundColor ?? (dark ? '#191919' : '#ffffff') }
}

/** The program's wxss, its questions for the theme answered. */
export function themedCss(css: string): string {
  return css.replace(QUERY, (_, asked: string) => (asked === theme() ? HOLDS : FAILS))
}

function dressDocument(): void {
  document.documentElement.dataset['theme'] = theme()
  document.documentElement.style.colorScheme = theme()
}
