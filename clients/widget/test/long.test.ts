// @vitest-environment node
// Long conversations where lines have heights: nothing jumps, little stands in the page, and each step costs the same.
import fs from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../scripts/bundle.mjs'
import type {} from './fixture/long'

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']
const program = [process.env['CHAGUAN_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (file) => file && fs.existsSync(file),
)

describe.skipIf(!program)('a long conversation in a browser', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: program!, args: FLAGS })
    page = await browser.newPage({ viewport: { width: 900, height: 800 }, reducedMotion: 'reduce' })
    await page.addScriptTag({ content: new TextDecoder().decode(await bundle('test/fixture/long.ts')) })
  }, 60_000)
  afterAll(() => browser?.close())

  const through = (held: number, served: number, steps: number, by: number) =>
    page.evaluate((asked) => window.scroll_through(...asked), [held, served, steps, by] as const)
  const most = (values: number[]) => Math.max(...values)
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

  test('of 10,000 messages shows each where it was, upwards and downwards', async () => {
    for (const [steps, by] of [
      [40, 400],
      [10, 3_000],
    ] as const) {
      const seen = await through(10_000, 0, steps, by)
      expect(most(seen.map(({ jumped }) => jumped))).toBeLessThan(1)
      expect(most(seen.map(({ nodes }) => nodes))).toBeLessThan(3_000)
    }
  })

  test('keeps its place while older pages come from the server', async () => {
    const seen = await through(40, 2_000, 40, 300)
    expect(most(seen.map(({ jumped }) => jumped))).toBeLessThan(1)
  })

  test('costs a step no more than a short one does', async () => {
    // In turns, since the machine has other things to do.
    const long: number[] = []
    const short: number[] = []
    for (let i = 0; i < 2; i++) {
      long.push(...(await through(10_000, 0, 8, 400)).map(({ ms }) => ms))
      short.push(...(await through(300, 0, 8, 400)).map(({ ms }) => ms))
    }
    expect(median(long)).toBeLessThan(4 * median(short) + 4)
  })
})
