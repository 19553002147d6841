/** What an agent does all day, in a real browser, against the mock server. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { EMAIL, PASSWORD, TOTP } from './admin.ts'
import { launch } from './chromium.ts'
import { MockServer } from './mock-server.ts'

let browser: Browser
let server: MockServer
let page: Page
let url: string
const faults: string[] = []

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())
beforeEach(async () => {
  server = new MockServer()
  url = await server.listen()
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN' })
  page.setDefaultTimeout(15_000)
  faults.length = 0
  page.on('pageerror', (error) => faults.push(error.message))
  // What the content security policy refuses is told here.
  page.on(
    'console',
    (message) => /Content Security Policy|Vue warn|intlify/.test(message.text()) && faults.push(message.text()),
  )
})
afterEach(async (context) => {
  if (process.env['SHOTS'] && context.task.result?.state === 'fail')
    await page.screenshot({ path: `${process.env['SHOTS']}/failed.png` })
  await page.close()
  await server.close()
  expect(faults).toEqual([])
})

async function signIn(path: string): Promise<void> {
  await page.goto(`${url}/console/`)
  await page.fill('input[name=email]', EMAIL)
  await page.fill('input[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForSelector('.rail')
  await page.goto(`${url}/console/#${path}`)
}

const bubble = (text: string) => page.locator('.message', { hasText: text })

it('takes a waiting customer by a key, answers with Enter and resolves', async () => {
  await signIn('/desk')
  await page.getByRole('tab', { name: '等待中' }).waitFor()
  await page.locator('#queue-rows li').first().waitFor()
  await page.keyboard.press('j')
  await bubble('麻烦帮我查一下').waitFor()
  await page.keyboard.press('t')
  const composer = page.locator('[data-composer]')
  await composer.fill('您好,我马上查。')
  await composer.press('Enter')
  await bubble('您好,我马上查。').locator('.state').waitFor()
  await composer.press('Escape')
  await page.keyboard.press('r')
  await page.getByText('这次咨询已结束').waitFor()
  expect(server.town.model.places.get('s-c-ye')?.case?.status).toBe('resolved')
})

it('does not mark a waiting customer read by only looking', async () => {
  await signIn('/desk/s-c-ye')
  await bubble('麻烦帮我查一下').waitFor()
  await page.locator('.bar.amber').waitFor()
  expect(server.town.server.received.filter((command) => command.type === 'mark_read')).toEqual([])
})

it('shows a new waiting customer at once and says so to a screen reader', async () => {
  await signIn('/desk')
  await page.locator('#queue-rows li').first().waitFor()
  server.town.service('c-ming', { page: '/pages/index/index' }, 0)
  server.town.say('c-ming', 's-c-ming', '在吗?想问下团购', 0)
  await page.locator('#queue-rows li', { hasText: '明前' }).waitFor()
  await expect.poll(() => page.locator('.shell > [aria-live=polite]').textContent()).toContain('明前')
  expect(await page.title()).toMatch(/^\(\d+\)/)
})

it('holds what is read still while older messages load above', async () => {
  await signIn('/messages/g-long')
  await bubble('第 10000 件出库').waitFor()
  const list = page.locator('[role=log]')
  const near = await list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight)
  expect(near).toBeLessThan(4)
  for (let turn = 0; turn < 6; turn += 1) {
    await list.hover()
    await page.mouse.wheel(0, -2_500)
    await page.waitForFunction(() => document.querySelectorAll('[data-message]').length > 0)
    await page.waitForTimeout(150)
  }
  // Where a message stands on the screen now is where it stands after another page came.
  const place = () =>
    list.evaluate((element) => {
      const top = element.getBoundingClientRect().top
      const row = [...element.querySelectorAll<HTMLElement>('[data-message]')].find(
        (one) => one.getBoundingClientRect().top > top + 100,
      )
      return { key: row?.dataset['key'] ?? '', y: row?.getBoundingClientRect().top ?? 0 }
    })
  const before = await place()
  const asked = server.town.server.received.length
  await list.evaluate((element) => element.scrollBy(0, -700))
  await page.waitForTimeout(50)
  const moved = await page.locator(`[data-key="${before.key}"]`).boundingBox()
  await expect.poll(() => server.town.server.received.length).toBeGreaterThanOrEqual(asked)
  await page.waitForTimeout(400)
  const after = await page.locator(`[data-key="${before.key}"]`).boundingBox()
  expect(Math.abs((after?.y ?? 0) - (moved?.y ?? 0))).toBeLessThan(2)
  expect(await page.locator('[data-message]').count()).toBeLessThan(120)
})

it('stays where the reader is when a message arrives, and offers a pill', async () => {
  await signIn('/messages/g-long')
  await bubble('第 10000 件出库').waitFor()
  await page.locator('[role=log]').hover()
  await page.mouse.wheel(0, -1_200)
  await page.waitForTimeout(300)
  server.town.say('u-su', 'g-long', '最后一箱也走了', 0)
  const pill = page.locator('.pill', { hasText: '1 条新消息' })
  await pill.waitFor()
  await pill.click()
  await bubble('最后一箱也走了').waitFor()
})

it('jumps from a search hit to the message, marked', async () => {
  await signIn('/search')
  await page.locator('input[type=search]').fill('第 5000 件')
  await page.locator('mark').first().waitFor()
  await page.locator('ul a', { hasText: '第 5000 件' }).first().click()
  await bubble('第 5000 件出库').first().waitFor()
  await page.locator('.row.flash', { hasText: '第 5000 件' }).waitFor()
  await page.locator('.pill').click()
  await bubble('第 10000 件出库').waitFor()
})

it('keeps a draft, edits the last message with the arrow and answers with a quote', async () => {
  await signIn('/messages/d-zhou')
  await bubble('回头请你喝茶').waitFor()
  const composer = page.locator('[data-composer]')
  await composer.fill('写了一半')
  await page.goto(`${url}/console/#/messages/d-may`)
  await bubble('Two small changes').waitFor()
  await page.locator('.list li', { hasText: '写了一半' }).waitFor()
  await page.goto(`${url}/console/#/messages/d-zhou`)
  await expect.poll(() => composer.inputValue()).toBe('写了一半')
  await composer.fill('')
  await composer.press('ArrowUp')
  await expect.poll(() => composer.inputValue()).toContain('喝茶')
  await composer.fill('太好了,请你喝凤凰单丛')
  await composer.press('Enter')
  await page.locator('.edited').waitFor()
  await bubble('晚班我替你').hover()
  await page.getByRole('button', { name: '回复' }).click()
  await composer.fill('收到')
  await composer.press('Enter')
  await page.locator('.quote', { hasText: '晚班我替你' }).waitFor()
})

it('sends a pasted picture and shows it at once', async () => {
  await signIn('/messages/d-zhou')
  await bubble('回头请你喝茶').waitFor()
  await page.locator('[data-composer]').evaluate(async (area) => {
    const canvas = new OffscreenCanvas(60, 40)
    canvas.getContext('2d')!.fillRect(0, 0, 60, 40)
    const data = new DataTransfer()
    data.items.add(new File([await canvas.convertToBlob()], 'shot.png', { type: 'image/png' }))
    area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  await page.locator('.tray img').waitFor()
  await page.locator('[data-composer]').press('Enter')
  await page.locator('.message .image').last().waitFor()
  await expect.poll(() => server.town.model.visible('u-lin', 'd-zhou').at(-1)?.content?.type).toBe('image')
  await page.locator('.message .image').last().click()
  await page.getByRole('dialog', { name: '图片查看' }).waitFor()
  await page.keyboard.press('Escape')
})

it('shows a refused message as failed and sends it again on demand', async () => {
  await signIn('/messages/d-zhou')
  await bubble('回头请你喝茶').waitFor()
  const { Refusal } = await import('@chaguan/sdk/testing')
  server.town.server.before = (command) => {
    if (command.type === 'send_message') throw new Refusal('forbidden')
  }
  const composer = page.locator('[data-composer]')
  await composer.fill('这条会被拒绝')
  await composer.press('Enter')
  await page.locator('.failed').waitFor()
  server.town.server.before = () => undefined
  await page.locator('.failed button').first().click()
  await page.locator('.failed').waitFor({ state: 'detached' })
  expect(
    server.town.model
      .visible('u-lin', 'd-zhou')
      .filter((one) => one.content?.type === 'text' && one.content.text === '这条会被拒绝'),
  ).toHaveLength(1)
})

it('mentions a colleague in a group by typing the at sign', async () => {
  await signIn('/messages/g-spring')
  await bubble('包邮门槛').waitFor()
  const composer = page.locator('[data-composer]')
  await composer.pressSequentially('@苏')
  await page.getByRole('option', { name: '苏荔' }).waitFor()
  await composer.press('Enter')
  await composer.pressSequentially('样片过了')
  await composer.press('Enter')
  await expect.poll(() => server.town.model.visible('u-lin', 'g-spring').at(-1)?.mentions).toEqual(['u-su'])
})

it('records a voice note in the browser and sends it', async () => {
  await signIn('/messages/d-zhou')
  await bubble('回头请你喝茶').waitFor()
  await page.getByRole('button', { name: '录语音' }).click()
  await page.getByText('正在录音 1 秒').waitFor()
  await page.getByRole('button', { name: '发送语音' }).click()
  await page.locator('.message .voice').waitFor()
  await expect.poll(() => server.town.model.visible('u-lin', 'd-zhou').at(-1)?.content?.type).toBe('voice')
})

it('sends a card from the desk', async () => {
  await signIn('/desk/s-c-gu')
  await bubble('有礼盒吗').waitFor()
  await page.getByRole('button', { name: '发送卡片' }).click()
  const dialog = page.getByRole('dialog', { name: '发送卡片' })
  await dialog.getByLabel('标题').fill('寿眉礼盒')
  await dialog.getByRole('button', { name: '发送卡片' }).click()
  await page.locator('.message .card', { hasText: '寿眉礼盒' }).waitFor()
})

it('offers another try when the business does not answer', async () => {
  server.context = 'fails'
  await signIn('/desk/s-c-gu')
  await page.getByText('没能取到商家资料').waitFor()
  server.context = 'answers'
  await page.locator('.soft').getByRole('button', { name: '重试' }).click()
  await page.getByText('明前龙井 50 g').waitFor()
})

it('says that it reconnects, and comes back by itself', async () => {
  await signIn('/messages/d-zhou')
  await bubble('回头请你喝茶').waitFor()
  await page.context().setOffline(true)
  server.cut()
  await page.locator('.banner').waitFor()
  await page.context().setOffline(false)
  await page.locator('.banner').waitFor({ state: 'detached' })
})

it('asks for the second factor, and counts down when the door is closed', async () => {
  server.admin.totp = true
  await page.goto(`${url}/console/`)
  await page.fill('input[name=email]', EMAIL)
  await page.fill('input[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.fill('input[name=totp]', '000000')
  await page.click('button[type=submit]')
  await page.getByText('验证码不对').waitFor()
  server.admin.attempts = 0
  await page.fill('input[name=totp]', TOTP)
  await page.click('button[type=submit]')
  await page.getByText(/请在 \d+ 秒后再试/).waitFor()
})

it('creates a group, renames it and adds a colleague', async () => {
  await signIn('/messages')
  await page.getByRole('button', { name: '发起会话' }).first().click()
  await page.getByRole('menuitem', { name: '新建群聊' }).click()
  const dialog = page.getByRole('dialog', { name: '新建群聊' })
  await dialog.getByLabel('群名').fill('盘点')
  await dialog.getByRole('button', { name: '苏荔' }).click()
  await dialog.getByRole('button', { name: '建群' }).click()
  await page.getByRole('heading', { name: '盘点' }).waitFor()
  await page.getByRole('button', { name: '会话信息' }).click()
  await page.getByRole('button', { name: '改群名' }).click()
  await page.getByRole('textbox', { name: '改群名' }).fill('月末盘点')
  await page.getByRole('textbox', { name: '改群名' }).press('Enter')
  await page.getByRole('heading', { name: '月末盘点' }).waitFor()
})

it('invites a colleague with a link that is shown once', async () => {
  await signIn('/admin/staff')
  await page.getByRole('button', { name: '邀请员工' }).click()
  const dialog = page.getByRole('dialog', { name: '邀请员工' })
  await dialog.getByLabel('名称').fill('阿青')
  await dialog.getByLabel('邮箱').fill('qing@chaguan.example')
  await dialog.getByRole('button', { name: '生成邀请链接' }).click()
  await expect
    .poll(() => page.getByRole('dialog', { name: '把这个链接发给 阿青' }).locator('input').inputValue())
    .toContain('/console/#/invite/good')
})

it('leads a revoked device back to sign-in and says why', async () => {
  await signIn('/messages/d-zhou')
  await bubble('回头请你喝茶').waitFor()
  for (const session of server.town.server.sessions) {
    session.send({ type: 'signed_out', reason: 'revoked' })
    session.close(4503, 'revoked')
  }
  await page.getByText('这台设备已退出登录').waitFor()
})
