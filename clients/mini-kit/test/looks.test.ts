// The looks as a phone shows them: nothing cut, nothing that flows over, nothing too faint, targets that can be hit.
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { colours, THEMES, SCHEMES, SIZES } from './tokens'
import { browserPath, longPress, shots, startPhones, untilShown, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones()), 60_000)
afterAll(() => phones.close())

const LOOKS = THEMES.flatMap((theme) => SCHEMES.flatMap((scheme) => SIZES.map((size) => ({ theme, scheme, size }))))
const PLACES = [
  [320, 'zh-CN'],
  [320, 'en'],
  [390, 'zh-CN'],
  [430, 'en'],
] as const

type Look = (typeof LOOKS)[number]

/** Puts a look on and waits until it is drawn; what moves or fades is stopped, or it would be measured half way. */
async function wear(page: Page, look: Look): Promise<void> {
  await page.evaluate((worn) => window.__harness.page().wear(worn), look)
  const classes = look.theme === 'tea' ? '' : `cg-${look.theme}`
  await page.waitForFunction(
    ([theme, size]) => {
      const root = document.querySelector('[class*="cg-root"]')
      return (
        !!root &&
        (!theme || root.className.includes(theme)) &&
        root.className.includes('cg-large') === (size === 'large')
      )
    },
    [classes, look.size] as const,
  )
}

/** Words that are cut or stand outside of what holds them, and boxes wider than the phone. */
const overflows = (page: Page) =>
  page.evaluate(() => {
    const found: string[] = []
    const screen = document.querySelector('.mp-screen')!.getBoundingClientRect()
    for (const box of document.querySelectorAll<HTMLElement>('[class*="--"]')) {
      const { overflowX, textOverflow, display } = getComputedStyle(box)
      const shape = box.getBoundingClientRect()
      // Words for screen readers alone stand in a pixel.
      if (shape.width <= 1 || display === 'none') continue
      const words = box.textContent?.trim().slice(0, 20)
      // How wide an emoji is drawn is its font's business.
      if (words && /^\p{Extended_Pictographic}+$/u.test(words)) continue
      const clamped = textOverflow === 'ellipsis' || getComputedStyle(box).webkitLineClamp !== 'none'
      const art = box.closest('[aria-hidden=true]')
      if (!art && (shape.right > screen.right + 1 || shape.left < screen.left - 1))
        found.push(`${box.className} leaves the screen: ${words}`)
      if (!art && overflowX !== 'visible' && overflowX !== 'auto' && !clamped && box.scrollWidth > box.clientWidth + 1)
        found.push(`${box.className} cuts: ${words}`)
      if (
        box.tagName !== 'WX-TEXT' &&
        box.childElementCount === 0 &&
        words &&
        !clamped &&
        display !== 'inline' &&
        box.scrollWidth > Math.ceil(shape.width) + 1
      )
        found.push(`${box.className} is too narrow for: ${words}`)
    }
    return found
  })

/** Pairs of text and ground below the contrast asked for, as drawn. */
const faint = (page: Page, least: number) =>
  page.evaluate((asked) => {
    type Colour = [number, number, number, number]
    const parse = (text: string): Colour => {
      const parts = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]
      return [parts[0]!, parts[1]!, parts[2]!, parts[3] ?? 1]
    }
    const over = (top: Colour, ground: Colour): Colour => {
      const mix = (i: number) => top[i]! * top[3] + ground[i]! * (1 - top[3])
      return [mix(0), mix(1), mix(2), 1]
    }
    const light = (colour: Colour) => {
      const part = (i: number) => {
        const value = colour[i]! / 255
        return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      }
      return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    }
    const groundOf = (node: Element): Colour => {
      const layers: Colour[] = []
      for (let at: Element | null = node; at; at = at.parentElement)
        layers.push(parse(getComputedStyle(at).backgroundColor))
      return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255, 1])
    }
    const found: string[] = []
    const walker = document.createTreeWalker(document.querySelector('.mp-page')!, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const holder = node.parentElement!
      const said = node.textContent!.trim()
      if (
        !said ||
        holder.closest('.mp-nav') ||
        !holder.getClientRects().length ||
        getComputedStyle(holder).opacity === '0'
      )
        continue
      const style = getComputedStyle(holder)
      const ground = groundOf(holder)
      const [a, b] = [light(over(parse(style.color), ground)), light(ground)].sort((x, y) => y - x)
      const ratio = (a! + 0.05) / (b! + 0.05)
      // Initials in a picture and what is emphasized are large text.
      const isLarge =
        parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 500)
      const wanted = isLarge || holder.closest('[aria-hidden=true]') ? Math.min(asked, 4.5) : asked
      if (ratio < wanted) found.push(`${said.slice(0, 20)}: ${ratio.toFixed(2)} < ${wanted}`)
    }
    return found
  }, least)

/** What is tapped and is smaller than a finger. */
const small = (page: Page, least: number) =>
  page.evaluate((asked) => {
    const all = [...document.querySelectorAll<HTMLElement>('.mp-viewport [role=button], .mp-viewport wx-textarea')]
    return all
      .map((target) => ({ target, shape: target.getBoundingClientRect() }))
      .filter(({ shape }) => shape.width > 0 && (shape.width < asked - 0.5 || shape.height < asked - 0.5))
      .filter(
        ({ target }) =>
          target.tagName !== 'WX-TEXTAREA' || target.parentElement!.getBoundingClientRect().height < asked,
      )
      .map(({ target, shape }) => `${target.className}: ${Math.round(shape.width)} × ${Math.round(shape.height)}`)
  }, least)

async function inspect(page: Page, look: Look, name: string): Promise<string[]> {
  await wear(page, look)
  const large = look.size === 'large'
  const complaints = [
    ...(await overflows(page)),
    ...(await faint(page, large ? 7 : 4.5)),
    ...(large ? await small(page, 48) : []),
  ]
  await shoot(page, `${name}-${look.theme}-${look.scheme}-${look.size}`)
  return complaints.map((complaint) => `${look.theme} ${look.scheme} ${look.size} ${complaint}`)
}

async function shoot(page: Page, name: string): Promise<void> {
  if (!shots) return
  const list = page.locator('[role=log]')
  const hasList = (await list.count()) > 0
  if (hasList) await list.evaluate((log) => (log.scrollTop = 0))
  await page.screenshot({ path: path.join(shots, `${name}-top.png`) })
  if (!hasList) return
  await list.evaluate((log) => (log.scrollTop = 1e6))
  await page.screenshot({ path: path.join(shots, `${name}.png`) })
}

/** What moves or fades would be measured half way. */
const hold = (page: Page) =>
  page.addStyleTag({ content: '* { animation: none !important; transition: none !important }' })

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
