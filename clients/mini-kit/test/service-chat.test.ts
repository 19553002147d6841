// The chat with the shop from nothing to a conversation, in Chromium: no client yet, no network, then both.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildMiniProgram, serve, type HarnessServer } from '@chaguan/mini-harness'

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']
const browserPath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (file) => file && fs.existsSync(file),
)
const shots = process.env['KIT_SCREENSHOTS']
const home = path.join(import.meta.dirname, '..')
const outDir = fs.mkdtempSync(path.join(os.tmpdir(), 'service-chat-'))

let browser: Browser
let site: HarnessServer

beforeAll(async () => {
  const built = path.join(home, 'miniprogram_dist')
  const npm = { '@chaguan/mini-kit': built, '@chaguan/sdk': path.join(home, '../sdk/miniprogram_dist') }
  await buildMiniProgram({ root: path.join(import.meta.dirname, 'fixture-service'), outDir, npm })
  site = await serve(outDir)
  browser = await chromium.launch({ executablePath: browserPath!, args: FLAGS })
}, 60_000)

afterAll(async () => {
  await browser.close()
  await site.close()
  fs.rmSync(outDir, { recursive: true })
})

interface Told {
  ready: string
  asked: { context: unknown }[]
}

const call = <T>(page: Page, name: 'begin' | 'told') =>
  page.evaluate((method) => {
    const harness = (window as unknown as { __harness: { page(): Record<string, () => unknown> } }).__harness
    return harness.page()[method]!() as never
  }, name) as Promise<T>

const WORDS = {
  'zh-CN': { connecting: '正在连接…', failed: '加载失败，点此重试' },
  en: { connecting: 'Connecting…', failed: 'Could not load. Tap to retry' },
}

test.skipIf(!browserPath).each(['zh-CN', 'en'] as const)(
  '%s: it waits, says what failed, and opens on the next tap',
  async (language) => {
    const page = await browser.newPage({ viewport: { width: 375, height: 812 }, deviceScaleFactor: 2 })
    await page.goto(
      `${site.url}?${new URLSearchParams({ page: `pages/service/index?language=${language}` }).toString()}`,
    )
    const { connecting, failed } = WORDS[language]
    await page.getByRole('status').filter({ hasText: connecting }).waitFor()

    await call(page, 'begin')
    const again = page.getByRole('button', { name: failed })
    await again.waitFor()
    if (shots) await page.screenshot({ path: path.join(shots, `service-failed-${language}.png`) })
    expect(await call<Told>(page, 'told')).toEqual({ ready: '', asked: [] })

    await again.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('log').waitFor()
    expect(await call<Told>(page, 'told')).toEqual({
      ready: 'c1',
      asked: [{ context: { page: '/pages/product/index?id=7' } }],
    })
    if (shots) await page.screenshot({ path: path.join(shots, `service-open-${language}.png`) })
    await page.close()
  },
)
