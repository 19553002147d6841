// Talking as a phone shows it: mentions, search, voices, recalls and consent, in every look.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hold, inspect, LOOKS } from './looking'
import { browserPath, goBack, startPhones, untilShown, type Phone, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones()), 60_000)
afterAll(() => phones.close())

async function open(query: string, width = 375): Promise<Phone> {
  const phone = await phones.open('pages/chat/index', query, { width })
  await untilShown(phone.page)
  return phone
}

const words = {
  'zh-CN': {
    more: '更多功能',
    search: '搜索',
    hint: '搜索聊天记录',
    pick: '选择提醒的人',
    agree: '同意',
    back: '撤回',
  },
  en: {
    more: 'More',
    search: 'Search',
    hint: 'Search messages',
    pick: 'Mention someone',
    agree: 'Accept',
    back: 'Take back',
  },
}
type Language = keyof typeof words

/** What opens over the chat, each by a way a person takes. */
const WAYS: Record<string, (page: Page, language: Language, query?: string) => Promise<void>> = {
  async picker(page, language) {
    await page.locator('textarea').pressSequentially('@')
    await page.getByRole('dialog', { name: words[language].pick }).waitFor()
    await page.getByText('林间一壶').waitFor()
  },
  async search(page, language, query = '茶') {
    await page.getByRole('button', { name: words[language].more, exact: true }).click()
    await page.getByRole('button', { name: words[language].search, exact: true }).click()
    await page.getByLabel(words[language].hint).locator('input').fill(query)
    await page.getByRole('listitem').first().waitFor()
  },
  async consent(page, language) {
    await page.evaluate(() => window.__harness.page().need())
    await page.getByText(words[language].agree, { exact: true }).waitFor()
  },
  async unread(page) {
    await page.getByText(/99\+ 条新消息|99\+ new/).waitFor()
  },
  async voices(page) {
    await page
      .getByRole('button', { name: /语音，|Voice message/ })
      .first()
      .click()
    await page.getByText(/正在用扬声器播放|Playing on the speaker/).waitFor()
  },
}

/** What is shown behind it. */
const behind = (way: string) => (way === 'unread' ? 'away' : 'group')

describe.skipIf(!browserPath)('talking, in every look', () => {
  for (const [way, show] of Object.entries(WAYS)) {
    test.each([
      [320, 'zh-CN'],
      [320, 'en'],
      [390, 'zh-CN'],
    ] as const)(
      `holds the ${way} on a phone of %i px, %s`,
      async (width, language) => {
        const { page, complaints } = await open(`show=${behind(way)}&seconds=40&language=${language}`, width)
        await hold(page)
        await show(page, language)
        const found: string[] = []
        for (const look of LOOKS) found.push(...(await inspect(page, look, `${way}-${width}-${language}`)))
        expect(found).toEqual([])
        expect(complaints).toEqual([])
        await page.context().close()
      },
      60_000,
    )
  }
})

describe.skipIf(!browserPath)('talking on a phone', () => {
  test('an @ leads to a name, which goes away as a whole and goes out as an id', async () => {
    const { page, complaints } = await open('show=group')
    const field = page.locator('textarea')
    await WAYS['picker']!(page, 'zh-CN')
    await page.getByText('林间一壶').click()
    await expect.poll(() => field.inputValue()).toBe('@林间一壶\u2005')
    await expect.poll(() => field.evaluate((one) => document.activeElement === one)).toBe(true)
    await page.keyboard.press('Backspace')
    await expect.poll(() => field.inputValue()).toBe('')
    await WAYS['picker']!(page, 'zh-CN')
    await page.getByText('所有人', { exact: true }).click()
    await page.keyboard.type('开会')
    await page.keyboard.press('Enter')
    await page.getByText('开会').waitFor()
    expect(await page.evaluate(() => window.__harness.page().said())).toEqual(['send all'])
    expect(complaints).toEqual([])
  })

  test('what was found is shown where it stands, far back, and one tap leads to the end again', async () => {
    const { page, complaints } = await open('show=long')
    await WAYS['search']!(page, 'zh-CN', '2345 ')
    await page.getByRole('button', { name: /2345/ }).click()
    const line = page.locator('[role=article]').filter({ hasText: '2345 ' })
    await line.waitFor()
    const box = (await line.boundingBox())!
    expect(box.y).toBeGreaterThan(40)
    expect(box.y).toBeLessThan(740)
    await page.getByRole('button', { name: '回到最新' }).click()
    await page.getByText('10000 ').waitFor()
    expect(complaints).toEqual([])
  })

  test('a chat that is opened for a message begins there', async () => {
    const { page } = await open('show=long&seq=1234')
    const line = page.locator('[role=article]').filter({ hasText: '1234 ' })
    await expect.poll(async () => (await line.boundingBox())?.y ?? -1).toBeGreaterThan(40)
    expect((await line.boundingBox())!.y).toBeLessThan(740)
  })

  test('who was away for long is led to the first unread message with one tap', async () => {
    const { page, complaints } = await open('show=away')
    await page.getByText('99+ 条新消息').click()
    const line = page.locator('[role=article]').filter({ hasText: '9801 ' })
    await expect.poll(async () => (await line.boundingBox())?.y ?? -1).toBeGreaterThan(40)
    expect((await line.boundingBox())!.y).toBeLessThan(740)
    expect(await page.getByText('以下是新消息').isVisible()).toBe(true)
    expect(await page.getByText('99+ 条新消息').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('a search that fails says so', async () => {
    const { page } = await open('show=group')
    await WAYS['search']!(page, 'zh-CN')
    await page.getByLabel('搜索聊天记录').locator('input').fill('断网')
    await page.getByText('加载失败，点此重试').waitFor()
    await page.getByRole('button', { name: '取消' }).click()
    await expect.poll(() => page.getByLabel('搜索聊天记录').count()).toBe(0)
  })

  test('a recalled text is back in the field after one tap', async () => {
    const { page, complaints } = await open('show=group')
    await page.getByText('三个人，谢谢').click({ button: 'left', delay: 800 })
    await page.getByText('撤回', { exact: true }).click()
    await page.getByRole('button', { name: '重新编辑' }).click()
    await expect.poll(() => page.locator('textarea').inputValue()).toBe('三个人，谢谢')
    expect(complaints).toEqual([])
  })

  test('who hears one new voice note hears the next, and the dots go', async () => {
    const { page } = await open('show=group')
    const fresh = page.getByRole('button', { name: /未听/ })
    expect(await fresh.count()).toBe(2)
    await fresh.first().click()
    await expect.poll(() => fresh.count(), { timeout: 8000 }).toBe(0)
    await page.getByText('改用听筒').click()
    await page.getByText('正在用听筒播放').waitFor()
    await expect.poll(() => page.getByText('正在用听筒播放').count(), { timeout: 8000 }).toBe(0)
  })

  test('who agrees to the guideline lets the host go on', async () => {
    const { page } = await open('show=group')
    await WAYS['consent']!(page, 'zh-CN')
    await page.getByText('同意', { exact: true }).click()
    await expect
      .poll(() => page.evaluate(() => window.__harness.page().answers()))
      .toEqual(['exposureAuthorization', 'agree'])
    expect(await page.getByText('拒绝').count()).toBe(0)
  })

  test('going back closes the search and the picker, and refuses consent, on the page', async () => {
    const { page, complaints } = await open('show=group')
    for (const [way, gone] of [
      ['search', page.getByLabel('搜索聊天记录')],
      ['picker', page.getByRole('dialog', { name: '选择提醒的人' })],
      ['consent', page.getByText('拒绝')],
    ] as const) {
      await WAYS[way]!(page, 'zh-CN')
      expect(await goBack(page)).toBe('stays')
      await expect.poll(() => gone.count()).toBe(0)
    }
    expect(await page.evaluate(() => window.__harness.page().answers())).toEqual(['exposureAuthorization', 'disagree'])
    expect(await goBack(page)).toBe('leaves')
    expect(complaints).toEqual([])
  })
})
