// What app.json says: pages of all packages, window, tab bar.
import { BuildError, type Sources } from './sources'

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
  darkmode?: boolean
}

export function readAppConfig(sources: Sources): AppConfig {
  const config = sources.json<AppConfig>('app.json')
  if (!Array.isArray(config.pages) || config.pages.length === 0) throw new BuildError('app.json: "pages" is empty')
  return config
}

/** Every page path, those of sub-packages included, in the order of app.json. */
export function pagesOf(config: AppConfig): string[] {
  const packages = config.subpackages ?? config.subPackages ?? []
  const inPackages = packages.flatMap(({ root, pages }) => pages.map((page) => `${root.replace(/\/$/, '')}/${page}`))
  return [...config.pages, ...inPackages]
}
