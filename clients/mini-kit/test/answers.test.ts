// @vitest-environment jsdom
// Answers over the input while a customer types: the built component under WeChat's own template compiler.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { heardFrom, host, module, phone, show, use, type Rendered } from './simulate'

interface Kit {
  kit: { setLanguage(language: string): void }
}

const refund = { entry_id: 'f1', question: '退款多久到账？', answer: '三天内到账。', language: 'zh-CN' }
const invoice = { entry_id: 'f2', question: '怎么开发票？', answer: '在订单里申请。', language: 'zh-CN' }

phone()
let shown: Rendered
let asked: Record<string, unknown>[]
let hidden = 0

/** A client of this kind of user in this kind of conversation. */
function client(kind = 'customer', conversation = 'service', found: object = { answers: [refund, invoice] }): void {
  asked = []
  use({
    state: 'online',
    me: { id: 'me', kind },
    conversations: { find: () => ({ conversation: { id: 'c', kind: conversation } }) },
    command: (command: Record<string, unknown>) => {
      asked.push(command)
      return Promise.resolve(found)
    },
  })
}

async function typed(text: string): Promise<void> {
  shown.instance['typed']!(text)
  await vi.advanceTimersByTimeAsync(400)
}
const rows = () => shown.querySelectorAll('.row').map(({ dom }) => dom.textContent?.trim())
const tap = (selector: string, at = 0) => shown.querySelectorAll(selector)[at]!.dispatchEvent('tap')
/** An event of the simulation comes a moment later. */
const soon = () => vi.advanceTimersByTimeAsync(10)

beforeEach(() => {
  host({ hideKeyboard: () => (hidden += 1) })
  module<Kit>('kit.js').kit.setLanguage('zh-CN')
  client()
  shown = show('answers', { conversationId: 'c' })
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  shown.detach()
})

test('questions come up once somebody pauses, are told of, and go with what was typed', async () => {
  await typed('退款多久')
  expect(asked).toEqual([{ type: 'suggest_answers', conversation_id: 'c', text: '退款多久' }])
  expect(rows()).toEqual(['退款多久到账？', '怎么开发票？'])
  expect(shown.dom.querySelector('[class*="spoken"]')?.textContent).toBe('可能的答案：2')
  await typed('')
  expect(rows()).toEqual([])
})

test('a tap shows the answer at once and puts the keyboard out of its way, and it may have been it', async () => {
  const solved = heardFrom(shown, 'solved')
  await typed('退款多久')
  tap('.row')
  await soon()
  expect(shown.dom.textContent).toContain('三天内到账。')
  expect(hidden).toBeGreaterThan(0)
  tap('.main')
  await soon()
  expect(solved).toHaveLength(1)
  expect(shown.dom.textContent).not.toContain('三天内到账。')
  expect(asked).toHaveLength(1)
})

test('who wants a person says what was typed, with the words that bring one where a bot answers', async () => {
  const heard = heardFrom(shown, 'ask')
  await typed('退款多久 ')
  tap('.row', 1)
  await soon()
  tap('.key')
  await soon()
  expect(heard).toEqual([{ text: '退款多久', mentions: [] }])
  client('customer', 'service', { answers: [refund], human: '转人工' })
  await typed('退款')
  tap('.row')
  await soon()
  tap('.key')
  await soon()
  expect(heard[1]).toEqual({ text: '退款\n转人工', mentions: [] })
})

test('hidden, it comes back for another text and not for the same', async () => {
  await typed('退款多久')
  shown.instance['hide']!()
  await typed('退款多久 ')
  expect(rows()).toEqual([])
  await typed('退款多久到')
  expect(rows()).toHaveLength(2)
})

test('neither staff nor groups are asked about', async () => {
  for (const [kind, conversation] of [
    ['staff', 'service'],
    ['customer', 'group'],
  ]) {
    client(kind, conversation)
    await typed('退款多久')
    expect(asked).toEqual([])
  }
})

test('another language is taken up with the next answers', async () => {
  module<Kit>('kit.js').kit.setLanguage('en')
  await typed('refund')
  expect(shown.dom.querySelector('[class*="spoken"]')?.textContent).toBe('Possible answers: 2')
  tap('.row')
  await soon()
  expect(shown.dom.textContent).toContain('This answers it')
})
