// Behaviour that needs a program of its own.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openPhone, serveProgram, startLab, type Lab, type Phone } from './phone'
import { program, removePrograms } from './small-program'

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

async function run(files: Record<string, string>, options = {}) {
  own = await serveProgram(lab, program(files))
  phone = await openPhone(own, '', options)
  return phone.page
}

const page = (wxml: string, script = 'Page({})', json = '{}') => ({
  'p/p.wxml': wxml,
  'p/p.ts': script,
  'p/p.json': json,
})

test("a custom tab bar is the program's own component, one for each tab page", async () => {
  const app = {
    pages: ['p/p', 'q/q'],
    tabBar: {
      custom: true,
      list: [
        { pagePath: 'p/p', text: '甲' },
        { pagePath: 'q/q', text: '乙' },
      ],
    },
  }
  const shown = await run({
    ...page('甲页', 'Page({ onShow() { this.getTabBar().setData({ on: 0 }) } })'),
    'q/q.wxml': '乙页',
    'q/q.ts': 'Page({ onShow() { this.getTabBar().setData({ on: 1 }) } })',
    'q/q.json': '{}',
    'app.json': JSON.stringify(app),
    'custom-tab-bar/index.json': '{"component":true}',
    'custom-tab-bar/index.wxml':
      '<view class="bar"><view wx:for="{{2}}" wx:key="*this" data-i="{{index}}" bindtap="go">标签{{index}}{{on === index ? "中" : ""}}</view></view>',
    'custom-tab-bar/index.wxss': '.bar { position: fixed; bottom: 0; left: 0; right: 0; height: 50px; }',
    'custom-tab-bar/index.ts':
      'Component({ data: { on: -1 }, methods: { go(e) { wx.switchTab({ url: e.currentTarget.dataset.i ? "/q/q" : "/p/p" }) } } })',
  })
  await shown.getByText('标签0中').waitFor()
  await shown.getByText('标签1', { exact: true }).click()
  await shown.locator('.mp-page:not([hidden])').getByText('标签1中').waitFor()
  expect(await shown.locator('.mp-tabbar').count()).toBe(0)
})

test('a page that throws in onShow is reported, and navigation goes on', async () => {
  const shown = await run(
    page(
      '<view>还在</view>',
      'Page({ onShow() { throw new Error("bad show") }, onReady() { this.setData({ ready: true }) } })',
    ),
  )
  await shown.getByText('还在').waitFor()
  await expect.poll(() => shown.evaluate(() => window.__harness.page()?.data['ready'])).toBe(true)
  expect(await shown.evaluate(() => window.__harness.errors().join())).toContain('bad show')
})

test('a common attribute does not shadow a property of the same name', async () => {
  const shown = await run({
    ...page(
      '<one-row hidden="{{false}}" role="卖家" /><view hidden>不见</view><view aria-role="button" aria-label="名字">看得见</view>',
      'Page({})',
      '{"usingComponents":{"one-row":"/c/c"}}',
    ),
    'c/c.json': '{"component":true}',
    'c/c.wxml': '<view>{{role}}</view>',
    'c/c.ts': 'Component({ properties: { role: String } })',
  })
  await shown.getByText('卖家').waitFor()
  expect(await shown.getByText('不见').isVisible()).toBe(false)
  await shown.getByRole('button', { name: '名字' }).waitFor()
})

test('what comes by a generic is dressed, and reached with a key by its role', async () => {
  const shown = await run({
    ...page(
      '<one-list generic:line="own-line" />',
      'Page({})',
      '{"usingComponents":{"one-list":"/l/l","own-line":"/o/o"}}',
    ),
    // The default of the list stands before the row that uses it too.
    'l/l.json':
      '{"component":true,"usingComponents":{"one-row":"/r/r"},"componentGenerics":{"line":{"default":"/d/d"}}}',
    'l/l.wxml': '<one-row generic:line="line" /><one-row />',
    'l/l.ts': 'Component({})',
    'r/r.json': '{"component":true,"componentGenerics":{"line":{"default":"/d/d"}}}',
    'r/r.wxml': '<line />',
    'r/r.ts': 'Component({})',
    'd/d.json': '{"component":true}',
    'd/d.wxml': '<view class="it" aria-role="button">原有</view>',
    'd/d.wxss': '.it { color: #112233 }',
    'd/d.ts': 'Component({})',
    'o/o.json': '{"component":true}',
    'o/o.wxml': '<view class="it">自己的</view>',
    'o/o.wxss': '.it { color: #445566 }',
    'o/o.ts': 'Component({})',
  })
  const colour = (text: string) => shown.getByText(text).evaluate((node) => getComputedStyle(node).color)
  await expect.poll(() => colour('自己的')).toBe('rgb(68, 85, 102)')
  expect(await colour('原有')).toBe('rgb(17, 34, 51)')
  expect(await shown.getByRole('button', { name: '原有' }).getAttribute('tabindex')).toBe('0')
})

test('a finger held on one element is followed when it leaves it', async () => {
  const shown = await run(
    page(
      '<view class="talk" style="height:60px" bindtouchstart="on" bindtouchmove="on" bindtouchend="on">按住说话</view>',
      'Page({ seen: [], on(e) { this.seen.push(e.type + (e.touches[0] ? Math.round(e.touches[0].clientY) : "")) } })',
    ),
  )
  const box = (await shown.getByText('按住说话').boundingBox())!
  await shown.mouse.move(box.x + 50, box.y + 30)
  await shown.mouse.down()
  await shown.mouse.move(box.x + 50, box.y + 300)
  await shown.mouse.up()
  expect(await shown.evaluate(() => window.__harness.page()?.['seen'])).toEqual([
    'touchstart30',
    'touchmove300',
    'touchend',
  ])
})

test('what calls itself a button is reached with Tab and tapped with Enter', async () => {
  const shown = await run(
    page(
      '<view data-n="1" role="button" bindtap="on">甲</view><view bindtap="on">乙</view><view data-n="2" role="link" bindtap="on">丙</view>',
      'Page({ seen: [], on(e) { this.seen.push(e.currentTarget.dataset.n) } })',
    ),
  )
  await shown.getByText('甲').focus()
  await shown.keyboard.press('Enter')
  await shown.keyboard.press('Tab')
  await shown.keyboard.press(' ')
  expect(await shown.evaluate(() => window.__harness.page()?.['seen'])).toEqual(['1', '2'])
})

test('an input placed low is lifted above the keyboard, unless adjust-position is off', async () => {
  const shown = await run(
    page(
      '<view style="height: 600px"></view><input class="a" placeholder="动" cursor-spacing="10" /><input class="b" placeholder="不动" adjust-position="{{false}}" />',
    ),
    { config: { keyboardHeight: 300 } },
  )
  await shown.getByPlaceholder('动', { exact: true }).focus()
  await expect
    .poll(async () => {
      const box = (await shown.locator('.a').boundingBox())!
      return box.y + box.height
    })
    .toBe(812 - 300 - 10)
  await shown.getByPlaceholder('不动').focus()
  await expect.poll(async () => (await shown.locator('.b').boundingBox())!.y).toBeGreaterThan(612)
})

test('who goes back closes what a page-container holds and stays on the page, which has one at most', async () => {
  const shown = await run({
    ...page(
      '<view bindtap="open">打开</view><page-container wx:if="{{open}}" show="{{open}}" overlay="{{false}}" bindafterleave="left">半屏</page-container><page-container wx:if="{{two}}" show>再来一个</page-container>',
      'Page({ data: { open: false }, open() { this.setData({ open: true }) }, left() { this.setData({ open: false, left: true }) } })',
    ),
    'app.json': '{"pages":["q/q","p/p"]}',
    'q/q.wxml': '首页',
    'q/q.ts': 'Page({})',
    'q/q.json': '{}',
  })
  const stack = () => shown.evaluate(() => window.__harness.stack().map(({ path }) => path))
  const set = (data: Record<string, unknown>) =>
    shown.evaluate((values) => window.__harness.page()?.setData(values), data)
  await shown.evaluate(() => window.__harness.open('/p/p'))
  await shown.getByText('打开').click()
  await shown.getByText('半屏').waitFor()
  // Nothing of it lies over the page.
  await shown.getByText('打开').click()
  await set({ two: true })
  expect(phone!.complaints.join()).toContain('page-container')
  expect(await shown.getByText('再来一个').isVisible()).toBe(false)
  await set({ two: false })
  await shown.getByRole('button', { name: '返回' }).click()
  await expect.poll(() => shown.evaluate(() => window.__harness.page()?.data['left'])).toBe(true)
  expect(await shown.getByText('半屏').count()).toBe(0)
  expect(await stack()).toEqual(['q/q', 'p/p'])
  await shown.evaluate(() => window.__harness.back())
  expect(await stack()).toEqual(['q/q'])
})
