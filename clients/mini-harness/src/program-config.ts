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
  darkmode?: boolean
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
