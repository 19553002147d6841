// TDesign and the kit on one page: each stands and looks as it does alone, to the last computed style.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tdesignHome, writeProgram, type Parts } from './beside'
import { browserPath, shots, startPhones, untilShown, type Phone, type Phones } from './phones'

const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'beside-'))
const PROGRAMS: readonly Parts[] = ['tdesign', 'kit', 'both']
const programs = new Map<Parts, Phones>()

beforeAll(async () => {
  for (const parts of PROGRAMS) {
    writeProgram(path.join(stage, parts), parts)
    programs.set(parts, await startPhones(path.join(stage, parts), { 'tdesign-miniprogram': tdesignHome }))
  }
}, 120_000)

afterAll(async () => {
  for (const phones of programs.values()) await phones.close()
  fs.rmSync(stage, { recursive: true })
})

/** What moves or fades would be measured half way; a caret is now there and now not. */
const STILL = '* { animation: none !important; transition: none !important; caret-color: transparent !important }'
/** TDesign asks its publisher for its symbols, in vain. */
const isFont = (text: string) => /tdesign\.gtimg\.com|ERR_FAILED|Failed to load resource|OTS parsing/.test(text)

async function open(parts: Parts, dark: boolean): Promise<Phone> {
  const phone = await programs.get(parts)!.open('pages/order/index', '', { dark })
  await phone.page.addStyleTag({ content: STILL })
  if (parts !== 'tdesign') await untilShown(phone.page)
  if (parts !== 'kit') await phone.page.getByText('去付款').waitFor()
  return phone
}

/** How light TDesign's own words are, from 0 to 255. */
const lightness = (page: Page): Promise<number> =>
  page.getByText('开发票', { exact: true }).evaluate((words) => {
    const channels = getComputedStyle(words).color.match(/\d+/g)!.slice(0, 3).map(Number)
    return Math.min(...channels)
  })

interface Styled {
  name: string
  style: Record<string, string>
}

/** Every element of a part in order: its place, and all that is computed for it and for what stands before and after. */
const stylesOf = (page: Page, part: string): Promise<Styled[]> =>
  page.evaluate((selector) => {
    const root = document.querySelector(selector)!
    return [root, ...root.querySelectorAll('*')].flatMap((element) =>
      ['', '::before', '::after'].flatMap((pseudo) => {
        const style = getComputedStyle(element, pseudo || null)
        if (pseudo && style.content === 'none') return []
        // Variables of TDesign's theme reach the whole page; what would be made of them is among the rest.
        const names = Array.from(style).filter((name) => !name.startsWith('--td-'))
        const values = names.map((name): [string, string] => [name, style.getPropertyValue(name)])
        const { x, y, width, height } = element.getBoundingClientRect()
        const place = [x, y, width, height].map((side) => side.toFixed(2)).join(' ')
        return [
          { name: `${element.tagName.toLowerCase()}${pseudo}`, style: { ...Object.fromEntries(values), '@': place } },
        ]
      }),
    )
  }, part)

function differences(alone: Styled[], beside: Styled[]): string[] {
  if (alone.length !== beside.length) return [`${alone.length} elements alone, ${beside.length} beside`]
  return alone.flatMap(({ name, style }, i) => {
    const other = beside[i]!
    const names = Object.keys({ ...style, ...other.style }).filter((key) => style[key] !== other.style[key])
    const told = names.map((key) => `${name} ${key}: ${style[key] ?? ''} | ${other.style[key] ?? ''}`)
    return other.name === name ? told : [`${name} | ${other.name}`, ...told]
  })
}

async function picture(page: Page, part: string): Promise<string> {
  const clip = await page.locator(part).evaluate((element) => {
    const { x, y, width, height } = element.getBoundingClientRect()
    return { x, y, width, height }
  })
  return (await page.screenshot({ clip })).toString('base64')
}

/**
 * Spots of two pixels of the layout that have nothing like them there, or beside it, in the other picture. The edges of
 * letters differ by which other layers the browser has to draw, even where every style and every place is the same.
 */
const unlike = (page: Page, pictures: [string, string]): Promise<number> =>
  page.evaluate(async (encoded) => {
    const [a, b] = await Promise.all(
      encoded.map(async (text) => {
        const image = new Image()
        image.src = `data:image/png;base64,${text}`
        await image.decode()
        const [width, height] = [image.width >> 2, image.height >> 2]
        const context = new OffscreenCanvas(width, height).getContext('2d')!
        context.imageSmoothingQuality = 'high'
        context.drawImage(image, 0, 0, width, height)
        return context.getImageData(0, 0, width, height)
      }),
    )
    const { width, height, data } = a!
    const other = b!.data
    if (b!.width !== width || b!.height !== height) return width * height
    const isLike = (at: number, place: number) =>
      [0, 1, 2].every((channel) => Math.abs(data[at + channel]! - (other[place + channel] ?? 1_000)) <= 64)
    const around = [-1, 0, 1].flatMap((row) => [-1, 0, 1].map((column) => 4 * (row * width + column)))
    let count = 0
    for (let at = 0; at < data.length; at += 4) if (!around.some((step) => isLike(at, at + step))) count++
    return count
  }, pictures)

const complaintsOf = (phone: Phone) => new Set(phone.complaints.filter((text) => !isFont(text)))

describe.skipIf(!browserPath)('TDesign and the kit on one page', () => {
  test.each([
    ['tdesign', false],
    ['tdesign', true],
    ['kit', false],
    ['kit', true],
  ] as const)(
    '%s is the same beside the other as alone, dark %s',
    async (parts, dark) => {
      const part = `.${parts}`
      const [alone, beside] = [await open(parts, dark), await open('both', dark)]
      // In its dark theme, or there would be nothing of it to disturb.
      if (parts === 'tdesign') for (const { page } of [alone, beside]) expect((await lightness(page)) > 150).toBe(dark)
      const styles = await stylesOf(alone.page, part)
      expect(styles.length).toBeGreaterThan(40)
      expect(differences(styles, await stylesOf(beside.page, part))).toEqual([])
      const pictures: [string, string] = [await picture(alone.page, part), await picture(beside.page, part)]
      expect(await unlike(alone.page, pictures)).toBeLessThan(3)
      // TDesign alone has its own complaints here; together there is none more.
      const usual = complaintsOf(parts === 'tdesign' ? alone : await open('tdesign', dark))
      expect([...complaintsOf(beside)].filter((text) => !usual.has(text))).toEqual([])
      if (shots) await beside.page.screenshot({ path: path.join(shots, `beside-${dark ? 'dark' : 'light'}.png`) })
      for (const { page } of [alone, beside]) await page.context().close()
    },
    60_000,
  )

  test("TDesign's dialog lies over the kit in the dark, looks as it does alone, and lets go again", async () => {
    const phones = [await open('tdesign', true), await open('both', true)]
    for (const { page } of phones) {
      await page.getByText('去付款').click()
      await page.getByText('共 ¥336').waitFor()
    }
    // The button that was tapped looks so for a moment.
    const styles = () => Promise.all(phones.map(({ page }) => stylesOf(page, '.tdesign')))
    await expect
      .poll(async () => differences(...((await styles()) as [Styled[], Styled[]])), { timeout: 15_000 })
      .toEqual([])
    const { page } = phones[1]!
    if (shots) await page.screenshot({ path: path.join(shots, 'beside-dialog.png') })
    const isOver = await page.locator('.kit').evaluate((part) => {
      const { x, y, height } = part.getBoundingClientRect()
      return [0.05, 0.3, 0.6, 0.95].every((at) => !part.contains(document.elementFromPoint(x + 10, y + height * at)))
    })
    expect(isOver).toBe(true)
    await page.getByText('再想想').click()
    await page.getByText('共 ¥336').waitFor({ state: 'hidden' })
    await page.locator('textarea').last().fill('两盒，谢谢')
    await page.keyboard.press('Enter')
    await page.getByText('两盒，谢谢').first().waitFor()
    for (const phone of phones) await phone.page.context().close()
  }, 60_000)

  test('a style that reached the other would be seen', async () => {
    const [alone, beside] = [await open('kit', false), await open('both', false)]
    await beside.page.addStyleTag({ content: 'wx-text { letter-spacing: 2px }' })
    const found = differences(await stylesOf(alone.page, '.kit'), await stylesOf(beside.page, '.kit'))
    expect(found.some((text) => text.includes('letter-spacing: normal | 2px'))).toBe(true)
    const pictures: [string, string] = [await picture(alone.page, '.kit'), await picture(beside.page, '.kit')]
    expect(await unlike(alone.page, pictures)).toBeGreaterThan(30)
    for (const { page } of [alone, beside]) await page.context().close()
  }, 60_000)
})
