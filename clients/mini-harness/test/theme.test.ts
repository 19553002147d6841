// Dark mode: what a program says of it in app.json and theme.json, and what it is told.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { buildMiniProgram } from '../src/build/index'
import { openPhone, serveProgram, startLab, type Lab, type Phone } from './phone'
import { program, removePrograms } from './small-program'

const THEME = {
  light: { bar: '#fafafa', ink: 'black', icon: 'images/day.svg', on: '#112233' },
  dark: { bar: '#101010', ink: 'white', icon: 'images/night.svg', on: '#ddeeff' },
}
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
const app = (more: object) => ({
  'app.json': JSON.stringify({
    pages: ['p/p', 'q/q'],
    window: { navigationBarTextStyle: '@ink', navigationBarBackgroundColor: '@bar', navigationBarTitleText: '@茶' },
    tabBar: {
      color: '#888888',
      selectedColor: '@on',
      backgroundColor: '@bar',
      list: [
        { pagePath: 'p/p', text: '甲', iconPath: '@icon' },
        { pagePath: 'q/q', text: '乙' },
      ],
    },
    themeLocation: 'theme.json',
    ...more,
  }),
  'theme.json': JSON.stringify(THEME),
  'images/day.svg': SVG,
  'images/night.svg': SVG,
  'p/p.json': '{}',
  'p/p.wxml': '<view class="box">{{theme}}</view><button class="mine">茶</button>',
  'p/p.wxss':
    '.box { color: #aa0000 } @media (prefers-color-scheme: dark) { .box { color: #00bb00 } } .mine { background: #123456 }',
  'p/p.ts':
    'Page({ data: { theme: "" }, onLoad() { this.tell(wx.getAppBaseInfo().theme); wx.onThemeChange(({ theme }) => this.tell(theme)) }, tell(theme) { this.setData({ theme: theme || "none" }) } })',
  'q/q.json': '{"navigationBarBackgroundColor":"#00aa00"}',
  'q/q.wxml': '乙',
  'q/q.ts': 'Page({})',
})

let lab: Lab
let own: Lab | undefined
let phone: Phone | undefined

beforeAll(async () => void (lab = await startLab()))
afterAll(async () => {
  await lab.close()
  removePrograms()
})
afterEach(async () => {
  await phone?.page.context().close()
  await own?.close()
})

async function run(more: object, config: Record<string, unknown>): Promise<Page> {
  own = await serveProgram(lab, program(app(more)))
  phone = await openPhone(own, '', { config })
  return phone.page
}

const style = (page: Page, selector: string, property: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)
const looks = async (page: Page) => ({
  bar: await style(page, '.mp-nav', 'background-color'),
  title: await style(page, '.mp-nav', 'color'),
  tabs: await style(page, '.mp-tabbar', 'background-color'),
  on: await style(page, '.mp-tab[aria-selected=true]', 'color'),
  icon: (await page.locator('.mp-tab img').getAttribute('src'))?.replace(/^.*\//, ''),
  words: await style(page, '.box', 'color'),
  told: await page.locator('.box').textContent(),
})
const LIGHT = {
  bar: 'rgb(250, 250, 250)',
  title: 'rgb(0, 0, 0)',
  tabs: 'rgb(250, 250, 250)',
  on: 'rgb(17, 34, 51)',
  icon: 'day.svg',
  words: 'rgb(170, 0, 0)',
  told: 'light',
}
const DARK = {
  bar: 'rgb(16, 16, 16)',
  title: 'rgb(255, 255, 255)',
  tabs: 'rgb(16, 16, 16)',
  on: 'rgb(221, 238, 255)',
  icon: 'night.svg',
  words: 'rgb(0, 187, 0)',
  told: 'dark',
}

test('bars, icons, styles and the program follow the theme, also when it changes', async () => {
  const page = await run({ darkmode: true }, { theme: 'dark' })
  expect(await looks(page)).toEqual(DARK)
  await page.evaluate(() => window.__harness.setTheme('light'))
  await expect.poll(() => looks(page)).toEqual(LIGHT)
  expect(await page.evaluate(() => window.__harness.title())).toBe('@茶')
})

test('without a choice the phone has the theme of the browser and changes with it', async () => {
  const page = await run({ darkmode: true }, {})
  expect(await looks(page)).toEqual(LIGHT)
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(() => looks(page)).toEqual(DARK)
})

test('a program that does not say darkmode stays light and is told of no theme', async () => {
  const page = await run({}, { theme: 'dark' })
  expect(await looks(page)).toEqual({ ...LIGHT, told: 'none' })
})

test('a colour that the program set itself outlives the theme', async () => {
  const page = await run({ darkmode: true }, { theme: 'light' })
  await page.evaluate(() =>
    (globalThis as unknown as { wx: { setNavigationBarColor(o: object): unknown } }).wx.setNavigationBarColor({
      frontColor: '#ffffff',
      backgroundColor: '#00aa00',
    }),
  )
  await page.evaluate(() => window.__harness.setTheme('dark'))
  await expect.poll(() => style(page, '.box', 'color')).toBe(DARK.words)
  expect(await style(page, '.mp-nav', 'background-color')).toBe('rgb(0, 170, 0)')
})

test("a program's own colour of a built-in wins over the dark one", async () => {
  const page = await run({ darkmode: true }, { theme: 'dark' })
  expect(await style(page, '.mine', 'background-color')).toBe('rgb(18, 52, 86)')
})

test('a variable that a theme lacks fails the build', async () => {
  const files = app({ darkmode: true })
  const build = (changed: Record<string, string>) =>
    buildMiniProgram({ root: program({ ...files, ...changed }), outDir: program({}) })
  await expect(build({ 'theme.json': JSON.stringify({ ...THEME, dark: {} }) })).rejects.toThrow(
    'is not in theme "dark"',
  )
  await expect(build({ 'q/q.json': '{"navigationBarBackgroundColor":"@none"}' })).rejects.toThrow('q/q.json: "@none"')
})
