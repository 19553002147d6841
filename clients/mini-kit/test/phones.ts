// The fixture program in Chromium: one site and one browser for a file of tests, a context for each phone.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { buildMiniProgram, serve } from '@chaguan/mini-harness'

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']
export const browserPath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file && fs.existsSync(file))
/** Where pictures for looking at are kept, if anywhere. */
export const shots = process.env['KIT_SCREENSHOTS']
const home = path.join(import.meta.dirname, '..')

interface Harness {
  errors(): string[]
  setDataStats(): { calls: number; bytes: number; largest: number }
  resetSetDataStats(): void
  open(url: string): void
  back(): void
  reLaunch(url: string): void
  setTheme(theme: 'light' | 'dark'): void
  page(): {
    say(text: string): void
    wear(look: object): void
    asked(): Record<string, unknown>[]
    said(): string[]
    need(): string[]
    other(): void
    answers(): string[]
  }
}

declare global {
  interface Window {
    __harness: Harness
  }
}

export interface Phone {
  page: Page
  complaints: string[]
}

export interface Phones {
  open(route: string, query: string, shape?: { width?: number; dark?: boolean }): Promise<Phone>
  close(): Promise<void>
}

/** `root` is the folder of a program, `more` where other packages than the kit are. */
export async function startPhones(root = 'fixture', more: Record<string, string> = {}): Promise<Phones> {
  const outDir = fs.mkdtempSync(path.join(os.tmpdir(), 'mini-kit-'))
  const npm = {
    '@chaguan/mini-kit': path.join(home, 'miniprogram_dist'),
    '@chaguan/sdk': path.join(home, '../sdk/miniprogram_dist'),
    ...more,
  }
  await buildMiniProgram({ root: path.resolve(import.meta.dirname, root), outDir, npm })
  const site = await serve(outDir)
  const browser = await chromium.launch({ executablePath: browserPath!, args: FLAGS })
  return {
    async open(route, query, { width = 375, dark = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: 812 },
        deviceScaleFactor: 2,
        colorScheme: dark ? 'dark' : 'light',
      })
      // Whatever a program fetches from elsewhere, as TDesign its letters: a test has no network.
      await context.route(
        ({ hostname }) => hostname !== '127.0.0.1',
        (route) => route.abort(),
      )
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(`${site.url}?${new URLSearchParams({ page: `${route}?${query}` }).toString()}`)
      return { page, complaints }
    },
    async close() {
      await browser.close()
      await site.close()
      fs.rmSync(outDir, { recursive: true })
    },
  }
}

/** Until the messages stand where they stay. */
export async function untilShown(page: Page): Promise<void> {
  const list = page.locator('[role=log]')
  await list.waitFor()
  await expect.poll(() => list.evaluate((shown) => getComputedStyle(shown).opacity), { timeout: 10_000 }).toBe('1')
}

/** A long press on words, and the entry of the menu that it opens. */
export async function longPress(page: Page, words: string, entry: string): Promise<void> {
  const box = (await page.getByText(words, { exact: true }).first().boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.getByText(entry, { exact: true }).waitFor()
  await page.mouse.up()
  await page.getByText(entry, { exact: true }).click()
}

/** Goes back as the gesture does; answers whether the page stays for it. */
export const goBack = (page: Page) =>
  page.evaluate(() => {
    try {
      window.__harness.back()
      return 'stays'
    } catch {
      // There is no page behind the first one.
      return 'leaves'
    }
  })
