// The customer's side of the desk as a phone shows it: every look, both languages, and nothing that moves with the queue.
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hold, inspect, LOOKS } from './looking'
import { browserPath, goBack, shots, startPhones, untilShown, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones('fixture-service')), 60_000)
afterAll(() => phones.close())

const LANGUAGES = ['zh-CN', 'en'] as const
const WORDS = {
  'zh-CN': { options: '选项', rate: '评价', star: '5 星，非常满意', send: '提交', thanks: '谢谢您的评价' },
  en: { options: 'Options', rate: 'Rate', star: '5 of 5, Very good', send: 'Send', thanks: 'Thank you for rating' },
}

/** The plainest and the largest, light and dark. */
const SOME = LOOKS.filter(
  ({ theme, scheme, size }) => (theme === 'ink') === (size === 'large') && (theme !== 'clay' || scheme === 'dark'),
)
const TYPED = {
  'zh-CN': { text: '退款多久', question: '退款多久到账？', person: '问人工客服', human: '转人工' },
  en: { text: 'refund', question: 'How long does a refund take?', person: 'Ask a person', human: 'Talk to a person' },
}

describe.skipIf(!browserPath)('on a phone', () => {
  test.each(LANGUAGES)(
    '%s: nothing moves while the queue does, whatever is said of it',
    async (language) => {
      const { page, complaints } = await phones.open('pages/desk/index', `language=${language}&state=waiting`, {
        width: 320,
      })
      await untilShown(page)
      const tops = () => page.evaluate(() => document.querySelector('[role=log]')!.getBoundingClientRect().top)
      await page.getByRole('button', { name: WORDS[language].options, exact: true }).waitFor()
      const before = await tops()
      for (const [i, [position, expected]] of [
        [3, 900_000],
        [2, 0],
        [1, -1],
        [120, 9_000_000],
      ].entries()) {
        await page.evaluate((to) => (window.__harness.page() as unknown as { moved(to: object): void }).moved(to), {
          position,
          expected_ms: expected,
          at: 1_000_000 * (i + 2),
        })
        if (shots) await page.screenshot({ path: path.join(shots, `place${i}-${language}.png`) })
        expect(await tops()).toBe(before)
      }
      expect(complaints).toEqual([])
      await page.context().close()
    },
    60_000,
  )

  test.each(LANGUAGES)(
    '%s: the strip and its sheets hold in every look',
    async (language) => {
      const words = WORDS[language]
      const found: string[] = []
      for (const [state, button] of [
        ['waiting', words.options],
        ['ended', words.rate],
      ] as const) {
        const { page, complaints } = await phones.open('pages/desk/index', `language=${language}&state=${state}`, {
          width: 320,
        })
        await untilShown(page)
        await hold(page)
        for (const look of LOOKS) found.push(...(await inspect(page, look, `strip-${state}-${language}`)))
        await page.getByRole('button', { name: button, exact: true }).click()
        await page.getByRole('dialog').waitFor()
        if (state === 'ended') {
          await page.getByRole('radio', { name: words.star }).click()
          await page.getByRole('checkbox').first().waitFor()
        }
        for (const look of LOOKS) found.push(...(await inspect(page, look, `sheet-${state}-${language}`)))
        // Another look takes nothing away.
        if (state === 'ended') expect(await page.getByRole('checkbox').count()).toBe(4)
        expect(complaints).toEqual([])
        await page.context().close()
      }
      expect(found).toEqual([])
    },
    120_000,
  )

  test.each(LANGUAGES)(
    '%s: by keyboard alone from the end to the thanks',
    async (language) => {
      const words = WORDS[language]
      const { page } = await phones.open('pages/desk/index', `language=${language}&state=ended`)
      await untilShown(page)
      await page.getByRole('button', { name: words.rate, exact: true }).focus()
      await page.keyboard.press('Enter')
      const group = page.getByRole('radiogroup')
      await group.waitFor()
      await page.getByRole('radio', { name: words.star }).focus()
      await page.keyboard.press('Enter')
      await expect.poll(() => page.getByRole('radio', { name: words.star }).getAttribute('aria-checked')).toBe('true')
      await page.getByRole('button', { name: words.send, exact: true }).focus()
      await page.keyboard.press('Enter')
      await page.getByText(words.thanks, { exact: true }).first().waitFor()
      if (shots) await page.screenshot({ path: path.join(shots, `thanks-${language}.png`) })
      const asked = await page.evaluate(() => window.__harness.page().asked())
      expect(asked.filter(({ type }) => type === 'rate_case')).toMatchObject([{ case_id: 'k', stars: 5 }])
      await page.context().close()
    },
    60_000,
  )

  test('going back closes the sheet of the rating and leaves the page where it is', async () => {
    const { page, complaints } = await phones.open('pages/desk/index', 'language=zh-CN&state=ended')
    await untilShown(page)
    await page.getByRole('button', { name: WORDS['zh-CN'].rate, exact: true }).click()
    await page.getByRole('dialog').waitFor()
    expect(await goBack(page)).toBe('stays')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    expect(await goBack(page)).toBe('leaves')
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test.each(LANGUAGES)(
    '%s: answers come up over what is read, move nothing, and lead to a person by keyboard alone',
    async (language) => {
      const { text, question, person, human } = TYPED[language]
      const { page, complaints } = await phones.open('pages/desk/index', `language=${language}&state=typing`, {
        width: 320,
      })
      await untilShown(page)
      await hold(page)
      const places = () =>
        page.evaluate(() =>
          ['[role=log]', 'textarea'].map((one) => document.querySelector(one)!.getBoundingClientRect().top),
        )
      await page.locator('textarea').fill(text)
      const before = await places()
      const row = page.getByRole('button', { name: question })
      await row.waitFor()
      expect(await places()).toEqual(before)
      const found: string[] = []
      for (const look of SOME) found.push(...(await inspect(page, look, `answers-${language}`)))
      await row.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      for (const look of SOME) found.push(...(await inspect(page, look, `answer-${language}`)))
      await page.getByRole('button', { name: person, exact: true }).focus()
      await page.keyboard.press('Enter')
      await page.getByText(human, { exact: false }).last().waitFor()
      expect(await page.locator('textarea').inputValue()).toBe('')
      expect(await row.count()).toBe(0)
      expect([found, complaints]).toEqual([[], []])
      await page.context().close()
    },
    60_000,
  )
})
