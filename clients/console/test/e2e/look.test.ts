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

describe.runIf(FOLDER)('screens', () => {
  for (const [locale, dark] of [
    ['zh-CN', false],
    ['en-GB', true],
  ] as const) {
    it(`in ${locale}, ${dark ? 'dark' : 'light'}`, async () => {
      const page = await signedIn(locale, dark)
      for (const [name, path, ready] of SCREENS)
        await shot(page, `${name}-${locale}`, path, ready).catch((error) =>
          console.log(name, String(error).slice(0, 200)),
        )
      await page.close()
    })
  }
})
