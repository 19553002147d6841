// Speed with a boundary between two threads as the harness simulates it: what setData is given crosses as JSON and is
// counted. Work is compared within a run, never with a number of milliseconds.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, startPhones, untilShown, type Phone, type Phones } from './phones'
import { append, compare, type List } from './speed'
import { writeReport } from './speed-report'

const COUNT = 1_000

let phones: Phones
beforeAll(async () => void (phones = await startPhones('fixture-speed')), 60_000)
afterAll(() => phones.close())

async function open(list: List, count: number): Promise<Phone> {
  const phone = await phones.open('pages/start/index', `count=${count}`)
  await phone.page.getByText('首页').waitFor()
  await phone.page.evaluate((url) => window.__harness.open(url), `/pages/${list}/index`)
  await phone.page.locator(`[role=article][aria-label*="${count} "]`).last().waitFor()
  await untilShown(phone.page)
  return phone
}

/** Goes back and follows the first message on the screen, frame by frame, while older ones come above it. */
const goBack = (page: Page) =>
  page.locator('[role=log]').evaluate(async (list) => {
    const newest = () => list.querySelector('[role=article]')?.getAttribute('aria-label')
    const first = newest()
    list.scrollTop = 300
    const edge = list.getBoundingClientRect().top
    const rows = [...list.querySelectorAll('[role=article]')]
    const row = rows.find((one) => one.getBoundingClientRect().top >= edge)!
    const place = row.getBoundingClientRect().top
    const deviations: number[] = []
    for (let after = 0, frames = 0; after < 30 && frames < 900; frames++) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      deviations.push(Math.abs(row.getBoundingClientRect().top - place))
      if (newest() !== first) after++
    }
    return { hasGrown: newest() !== first, worst: Math.max(...deviations) }
  })

describe.skipIf(!browserPath)('a conversation of 1,000 messages', () => {
  test('opens with a tenth of the work of a list that is given all of its lines', async () => {
    const { kit, whole, sample, times } = await compare(phones, COUNT, 7)
    expect(times.whole.work).toBeGreaterThanOrEqual(10)
    expect(kit.bytes).toBeLessThan(whole.bytes / 10)
    // One for each of the 20 lines that stand there, for its face; the rest is the list's.
    expect(kit.calls).toBeLessThanOrEqual(35)
    // Lines of a letter and a text, which can't do what the kit's can, cost it less; and more than the kit's list.
    expect(times.sample.work).toBeGreaterThan(2)
    expect(kit.bytes).toBeLessThan(sample.bytes / 6)
  }, 240_000)

  test('one message more costs the same however many there are', async () => {
    const few = await append(await open('kit', 100))
    const many = await append(await open('kit', COUNT))
    expect(many.calls).toBe(few.calls)
    expect(many.calls).toBeLessThanOrEqual(3)
    expect(Math.abs(many.bytes - few.bytes)).toBeLessThan(20)
    expect(many.bytes).toBeLessThanOrEqual(700)
    const sample = await append(await open('sample', COUNT))
    expect(sample.bytes).toBeGreaterThan(300 * many.bytes)
  }, 60_000)

  test('older pages move nothing in any frame', async () => {
    const { page, complaints } = await open('kit', COUNT)
    for (let i = 0; i < 6; i++) expect(await goBack(page)).toMatchObject({ hasGrown: true, worst: 0 })
    expect(complaints).toEqual([])
  }, 60_000)
})

describe.skipIf(!browserPath || !process.env['KIT_SPEED'])('for the README', () => {
  test('the same on a processor as it is, and slowed six times', async () => {
    const swift = await compare(phones, COUNT, 7)
    const slow = await compare(phones, COUNT, 3, 6)
    const [kit, whole, sample] = [await open('kit', COUNT), await open('whole', COUNT), await open('sample', COUNT)]
    writeReport(swift, slow, {
      kit: await append(kit),
      whole: await append(whole),
      sample: await append(sample),
    })
  }, 600_000)
})
