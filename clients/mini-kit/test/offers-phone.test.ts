// Cards that live, as a phone shows them: their buttons ask back where a slip costs something, and tell the shop once.
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, shots, startPhones, untilShown, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones()), 60_000)
afterAll(() => phones.close())

const WORDS = {
  'zh-CN': {
    buy: '购买',
    receipt: '确认收货',
    sure: '确认收货？',
    yes: '确定',
    taken: '已提交给店家',
    edited: '已编辑',
  },
  en: {
    buy: 'Buy',
    receipt: 'Confirm receipt',
    sure: 'Confirm receipt?',
    yes: 'OK',
    taken: 'The shop has it',
    edited: 'edited',
  },
}

describe.skipIf(!browserPath)('a card that lives', () => {
  test.each(['zh-CN', 'en'] as const)(
    'is taken up with one tap, or two where a slip would cost something, %s',
    async (language) => {
      const words = WORDS[language]
      const { page, complaints } = await phones.open('pages/chat/index', `show=living&language=${language}`)
      await untilShown(page)
      if (shots) await page.screenshot({ path: path.join(shots, `living-${language}.png`) })
      expect(await page.getByText(words.edited, { exact: true }).count()).toBe(0)
      await page.getByText(words.buy, { exact: true }).click()
      await page.getByText(words.taken).waitFor()
      await page.getByText(words.receipt, { exact: true }).click()
      await page.getByText(words.sure, { exact: true }).waitFor()
      if (shots) await page.screenshot({ path: path.join(shots, `living-${language}-asked.png`) })
      await page.getByText(words.yes, { exact: true }).click()
      const acts = () =>
        page.evaluate(() =>
          window.__harness
            .page()
            .asked()
            .filter(({ type }) => type === 'act_on_card'),
        )
      await expect.poll(async () => (await acts()).map(({ intent }) => intent)).toEqual(['i_buy', 'i_receipt'])
      expect(complaints).toEqual([])
    },
  )
})
