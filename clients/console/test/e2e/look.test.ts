/** Screenshots for human eyes (`SHOTS=folder npm run e2e -- look`); without SHOTS nothing is written. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { EMAIL, PASSWORD } from './admin.ts'
import { launch } from './chromium.ts'
import { MockServer } from './mock-server.ts'

const FOLDER = process.env['SHOTS'] ?? ''
let browser: Browser
let server: MockServer
let url: string

beforeAll(async () => {
  browser = await launch()
  server = new MockServer()
  url = await server.listen()
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

async function signedIn(locale: string, dark: boolean, width = 1280, height = 800): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height }, locale, colorScheme: dark ? 'dark' : 'light' })
  page.on(
    'console',
    (message) => ['error', 'warning'].includes(message.type()) && console.log('console:', message.text()),
  )
  page.setDefaultTimeout(6_000)
  page.on('pageerror', (error) => console.log('pageerror:', error.message))
  await page.goto(`${url}/console/`)
  await page.fill('input[name=email]', EMAIL)
  await page.fill('input[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForSelector('.rail')
  return page
}

async function shot(page: Page, name: string, path: string, ready: string): Promise<void> {
  await page.goto(`${url}/console/#${path}`)
  await page.waitForSelector(ready)
  await page.mouse.move(640, 2)
  await page.waitForTimeout(400)
  await page.screenshot({ path: `${FOLDER}/${name}.png` })
}

const SCREENS: [string, string, string][] = [
  ['desk', '/desk/s-c-gu', '.message'],
  ['desk-waiting', '/desk/s-c-ye', '.message'],
  ['messages', '/messages/g-spring', '.message'],
  ['long', '/messages/g-long', '.message'],
  ['search', '/search?q=龙井', 'mark'],
  ['staff', '/admin/staff', 'table'],
  ['shops', '/admin/shops', '.panel'],
  ['keys', '/admin/keys', 'table'],
  ['audit', '/admin/audit', 'table'],
  ['me', '/me', '.panel'],
]

/** Things that open: what to press on which screen, and what then is there. */
const OPENED: [string, string, (page: Page) => Promise<unknown>, string][] = [
  ['shortcuts', '/desk', (page) => page.keyboard.press('?'), '[role=dialog] kbd'],
  ['jump', '/desk', (page) => page.keyboard.press('Control+k'), '#jump-list li'],
  ['card', '/desk/s-c-gu', (page) => page.locator('.bar .icon-button').nth(4).click(), '.preview'],
  ['emoji', '/messages/d-zhou', (page) => page.locator('.bar .icon-button').first().click(), '.picker .tabs'],
  ['group', '/messages/g-spring', (page) => page.locator('.head .icon-button').last().click(), '.info li'],
  ['people', '/messages', openGroup, '.person'],
  ['invite', '/admin/staff', (page) => page.locator('.page-head .el-button').click(), '.roles'],
  ['totp', '/me', (page) => page.locator('.panel .state .el-button').click(), '.set-up svg'],
  ['tools', '/messages/g-spring', (page) => page.locator('.bubble').last().hover(), '.tools'],
]

async function openGroup(page: Page): Promise<void> {
  await page.locator('.list header .icon-button').click()
  await page.getByRole('menuitem').last().click()
}

describe.runIf(FOLDER)('screens', () => {
  for (const [locale, dark] of [
    ['zh-CN', false],
    ['en-GB', true],
  ] as const) {
    it(`in ${locale}, ${dark ? 'dark' : 'light'}`, async () => {
      const gate = await browser.newPage({
        viewport: { width: 1280, height: 800 },
        locale,
        colorScheme: dark ? 'dark' : 'light',
      })
      await gate.goto(`${url}/console/`)
      await gate.waitForSelector('input[name=email]')
      await gate.screenshot({ path: `${FOLDER}/sign-in-${locale}.png` })
      await gate.close()
      const page = await signedIn(locale, dark)
      for (const [name, path, ready] of SCREENS) await shot(page, `${name}-${locale}`, path, ready)
      for (const [name, path, act, ready] of OPENED) {
        await page.goto(`${url}/console/#${path}`)
        await page.reload()
        await page.waitForSelector('.rail')
        await page.waitForTimeout(600)
        await act(page)
        await page.waitForSelector(ready)
        await page.waitForTimeout(400)
        await page.screenshot({ path: `${FOLDER}/${name}-${locale}.png` })
      }
      await page.setViewportSize({ width: 768, height: 1024 })
      await shot(page, `tablet-desk-${locale}`, '/desk/s-c-gu', '.message')
      await shot(page, `tablet-messages-${locale}`, '/messages/g-spring', '.message')
      await shot(page, `tablet-staff-${locale}`, '/admin/staff', 'table')
      await page.close()
    })
  }
})
