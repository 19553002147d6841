// The chat as a phone shows it: the built components in Chromium, with a client that has no server.
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, shots, startPhones, untilShown, type Phone, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones()), 60_000)
afterAll(() => phones.close())

async function open(query: string, dark = false): Promise<Phone> {
  const phone = await phones.open('pages/chat/index', query, { dark })
  await untilShown(phone.page)
  return phone
}

const rowCount = (page: Page) => page.locator('[role=article]').count()
const scroll = (page: Page) =>
  page.locator('[role=log]').evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({
    scrollTop,
    below: scrollHeight - scrollTop - clientHeight,
  }))

/**
 * Goes back to near the top and answers, in the same turn, before the list can have heard of it, which message stands
 * first on the screen and where.
 */
const goBack = (page: Page) =>
  page.locator('[role=log]').evaluate((list) => {
    list.scrollTop = 300
    const frame = list.getBoundingClientRect()
    const found = [...list.querySelectorAll('[role=article]')].find(
      (row) => row.getBoundingClientRect().top >= frame.top,
    )
    return { label: found?.getAttribute('aria-label') ?? '', top: found?.getBoundingClientRect().top ?? 0 }
  })

const placeOf = (page: Page, label: string) =>
  page.locator(`[role=article][aria-label="${label}"]`).evaluate((row) => row.getBoundingClientRect().top)

describe.skipIf(!browserPath)('the chat on a phone', () => {
  test.each([
    ['zh-CN', false],
    ['en', true],
  ])('shows every kind of message without a complaint, %s', async (language, dark) => {
    const { page, complaints } = await open(`show=gallery&language=${language}`, dark)
    for (const text of ['2026 春茶报价单.pdf', '山间茶铺 · 翁家山店', '岩韵大红袍 · 8 克 × 10 泡'])
      expect(await page.getByText(text).count()).toBe(1)
    expect(await page.getByText(language === 'en' ? 'You took back a message' : '你撤回了一条消息').count()).toBe(1)
    expect(complaints).toEqual([])
    if (!shots) return
    await page.screenshot({ path: path.join(shots, `gallery-${language}-end.png`) })
    await page.locator('[role=log]').evaluate((list) => (list.scrollTop = 0))
    await page.screenshot({ path: path.join(shots, `gallery-${language}-top.png`) })
  })

  test('a conversation of 10,000 messages opens at its end with a few screens of rows', async () => {
    const { page } = await open('show=long')
    expect((await scroll(page)).below).toBeLessThan(2)
    expect(await rowCount(page)).toBeLessThanOrEqual(60)
    expect(await page.getByText('以下是新消息').count()).toBe(1)
    const { largest } = await page.evaluate(() => window.__harness.setDataStats())
    expect(largest).toBeLessThan(64 * 1024)
  })

  // Hosts without scroll anchoring exist: there the list itself must keep the place.
  test.each([['auto'], ['none']])(
    'going far back moves nothing that is read and lets go of what is far away, anchoring %s',
    async (anchor) => {
      const { page, complaints } = await open('show=long')
      await page.addStyleTag({ content: `[role=log] { overflow-anchor: ${anchor} !important }` })
      for (let i = 0; i < 12; i++) {
        const seen = await goBack(page)
        // A page came above, so that there is again more than a screen to go back.
        await expect.poll(async () => (await scroll(page)).scrollTop, { timeout: 5000 }).toBeGreaterThan(800)
        await expect.poll(async () => Math.abs((await placeOf(page, seen.label)) - seen.top)).toBeLessThan(2)
      }
      await expect.poll(() => rowCount(page)).toBeLessThanOrEqual(160)
      const { largest } = await page.evaluate(() => window.__harness.setDataStats())
      expect(largest).toBeLessThan(128 * 1024)
      expect(complaints).toEqual([])
    },
    30_000,
  )

  test('a message that comes while one reads back is counted and one tap leads to it', async () => {
    const { page } = await open('show=long')
    await page.locator('[role=log]').evaluate((list) => (list.scrollTop -= 500))
    await expect.poll(async () => (await scroll(page)).below).toBeGreaterThan(300)
    const { scrollTop } = await scroll(page)
    await page.evaluate(() => window.__harness.page().say('茶到了吗？'))
    await page.getByText('1 条新消息').waitFor()
    expect((await scroll(page)).scrollTop).toBe(scrollTop)
    await page.getByText('1 条新消息').click()
    await expect.poll(async () => (await scroll(page)).below).toBeLessThan(2)
    expect(await page.getByText('1 条新消息').count()).toBe(0)
  })

  test('what is typed and sent stands at the end, and the field is empty again', async () => {
    const { page } = await open('show=long')
    await page.locator('textarea').fill('两盒，谢谢')
    await page.keyboard.press('Enter')
    await page.getByText('两盒，谢谢').waitFor()
    expect(await page.locator('textarea').inputValue()).toBe('')
    await expect.poll(async () => (await scroll(page)).below).toBeLessThan(2)
  })

  test('with another user nothing of the one before stays on the screen', async () => {
    const { page, complaints } = await open('show=group&language=zh-CN')
    await page.locator('textarea').fill('只写了一半')
    await page.getByText('三个人，谢谢', { exact: true }).waitFor()
    await page.evaluate(() => window.__harness.page().other())
    await page.getByText('收到，谢谢', { exact: true }).waitFor()
    await untilShown(page)
    expect(await page.getByText('三个人，谢谢').count()).toBe(0)
    await expect.poll(() => page.locator('textarea').inputValue()).toBe('')
    expect(complaints).toEqual([])
  })

  test('nor in the list of conversations, where the other one’s stand at once', async () => {
    const { page, complaints } = await phones.open('pkg/list/index', 'language=zh-CN')
    await page.getByText(/您好，我是小梅/).waitFor()
    await page.getByRole('button', { name: '搜索聊天记录' }).click()
    await page.getByRole('search').waitFor()
    await page.evaluate(() => window.__harness.page().other())
    await page.getByText('昨天群里说的我转给您').waitFor()
    expect(await page.getByText(/您好，我是小梅/).count()).toBe(0)
    expect(await page.getByRole('search').count()).toBe(0)
    expect(complaints).toEqual([])
  })
})
