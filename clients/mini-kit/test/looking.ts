// What can be measured of a look on a phone: words that are cut, too faint, targets that are too small.
import path from 'node:path'
import type { Page } from 'playwright-core'
import { SCHEMES, SIZES, THEMES } from './tokens'
import { shots } from './phones'

export const LOOKS = THEMES.flatMap((theme) =>
  SCHEMES.flatMap((scheme) => SIZES.map((size) => ({ theme, scheme, size }))),
)
export type Look = (typeof LOOKS)[number]

/** Puts a look on and waits until it is drawn; what moves or fades is stopped, or it would be measured half way. */
export async function wear(page: Page, look: Look): Promise<void> {
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
      if (words && /^[\p{Extended_Pictographic}\ufe0f]+$/u.test(words)) continue
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

export async function inspect(page: Page, look: Look, name: string): Promise<string[]> {
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
export const hold = (page: Page) =>
  page.addStyleTag({ content: '* { animation: none !important; transition: none !important }' })
