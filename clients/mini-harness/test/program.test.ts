// Pages, components, styles and events of the fixture, in Chromium.
import { afterAll, beforeAll, afterEach, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { browserPath, openPhone, startLab, type Lab, type Phone } from './phone'

let lab: Lab
let phone: Phone | undefined

beforeAll(async () => void (lab = await startLab()))
afterAll(() => lab.close())
afterEach(async () => {
  const complaints = phone?.complaints ?? []
  await phone?.page.context().close()
  phone = undefined
  expect(complaints.filter((text) => !text.includes('for-list is generally for testing'))).toEqual([])
})

async function open(url = '', options = {}): Promise<Page> {
  phone = await openPhone(lab, url, options)
  return phone.page
}

const visible = (page: Page, text: string) => page.locator('.mp-page:not([hidden])').getByText(text, { exact: true })
/** A field of the page instance now on top. */
const field = (page: Page, name: string) =>
  page.evaluate((key) => JSON.parse(JSON.stringify(window.__harness.page()?.[key] ?? null)) as unknown, name)
const title = (page: Page) => page.evaluate(() => window.__harness.title())
const stack = (page: Page) => page.evaluate(() => window.__harness.stack().map((entry) => entry.path))
const color = (page: Page, selector: string, property = 'color') =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)

test('a browser is there to test in', () => expect(browserPath).toBeDefined())

describe('launch', () => {
  test('App and Page lifecycles come in order', async () => {
    const page = await open()
    await expect.poll(() => field(page, 'calls')).toEqual(['load', 'show', 'ready'])
    const log = await page.evaluate(
      () => (globalThis as unknown as { getApp(): { log: { events: string[] } } }).getApp().log.events,
    )
    expect(log).toEqual(['launch pages/home/index 1001', 'show'])
  })
  test('the address names page, query and scene', async () => {
    const page = await open('/shop/detail/index?id=puer&name=%E7%86%9F%E6%99%AE')
    expect(await title(page)).toBe('熟普')
    expect(await page.locator('.title').textContent()).toContain('熟普')
  })
})

describe('navigation', () => {
  test('a tap opens a page with its query, the arrow leads back, and both pages hear of it', async () => {
    const page = await open()
    await visible(page, '凤凰单丛').click()
    expect(await title(page)).toBe('凤凰单丛')
    expect(await stack(page)).toEqual(['pages/home/index', 'shop/detail/index'])
    await page.getByRole('button', { name: '返回' }).click()
    expect(await field(page, 'calls')).toEqual(['load', 'show', 'ready', 'hide', 'show'])
  })
  test('catchtap keeps the tap from the card beneath', async () => {
    const page = await open()
    await page.getByRole('button', { name: '咨询' }).first().click()
    expect(await stack(page)).toEqual(['pages/home/index', 'pages/chat/index'])
  })
  test('the eleventh page is refused', async () => {
    const page = await open()
    const errors = await page.evaluate(async () => {
      const { wx } = globalThis as unknown as { wx: { navigateTo(o: object): Promise<unknown> } }
      const results = []
      for (let i = 0; i < 10; i += 1)
        results.push(
          await wx.navigateTo({ url: '/shop/detail/index?id=puer&name=x' }).then(
            () => 'ok',
            (error: { errMsg: string }) => error.errMsg,
          ),
        )
      return results
    })
    expect(errors).toEqual([...Array<string>(9).fill('ok'), 'navigateTo:fail webview count limit exceed'])
  })
  test('tab pages live on while another is shown, and say where they may not be opened', async () => {
    const page = await open()
    await page.getByRole('tab', { name: '我的' }).click()
    expect(await stack(page)).toEqual(['pages/me/index'])
    expect(await page.locator('.mp-tab-badge').textContent()).toBe('3')
    await page.getByRole('tab', { name: '首页' }).click()
    expect(await field(page, 'calls')).toEqual(['load', 'show', 'ready', 'hide', 'show', 'tab 首页'])
    const refusal = await page.evaluate(() =>
      (globalThis as unknown as { wx: { navigateTo(o: object): Promise<unknown> } }).wx
        .navigateTo({ url: '/pages/me/index' })
        .catch((error: { errMsg: string }) => error.errMsg),
    )
    expect(refusal).toBe('navigateTo:fail can not navigateTo a tabbar page')
  })
  test('a custom navigation bar leaves the page the whole screen, under the capsule', async () => {
    const page = await open('/pages/plain/index')
    const box = await page.locator('.mp-viewport').boundingBox()
    expect(box).toMatchObject({ y: 0, height: 812 })
    await expect.poll(() => page.locator('.mp-capsule').isVisible()).toBe(true)
  })
  test('an embedding page hears of every navigation', async () => {
    const page = await open()
    await page.setContent(`<iframe style="width:375px;height:700px" src="${lab.site.url}"></iframe><script>
      window.heard = []; addEventListener('message', (event) => window.heard.push(event.data))</script>`)
    const frame = page.frameLocator('iframe')
    await frame.getByText('熟普小沱').click()
    const heard = () =>
      page.evaluate(() =>
        (window as unknown as { heard: { type: string; path: string }[] }).heard.map(
          (message) => `${message.type} ${message.path}`,
        ),
      )
    await expect.poll(heard).toContain('navigate shop/detail/index')
    expect(await frame.locator('.hero').evaluate((element) => element.clientWidth)).toBe(375)
  })
})

describe('styles', () => {
  test('rpx follows the screen, fixed elements stay above the tab bar', async () => {
    const page = await open()
    expect((await page.locator('.photo').first().boundingBox())?.width).toBeCloseTo(80, 1)
    const note = await page.locator('.fixed-note').boundingBox()
    const bar = await page.locator('.mp-tabbar').boundingBox()
    expect(note!.y + note!.height).toBeLessThan(bar!.y)
  })
  test('isolation, :host, ids, external classes and page styles keep to their place', async () => {
    const page = await open('/pages/features/index')
    const heading = page.getByText('标题槽')
    expect(await heading.evaluate((element) => getComputedStyle(element.parentElement!).color)).toBe('rgb(12, 34, 56)')
    expect(await color(page, '[class*=thin-root]', 'outline-color')).toBe('rgb(1, 2, 3)')
    expect(await page.locator('.sized').evaluate((element) => element.clientWidth)).toBe(188)
    await page.evaluate(() => window.__harness.open('/shop/detail/index?id=puer&name=x'))
    expect(await color(page, '.mp-page:not([hidden]) .probe:nth-of-type(2)')).not.toBe('rgb(9, 8, 7)')
    expect(await page.getByText('第二行').evaluate((element) => getComputedStyle(element).color)).toBe('rgb(9, 8, 7)')
    expect(await page.getByText('不红').evaluate((element) => getComputedStyle(element).color)).toBe('rgb(43, 42, 38)')
    expect(await color(page, '.mp-page:not([hidden]) wx-page', 'background-color')).toBe('rgb(247, 245, 239)')
  })
  test('100vh is the height below the navigation bar', async () => {
    const page = await open('/pages/chat/index')
    expect((await page.locator('.page').boundingBox())?.height).toBeCloseTo(812 - 88, 0)
  })
})

describe('templates and components', () => {
  test('include, template, slots, relations, generics, virtual host and npm all render', async () => {
    const page = await open('/pages/features/index')
    for (const text of ['引入 0', '模板：0', '标题槽', '正文槽', '底部槽', '行 甲', '默认 乙', '虚拟宿主'])
      await visible(page, text).waitFor()
    expect(await page.locator('[class$=list]').textContent()).toContain('共 2')
    expect(
      await page
        .getByText('标题槽')
        .evaluate((a) => a.compareDocumentPosition(document.querySelector('[class$=slot-body]')!)),
    ).toBe(4)
    await page.evaluate(() => window.__harness.open('/shop/detail/index?id=puer&name=x'))
    await visible(page, '5').waitFor()
  })
  test('setData moves conditions, observers, wxs and inline rpx', async () => {
    const page = await open('/pages/features/index')
    await visible(page, '零').waitFor()
    await page.evaluate(() => window.__harness.page()?.setData({ count: 2, visible: true, half: 100 }))
    for (const text of ['大于一', '引入 2', '模板：2', '隐藏']) await visible(page, text).waitFor()
    expect(await page.locator('[class$=sum]').textContent()).toBe('20')
    expect(await page.locator('.sized').evaluate((element) => element.clientWidth)).toBe(50)
  })
  test('in wxs the constructor of a value is the name of its type', async () => {
    const page = await open()
    expect(await page.locator('.price').first().textContent()).toMatch(/^¥\d/)
  })
  test('component and page lifetimes reach a component', async () => {
    const page = await open('/pages/features/index')
    await expect
      .poll(() =>
        page.evaluate(() =>
          (window.__harness.page() as unknown as { selectComponent(s: string): { calls(): string[] } })
            .selectComponent('#watcher')
            .calls(),
        ),
      )
      .toEqual(['created', 'attached', 'show', 'ready'])
  })
  test('bind bubbles with marks, catch does not', async () => {
    const page = await open('/pages/features/index')
    await visible(page, '拦截').click()
    await visible(page, '冒泡').click()
    expect(await field(page, 'seen')).toEqual(['inner tap', 'inner tap', 'outer {"kind":"bind","where":"outer"}'])
  })
  test.each([
    ['mouse', false],
    ['finger', true],
  ])('a %s press is a long press when it lasts, else a tap', async (_, touch) => {
    const page = await open('/pages/features/index', { touch })
    const target = visible(page, '长按')
    if (touch) await target.tap()
    else await target.click()
    expect(await field(page, 'seen')).toEqual(['touchstart 1/1', 'touchend 0/1'])
    await target.dispatchEvent(
      touch ? 'touchstart' : 'mousedown',
      touch ? { touches: [], changedTouches: [], targetTouches: [] } : {},
    )
    if (!touch) await expect.poll(() => field(page, 'seen')).toContain('long')
  })
  test('a pressed element wears its hover class until it is let go', async () => {
    const page = await open()
    await visible(page, '凤凰单丛').hover()
    await page.mouse.down()
    await expect.poll(() => color(page, '.card-pressed', 'background-color')).toBe('rgb(239, 234, 219)')
    await page.mouse.move(5, 5)
    await expect.poll(() => page.locator('.card-pressed').count()).toBe(0)
    await page.mouse.up()
    expect(await stack(page)).toEqual(['pages/home/index'])
  })
  test('dragging moves, and ends in no tap', async () => {
    const page = await open()
    const box = (await page.locator('.banner').boundingBox())!
    await page.mouse.move(box.x + 300, box.y + 50)
    await page.mouse.down()
    await page.mouse.move(box.x + 60, box.y + 50, { steps: 5 })
    await page.mouse.up()
    await visible(page, '滑动 2').waitFor()
  })
  test('reaching the bottom and pulling down are told to the page', async () => {
    const page = await open('/pages/features/index')
    await page.evaluate(() => document.querySelector('wx-page')!.scrollTo(0, 99999))
    await expect.poll(() => field(page, 'seen')).toContain('bottom')
    await page.evaluate(() =>
      (globalThis as unknown as { wx: { startPullDownRefresh(): unknown } }).wx.startPullDownRefresh(),
    )
    await expect.poll(() => field(page, 'seen')).toContain('pull')
  })
  test('rich text drops scripts', async () => {
    const page = await open('/shop/detail/index?id=puer&name=x')
    expect(await page.locator('wx-rich-text').innerHTML()).toBe('<p class="leaf">采于<b>清明</b>前</p>')
  })
})

describe('forms', () => {
  test('a form collects every kind of field, custom ones too', async () => {
    const page = await open('/pages/forms/index')
    await page.getByPlaceholder('请输入').fill('陆羽')
    await page.locator('wx-textarea textarea').fill('一\n二\n三')
    await page.getByRole('switch').click()
    await page.getByText('礼盒').click()
    await page.getByText('自提').click()
    await page.locator('[class$=star]').nth(2).click()
    await page.getByRole('button', { name: '城市' }).click()
    await page.getByRole('combobox').selectOption('潮州')
    await page.getByRole('button', { name: '确定' }).click()
    await page.getByRole('button', { name: '提交' }).click()
    const result = JSON.parse((await page.locator('.result').textContent()) ?? '') as unknown
    expect(result).toEqual({
      name: '陆羽',
      note: '一\n二\n三',
      invoice: true,
      extras: ['gift', 'card'],
      ship: '自提',
      sweet: 30,
      city: 1,
      stars: 3,
    })
    expect(await page.locator('.echo').textContent()).toBe('陆羽')
    const seen = await field(page, 'seen')
    for (const event of ['switch true', 'extras gift,card', 'ship 自提', 'lines 3']) expect(seen).toContain(event)
  })
  test('everything is reachable by keyboard', async () => {
    const page = await open('/pages/forms/index')
    await page.getByRole('switch').focus()
    await page.keyboard.press('Space')
    expect(await page.getByRole('switch').getAttribute('aria-checked')).toBe('true')
    await page.getByRole('button', { name: '重置' }).focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('.result').textContent()).toBe('reset')
  })
})

describe('chat', () => {
  test('a typed line is sent, answered, cleared and scrolled to', async () => {
    const page = await open('/pages/chat/index')
    await expect
      .poll(() => page.evaluate(() => (window.__harness.page()?.['task'] as { readyState: number }).readyState))
      .toBe(1)
    const box = page.getByPlaceholder('输入消息')
    for (let i = 0; i < 12; i += 1) {
      await box.fill(`第 ${i} 句`)
      await box.press('Enter')
      await page.getByText(`收到：第 ${i} 句`, { exact: true }).waitFor()
    }
    expect(await box.inputValue()).toBe('')
    const log = page.locator('wx-scroll-view')
    await expect
      .poll(() => log.evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop))
      .toBeLessThan(2)
    expect(await log.evaluate((element) => element.scrollTop)).toBeGreaterThan(100)
    await log.evaluate((element) => element.scrollTo(0, 0))
    const uppers = async () => ((await field(page, 'data')) as { uppers: number }).uppers
    await expect.poll(uppers).toBe(1)
    // Within the threshold it is told once; after leaving it, again.
    for (const top of [10, 0, 200, 0]) {
      await log.evaluate(
        (element, to) =>
          new Promise((resolve) => {
            element.addEventListener('scroll', () => resolve(undefined), { once: true })
            element.scrollTo(0, to)
          }),
        top,
      )
    }
    await expect.poll(uppers).toBe(2)
    expect(await color(page, '.mine', 'font-weight')).toBe('600')
  })
  test('an event of a component brings its detail, a long press its sheet', async () => {
    const page = await open('/pages/chat/index')
    const bubble = page.getByText('您好，请问有什么可以帮您？')
    await bubble.click()
    expect(await field(page, 'picked')).toBe('您好，请问有什么可以帮您？')
    await bubble.hover()
    await page.mouse.down()
    await page.getByRole('button', { name: '撤回' }).waitFor()
    await page.mouse.up()
    await page.getByRole('button', { name: '撤回' }).click()
    await expect.poll(() => field(page, 'picked')).toBe('菜单1')
  })
  test('the keyboard takes its height, and gives it back', async () => {
    const page = await open('/pages/chat/index', { config: { keyboardHeight: 280 } })
    await page.getByPlaceholder('输入消息').focus()
    await expect.poll(async () => ((await field(page, 'data')) as { keyboard: number }).keyboard).toBe(280)
    await page.locator('.mp-keyboard').waitFor()
    await page.getByPlaceholder('输入消息').blur()
    await expect.poll(() => page.locator('.mp-keyboard').count()).toBe(0)
  })
})
