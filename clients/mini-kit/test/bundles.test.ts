// Selecting, forwarding and reading bundles as a phone shows them: the built components in Chromium.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, goBack, longPress, startPhones, untilShown, type Phones } from './phones'

let phones: Phones
beforeAll(async () => void (phones = await startPhones()), 60_000)
afterAll(() => phones.close())

async function open(query: string): Promise<Page> {
  const { page } = await phones.open('pages/chat/index', query)
  await untilShown(page)
  return page
}

/** On a busy machine a drawing takes longer than the second that a poll waits by itself. */
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 10_000 })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const asked = (page: Page) => page.evaluate(() => window.__harness.page().asked())
const seqs = (page: Page) => asked(page).then((all) => all.map((command) => command['seqs']))

describe.skipIf(!browserPath)('on a phone', () => {
  test('messages are selected by check boxes and forwarded as one; the input steps aside meanwhile', async () => {
    const page = await open('show=bundles&language=zh-CN')
    await longPress(page, '昨天群里说的我转给您', '多选')
    await soon(() => page.getByRole('checkbox').count()).toBe(4)
    await soon(() => page.locator('wx-textarea').isVisible()).toBe(false)
    const third = page.getByRole('checkbox').nth(3)
    expect(await third.getAttribute('aria-checked')).toBe('false')
    await third.click()
    await page.getByText('已选 2 条').waitFor()
    expect(await third.getAttribute('aria-checked')).toBe('true')
    await button(page, '转发').click()
    await page.getByText('合并转发', { exact: true }).click()
    await page.getByRole('dialog', { name: '选择一个聊天' }).waitFor()
    await button(page, '春茶品鉴群').click()
    await page.getByText('[合并转发] 共 2 条消息').waitFor()
    await button(page, '发送').click()
    await soon(() => page.getByRole('dialog').count()).toBe(0)
    await soon(() => page.getByRole('checkbox').count()).toBe(0)
    await soon(() => page.locator('wx-textarea').isVisible()).toBe(true)
    expect(await asked(page)).toMatchObject([
      { type: 'forward_messages', seqs: [1, 4], to_conversation_id: 'c3', merged: true },
    ])
    await page.context().close()
  })

  test('while messages are selected nothing in them can be tapped', async () => {
    const page = await open('show=bundles&language=en')
    await longPress(page, '收到，谢谢', 'Select')
    await page.getByText('Group chat history', { exact: true }).click({ force: true })
    await page.getByText('2 selected').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    await button(page, 'Cancel').click()
    await soon(() => page.getByRole('checkbox').count()).toBe(0)
    await page.context().close()
  })

  test('a bundle opens whole, one inside of it too, and back leads out', async () => {
    const page = await open('show=bundles&language=zh-CN')
    await page.getByText('群聊的聊天记录', { exact: true }).click()
    const dialog = page.getByRole('dialog', { name: '群聊的聊天记录' })
    await dialog.getByText('2026 春茶报价单.pdf').waitFor()
    await dialog.getByText('小梅和茶友的聊天记录', { exact: true }).click()
    await page.getByText('最里面的一句', { exact: true }).waitFor()
    await button(page, '返回').click()
    await dialog.getByText('2026 春茶报价单.pdf').waitFor()
    await dialog.getByRole('button', { name: '关闭' }).click()
    await soon(() => page.getByRole('dialog').count()).toBe(0)
    expect(await seqs(page)).toEqual([[2]])
    await page.context().close()
  })

  test('going back leads one step out of what stands over the chat, and at last out of the page', async () => {
    const page = await open('show=bundles&language=zh-CN')
    const dialogs = page.getByRole('dialog')
    expect(await goBack(page)).toBe('leaves')
    await page.getByText('群聊的聊天记录', { exact: true }).click()
    await dialogs.getByText('小梅和茶友的聊天记录', { exact: true }).click()
    await page.getByText('最里面的一句', { exact: true }).waitFor()
    expect(await goBack(page)).toBe('stays')
    await dialogs.getByText('2026 春茶报价单.pdf').waitFor()
    expect(await goBack(page)).toBe('stays')
    await soon(() => dialogs.count()).toBe(0)

    await longPress(page, '昨天群里说的我转给您', '多选')
    await soon(() => page.getByRole('checkbox').count()).toBe(4)
    await button(page, '转发').click()
    await button(page, '春茶品鉴群').click()
    await page.getByRole('alertdialog').waitFor()
    expect(await goBack(page)).toBe('stays')
    await soon(() => page.getByRole('alertdialog').count()).toBe(0)
    expect(await dialogs.count()).toBe(1)
    expect(await goBack(page)).toBe('stays')
    await soon(() => dialogs.count()).toBe(0)
    expect(await page.getByRole('checkbox').count()).toBe(4)
    expect(await goBack(page)).toBe('stays')
    await soon(() => page.getByRole('checkbox').count()).toBe(0)
    expect(await goBack(page)).toBe('leaves')
    await page.context().close()
  })

  test('what was closed by its own button holds nothing back', async () => {
    const page = await open('show=bundles&language=zh-CN')
    await longPress(page, '昨天群里说的我转给您', '多选')
    await button(page, '取消').click()
    await soon(() => page.getByRole('checkbox').count()).toBe(0)
    expect(await goBack(page)).toBe('leaves')
    await page.context().close()
  })
})
