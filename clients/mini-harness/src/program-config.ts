// What app.json and a component's json may say. Shared by the build and the runtime, so free of Node and DOM.

export interface TabBarItem {
  pagePath: string
  text: string
  iconPath?: string
  selectedIconPath?: string
}

export interface WindowConfig {
  navigationBarTitleText?: string
  navigationBarBackgroundColor?: string
  navigationBarTextStyle?: 'black' | 'white'
  navigationStyle?: 'default' | 'custom'
  backgroundColor?: string
  enablePullDownRefresh?: boolean
  onReachBottomDistance?: number
  disableScroll?: boolean
}

export interface AppConfig {
  pages: string[]
  subpackages?: { root: string; pages: string[] }[]
  subPackages?: { root: string; pages: string[] }[]
  window?: WindowConfig
  tabBar?: {
    custom?: boolean
    color?: string
    selectedColor?: string
    backgroundColor?: string
    borderStyle?: string
    list: TabBarItem[]
  }
  usingComponents?: Record<string, string>
  /** The program follows the phone's dark mode. Without it the program is light, and is told of no theme. */
  darkmode?: boolean
  /** Where the values of `@variables` stand; the build reads the file into `themes`. */
  themeLocation?: string
  themes?: Themes
}

export type Theme = 'light' | 'dark'
export type Themes = Record<Theme, Record<string, string>>

const VARIABLE = /^@(.+)/
/** What WeChat takes literally, even with an @ in front. */
const LITERAL = ['navigationBarTitleText', 'text', 'pagePath']

/** The text with its `@variable` taken from theme.json; one that is not there stays as it was written. */
function themedText(text: string, values: Record<string, string>): string {
  const name = VARIABLE.exec(text)?.[1]
  return (name && values[name]) ?? text
}

/** A piece of app.json or of a page's json as one theme has it. */
export function inTheme<T>(settings: T, values: Record<string, string>): T {
  const text = JSON.stringify(settings, (key, value: unknown) =>
    typeof value === 'string' && !LITERAL.includes(key) ? themedText(value, values) : value,
  )
  return JSON.parse(text) as T
}

/** Names of the `@variables` that a piece of app.json or of a page's json uses. */
export function variablesIn(settings: unknown): string[] {
  const found: string[] = []
  JSON.stringify(settings ?? null, (key, value: unknown) => {
    const name = typeof value === 'string' && !LITERAL.includes(key) ? VARIABLE.exec(value)?.[1] : undefined
    if (name) found.push(name)
    return value
  })
  return found
}

export type Generic = true | { default?: string }

export interface ComponentJson extends WindowConfig {
  component?: boolean
  usingComponents?: Record<string, string>
  componentGenerics?: Record<string, Generic>
  componentPlaceholder?: Record<string, string>
  styleIsolation?: string
  addGlobalClass?: boolean
}

/** Every page path, those of sub-packages included, in the order of app.json. */
export function pagesOf(config: AppConfig): string[] {
  const packages = config.subpackages ?? config.subPackages ?? []
  const inPackages = packages.flatMap(({ root, pages }) => pages.map((page) => `${root.replace(/\/$/, '')}/${page}`))
  return [...config.pages, ...inPackages]
}
