// The tab bar drawn from app.json.
import { assetUrl } from './assets'
import { make } from './screen'
import { theme, themed } from './theme'
import type { AppConfig } from './types'

type TabBarConfig = NonNullable<AppConfig['tabBar']>
type Badge = { text: string } | { dot: true }

export class TabBar {
  readonly element = make('nav', 'mp-tabbar')
  private readonly badges = new Map<number, Badge>()
  private selected = ''

  constructor(
    private readonly settings: TabBarConfig,
    private readonly onSelect: (path: string, index: number) => void,
  ) {
    this.element.setAttribute('role', 'tablist')
    this.draw()
  }

  includes(path: string): boolean {
    return this.settings.list.some((item) => item.pagePath === path)
  }

  select(path: string): void {
    this.selected = path
    this.draw()
  }

  setBadge(index: number, badge: Badge | undefined): void {
    if (badge) this.badges.set(index, badge)
    else this.badges.delete(index)
    this.draw()
  }

  setItem(index: number, change: Partial<TabBarConfig['list'][number]>): void {
    const item = this.settings.list[index]
    if (item) Object.assign(item, change)
    this.draw()
  }

  setStyle(change: Partial<Omit<TabBarConfig, 'list' | 'custom'>>): void {
    Object.assign(this.settings, change)
    this.draw()
  }

  /** Also when the theme is another: colours and icons may be variables. */
  draw(): void {
    const settings = themed(this.settings)
    const plain = theme() === 'dark' ? '#191919' : '#ffffff'
    this.element.style.background = settings.backgroundColor ?? plain
    this.element.classList.toggle('mp-light-line', settings.borderStyle === 'white')
    this.element.replaceChildren(...settings.list.map((_, index) => this.drawTab(settings, index)))
  }

  private drawTab(settings: TabBarConfig, index: number): HTMLElement {
    const item = settings.list[index]!
    const on = item.pagePath === this.selected
    const icon = (on ? item.selectedIconPath : undefined) ?? item.iconPath
    const tab = make('button', icon ? 'mp-tab' : 'mp-tab mp-tab-text-only')
    tab.setAttribute('role', 'tab')
    tab.setAttribute('aria-selected', String(on))
    tab.style.color = (on ? settings.selectedColor : settings.color) ?? ''
    if (icon) {
      const image = make('img', '', tab) as HTMLImageElement
      image.src = assetUrl(icon, 'app')
      image.alt = ''
    }
    make('span', '', tab).textContent = item.text
    this.drawBadge(tab, this.badges.get(index))
    tab.addEventListener('click', () => this.onSelect(item.pagePath, index))
    return tab
  }

  private drawBadge(tab: HTMLElement, badge: Badge | undefined): void {
    if (!badge) return
    const dot = 'dot' in badge
    const mark = make('span', dot ? 'mp-tab-badge mp-dot' : 'mp-tab-badge', tab)
    // WeChat cuts what is longer than four characters.
    if (!dot) mark.textContent = badge.text.length > 4 ? `${badge.text.slice(0, 3)}…` : badge.text
  }
}
