/** No screen has a serious fault of accessibility, in either theme and language. */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMAIL, PASSWORD } from './admin.ts'
import { launch } from './chromium.ts'
import { MockServer } from './mock-server.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
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

interface Fault {
  id: string
  impact: string
  nodes: { html: string; failureSummary: string }[]
}

async function faults(page: Page): Promise<string[]> {
  // The page's own policy forbids foreign scripts; the debugger's door does not.
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: unknown[] }> } }
    return (await axe.run()).violations
  })
  return (found as Fault[])
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map((node) => `${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`)
          .slice(0, 3)
          .join(' | ')}`,
    )
}

const SCREENS: [string, string][] = [
  ['/desk/s-c-gu', '.message'],
  ['/desk/s-c-ye', '.bar.amber'],
  ['/messages', '.note'],
  ['/messages/g-spring', '.message'],
  ['/search?q=龙井', 'mark'],
  ['/admin/staff', 'table'],
  ['/admin/shops', '.panel'],
  ['/admin/keys', 'table'],
  ['/admin/audit', 'table'],
  ['/admin/reports', '.note'],
  ['/me', '.panel'],
]

describe.each([
  ['zh-CN', 'light'],
  ['en-GB', 'dark'],
] as const)('in %s, %s', (locale, colorScheme) => {
  let page: Page

  beforeAll(async () => {
    page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      locale,
      colorScheme,
      reducedMotion: 'reduce',
    })
    page.setDefaultTimeout(15_000)
    await page.goto(`${url}/console/`)
  })
  afterAll(() => page.close())

  it('sign-in has no serious fault', async () => {
    await page.waitForSelector('input[name=email]')
    expect(await faults(page)).toEqual([])
    await page.fill('input[name=email]', EMAIL)
    await page.fill('input[name=password]', PASSWORD)
    await page.click('button[type=submit]')
    await page.waitForSelector('.rail')
  })

  it.each(SCREENS)('%s has no serious fault', async (path, ready) => {
    await page.goto(`${url}/console/#${path}`)
    await page.waitForSelector(ready)
    expect(await faults(page)).toEqual([])
  })

  it('the dialogs have no serious fault', async () => {
    await page.goto(`${url}/console/#/messages`)
    await page.waitForSelector('.list li')
    await page.locator('h1').first().click()
    await page.keyboard.press('?')
    await page.waitForSelector('[role=dialog] kbd')
    expect(await faults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.waitForSelector('[role=dialog] kbd', { state: 'hidden' })
    await page.keyboard.press('Control+k')
    await page.waitForSelector('#jump-list li')
    expect(await faults(page)).toEqual([])
  })
})
