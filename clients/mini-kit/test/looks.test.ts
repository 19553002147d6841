// The looks as a phone shows them: nothing cut, nothing that flows over, nothing too faint, targets that can be hit.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { colours } from './tokens'
import { hold, inspect, LOOKS, wear } from './looking'
import { browserPath, longPress, startPhones, untilShown, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones()), 60_000)
afterAll(() => phones.close())

const PLACES = [
  [320, 'zh-CN'],
  [320, 'en'],
  [390, 'zh-CN'],
  [430, 'en'],
] as const

describe.skipIf(!browserPath)('every look', () => {
  test.each(PLACES)(
    'holds the chat on a phone of %i px, %s',
    async (width, language) => {
      const { page, complaints } = await phones.open('pages/chat/index', `language=${language}`, { width })
      await untilShown(page)
      await hold(page)
      const found: string[] = []
      for (const look of LOOKS) found.push(...(await inspect(page, look, `chat-${width}-${language}`)))
      expect(found).toEqual([])
      expect(complaints).toEqual([])
      await page.context().close()
    },
    60_000,
  )

  test.each(PLACES.filter(([width]) => width === 320))(
    'holds what opens under the input on a phone of %i px, %s',
    async (width, language) => {
      const { page } = await phones.open('pages/chat/index', `language=${language}&show=card`, { width })
      await untilShown(page)
      await hold(page)
      const found: string[] = []
      const words = language === 'en' ? ['Emoji', 'More', 'Voice input'] : ['表情', '更多功能', '语音输入']
      for (const [i, word] of words.entries()) {
        await page.getByRole('button', { name: word, exact: true }).click()
        for (const look of LOOKS.filter(({ theme }) => theme === 'clay'))
          found.push(...(await inspect(page, look, `panel${i}-${width}-${language}`)))
      }
      expect(found).toEqual([])
      await page.context().close()
    },
    60_000,
  )

  test.each(PLACES.filter(([width]) => width === 320))(
    'holds selecting, the sheet of forwarding and a bundle on a phone of %i px, %s',
    async (width, language) => {
      const { page, complaints } = await phones.open('pages/chat/index', `language=${language}&show=bundles`, { width })
      const en = language === 'en'
      await untilShown(page)
      await hold(page)
      const found: string[] = []
      const look = async (name: string) => {
        for (const each of LOOKS) found.push(...(await inspect(page, each, `${name}-${width}-${language}`)))
      }
      await longPress(page, '昨天群里说的我转给您', en ? 'Select' : '多选')
      await page.getByRole('checkbox').nth(1).click()
      await page.getByText(en ? '2 selected' : '已选 2 条').waitFor()
      await look('selecting')
      await page.getByRole('button', { name: en ? 'Forward' : '转发', exact: true }).click()
      await page.getByText(en ? 'Forward as one' : '合并转发', { exact: true }).click()
      const sheet = page.getByRole('dialog')
      await sheet.waitFor()
      await look('sheet')
      await sheet.getByRole('button').nth(1).click()
      await page.getByRole('alertdialog').waitFor()
      await look('asked')
      await page.getByRole('alertdialog').getByRole('button').first().click()
      await sheet.getByRole('button', { name: en ? 'Close' : '关闭', exact: true }).click()
      await page.getByRole('button', { name: en ? 'Cancel' : '取消', exact: true }).click()
      await page.getByText(en ? 'Group chat history' : '群聊的聊天记录', { exact: true }).click()
      await page.getByText('2026 春茶报价单.pdf').waitFor()
      await look('bundle')
      expect(found).toEqual([])
      expect(complaints).toEqual([])
      await page.context().close()
    },
    120_000,
  )

  test.each(PLACES)(
    'holds the conversation list on a phone of %i px, %s',
    async (width, language) => {
      const { page, complaints } = await phones.open('pkg/list/index', `language=${language}`, { width })
      await page.getByRole('listitem').first().waitFor()
      const found: string[] = []
      for (const look of LOOKS) found.push(...(await inspect(page, look, `list-${width}-${language}`)))
      expect(found).toEqual([])
      expect(complaints).toEqual([])
      await page.context().close()
    },
    60_000,
  )
})

const rootColour = (page: Page, name: string) =>
  page.evaluate(
    (token) => getComputedStyle(document.querySelector('[class*="cg-root"]')!).getPropertyValue(`--k-${token}`).trim(),
    name,
  )
const put = (page: Page, look: object) => page.evaluate((worn) => window.__harness.page().wear(worn), look)

describe.skipIf(!browserPath)('the look', () => {
  test('follows the phone between light and dark, unless one of them was asked for', async () => {
    const { page } = await phones.open('pages/chat/index', '')
    await untilShown(page)
    expect(await rootColour(page, 'bg')).toBe(colours('tea', 'light', 'normal')['bg'])
    await page.evaluate(() => window.__harness.setTheme('dark'))
    await expect.poll(() => rootColour(page, 'bg')).toBe(colours('tea', 'dark', 'normal')['bg'])
    await put(page, { scheme: 'light' })
    await expect.poll(() => rootColour(page, 'bg')).toBe(colours('tea', 'light', 'normal')['bg'])
  })

  test('leaves the last word to the variables of the page, in every theme', async () => {
    const { page } = await phones.open('pages/chat/index', '')
    await untilShown(page)
    await page.addStyleTag({ content: 'wx-page { --cg-mine: #123456; --cg-radius: 3px; --cg-font-size: 17px }' })
    for (const look of LOOKS) {
      await wear(page, look)
      expect(await rootColour(page, 'mine')).toBe('#123456')
      expect(await rootColour(page, 'radius')).toBe('3px')
      expect(await rootColour(page, 'font-size')).toBe('17px')
    }
  })

  test('takes shapes other than the theme has, and gives them back', async () => {
    const { page } = await phones.open('pages/chat/index', 'theme=ink&avatar=round&bubble=round')
    await untilShown(page)
    expect(await rootColour(page, 'avatar-radius')).toBe('50%')
    expect(await rootColour(page, 'radius')).toBe('20px')
    await put(page, { theme: 'ink' })
    await expect.poll(() => rootColour(page, 'avatar-radius')).toBe('3px')
    expect(await rootColour(page, 'radius')).toBe('6px')
  })

  test('of larger text keeps the end of the conversation in view', async () => {
    const { page } = await phones.open('pages/chat/index', 'show=long')
    await untilShown(page)
    await put(page, { size: 'large' })
    await expect.poll(() => rootColour(page, 'font-size')).toBe('20px')
    const below = () =>
      page
        .locator('[role=log]')
        .evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)
    await expect.poll(below).toBeLessThan(2)
  })
})

describe.skipIf(!browserPath)('what an app puts in itself, from a sub-package', () => {
  test('its bubble draws what it knows and leaves the rest to the kit', async () => {
    const { page, complaints } = await phones.open('pkg/own/index', '')
    await untilShown(page)
    await page.getByText('优惠券 ¥20').waitFor()
    expect(await page.getByText('[优惠券]').count()).toBe(0)
    await page.getByText('谢谢').waitFor()
    expect(complaints).toEqual([])
  })

  test('its slots stand above the messages, above the input and where nothing is', async () => {
    const { page } = await phones.open('pkg/own/index', 'show=none')
    await page.getByText('还没有人说话').waitFor()
    const top = async (text: string) => (await page.getByText(text).boundingBox())!.y
    const field = (await page.locator('textarea').boundingBox())!.y
    expect(await top('周年庆')).toBeLessThan(await top('还没有人说话'))
    expect(await top('还没有人说话')).toBeLessThan(await top('常见问题'))
    expect(await top('常见问题')).toBeLessThan(field)
    expect(await page.getByText('打个招呼吧').count()).toBe(0)
  })

  test('its classes reach the frame, the bar and the field', async () => {
    const { page } = await phones.open('pkg/own/index', '')
    await untilShown(page)
    const border = (side: string, colour: string) =>
      page.evaluate(
        ([edge, wanted]) =>
          [...document.querySelectorAll('.mp-viewport *')].some((node) => {
            const style = getComputedStyle(node)
            return (
              style.getPropertyValue(`border-${edge}-color`) === wanted &&
              style.getPropertyValue(`border-${edge}-style`) === 'solid'
            )
          }),
        [side, colour] as const,
      )
    expect(await border('top', 'rgb(170, 17, 34)')).toBe(true)
    expect(await border('bottom', 'rgb(34, 170, 17)')).toBe(true)
    expect(await border('left', 'rgb(17, 34, 170)')).toBe(true)
  })

  test('its words stand where there is no conversation', async () => {
    const { page } = await phones.open('pkg/list/index', 'show=none')
    await page.getByText('这里还没有人').waitFor()
    await page.getByText('搜索').waitFor()
    expect(await page.getByText('还没有会话').count()).toBe(0)
  })
})
