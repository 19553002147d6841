/**
 * The console against a real deployment, with a customer beside it:
 * `CHAGUAN_URL=… CHAGUAN_PASSWORD=… npm run e2e -- real`, the password being the first administrator's.
 */
import { createClient, nodeAdapter, type Client } from '@chaguan/sdk'
import { createHmac } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { launch } from './chromium.ts'

const URL_OF = process.env['CHAGUAN_URL'] ?? ''
const SHOTS = process.env['SHOTS'] ?? ''
const EMAIL = process.env['CHAGUAN_EMAIL'] ?? 'admin@localhost'
const FIRST = process.env['CHAGUAN_PASSWORD'] ?? ''
const PASSWORD = 'a-long-enough-password-26'

function userToken(appId: string, secret: string, subject: string, name: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ app: appId, sub: subject, name, iat: now, exp: now + 3600 })}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}

describe.runIf(URL_OF)('against a real deployment', () => {
  let browser: Browser
  let page: Page
  let customer: Client
  const faults: string[] = []

  beforeAll(async () => {
    browser = await launch()
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN' })
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  })
  afterAll(async () => {
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/real-last.png` })
    await customer?.signOut()
    await browser.close()
    expect(faults).toEqual([])
  })

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const session = JSON.parse((await page.evaluate(() => localStorage.getItem('chaguan.session'))) ?? '{}') as {
      access_token: string
    }
    const device = await page.evaluate(() => localStorage.getItem('chaguan.device'))
    const response = await fetch(URL_OF + path, {
      method,
      headers: {
        Authorization: `Bearer ${session.access_token}`,
        'X-Device-Id': device ?? '',
        'Content-Type': 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return (await response.json()) as T
  }

  it('signs the first administrator in and has the password changed', async () => {
    await page.goto(`${URL_OF}/console/`)
    await page.fill('input[name=email]', EMAIL)
    await page.fill('input[name=password]', FIRST)
    await page.click('button[type=submit]')
    const fields = page.locator('input[type=password]')
    await page.getByText('先换一个密码').waitFor()
    await fields.nth(0).fill(FIRST)
    await fields.nth(1).fill(PASSWORD)
    await fields.nth(2).fill(PASSWORD)
    await page.click('button[type=submit]')
    await page.getByText('没有人在等').waitFor()
  })

  it('converses with a customer at the desk', async () => {
    const { shops } = await call<{ shops: { id: string }[] }>('GET', '/v1/admin/shops')
    const app = await call<{ id: string; secret: string }>('POST', '/v1/admin/apps', {
      shop_id: shops[0]!.id,
      kind: 'web',
      name: '官网',
    })
    customer = createClient({ endpoint: URL_OF, adapter: nodeAdapter({ WebSocket: WebSocket as never }) })
    await customer.signIn({ token: userToken(app.id, app.secret, 'gu', '顾长安') })
    await customer.online()
    const place = await customer.conversations.openService({ context: { page: '/pages/product?id=7' } })
    const id = place.conversation.id
    await customer.messages.send(id, { type: 'text', text: '你好,龙井还有货吗?' }).done

    await page.locator('#queue-rows li', { hasText: '顾长安' }).click()
    await page.locator('.message', { hasText: '龙井还有货吗' }).waitFor()
    await page.getByRole('button', { name: '接待', exact: false }).last().click()
    const composer = page.locator('[data-composer]')
    await composer.fill('有的,今早刚到。')
    await composer.press('Enter')
    await expect
      .poll(() =>
        customer.messages.list(id).messages.map((one) => (one.content?.type === 'text' ? one.content.text : '')),
      )
      .toContain('有的,今早刚到。')
    customer.typing(id)
    await page.locator('.typing', { hasText: '正在输入' }).first().waitFor()
    await customer.messages.send(id, { type: 'text', text: '太好了' }).done
    await page.locator('.message', { hasText: '太好了' }).waitFor()
    customer.conversations.markRead(id)
    await page.locator('.state.read').first().waitFor()
  })

  it('sends a picture that the server keeps and shows', async () => {
    await page.locator('[data-composer]').evaluate(async (area) => {
      const canvas = new OffscreenCanvas(320, 200)
      const ink = canvas.getContext('2d')!
      ink.fillStyle = '#3c7f60'
      ink.fillRect(0, 0, 320, 200)
      const data = new DataTransfer()
      data.items.add(new File([await canvas.convertToBlob()], 'shot.png', { type: 'image/png' }))
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await page.locator('.tray img').waitFor()
    await page.locator('[data-composer]').press('Enter')
    const image = page.locator('.message .image img').last()
    await expect.poll(() => image.getAttribute('src')).toContain('/v1/media/')
    await expect.poll(() => image.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
  })

  it('sends a voice note and a card', async () => {
    await page.getByRole('button', { name: '录语音' }).click()
    await page.getByText('正在录音 1 秒').waitFor()
    await page.getByRole('button', { name: '发送语音' }).click()
    await expect.poll(() => page.locator('.message .voice:not([disabled])').count()).toBe(1)
    await page.getByRole('button', { name: '发送卡片' }).click()
    const dialog = page.getByRole('dialog', { name: '发送卡片' })
    await dialog.getByLabel('标题').fill('明前龙井 50 g')
    await dialog.getByRole('button', { name: '发送卡片' }).click()
    await page.locator('.message .card', { hasText: '明前龙井' }).waitFor()
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/real-desk.png` })
  })

  it('finds what was said, and resolves', async () => {
    await page.goto(`${URL_OF}/console/#/search?q=龙井`)
    await page.locator('mark').first().waitFor()
    await page.locator('ul a').last().click()
    await page.locator('.message', { hasText: '龙井还有货吗' }).waitFor()
    await page.getByRole('button', { name: '结束咨询' }).click()
    await page.getByText('这次咨询已结束').waitFor()
  })

  it('opens every screen of the administration without a fault', async () => {
    for (const path of ['/admin/staff', '/admin/keys', '/admin/audit']) {
      await page.goto(`${URL_OF}/console/#${path}`)
      await page.locator('table, .note').first().waitFor()
      if (SHOTS) await page.screenshot({ path: `${SHOTS}/real${path.replaceAll('/', '-')}.png` })
    }
    await page.goto(`${URL_OF}/console/#/admin/shops`)
    await page.getByText('官网').waitFor()
    await page.goto(`${URL_OF}/console/#/admin/reports`)
    await page.locator('table, .note').first().waitFor()
    await page.goto(`${URL_OF}/console/#/me`)
    await page.getByText('当前设备').waitFor()
    await page.getByRole('button', { name: '开启两步验证' }).click()
    await page.getByRole('img', { name: '两步验证二维码' }).waitFor()
  })
})
