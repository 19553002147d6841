// What a customer can take up on a card, without a phone: which buttons there are, and what leaves on a tap.
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { buttonsOf, takeUp } from '../src/offers'

const kit = vi.hoisted(() => ({ language: 'zh-CN', client: null as object | null }))
vi.mock('../src/kit', () => ({ kit }))

const commands: Record<string, unknown>[] = []
let answer: () => Promise<unknown>
const host = {
  showModal: vi.fn((_asked: object) => Promise.resolve({ confirm: true, content: '' })),
  showToast: vi.fn((_told: { title: string }) => undefined),
}
vi.stubGlobal('wx', host)

beforeEach(() => {
  let keys = 0
  vi.clearAllMocks()
  commands.length = 0
  answer = () => Promise.resolve({ seq: 9 })
  kit.language = 'zh-CN'
  kit.client = {
    me: { id: 'u_amy', kind: 'customer' },
    newKey: () => `key-${++keys}`,
    command: (command: Record<string, unknown>) => {
      commands.push(command)
      return answer()
    },
  }
})

const told = () => host.showToast.mock.calls.map(([{ title }]) => title)
const refused = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))

describe('the buttons of a card', () => {
  const offers = [
    { action: 'confirm_receipt', label: 'x', intent: 'i1' },
    { action: 'wave', label: '挥手', intent: 'i2' },
  ]

  test('say what is known in the language of the kit, and else what the server says', () => {
    expect(buttonsOf(offers).map(({ label }) => label)).toEqual(['确认收货', '挥手'])
    kit.language = 'en'
    expect(buttonsOf(offers).map(({ label }) => label)).toEqual(['Confirm receipt', '挥手'])
    expect(buttonsOf()).toEqual([])
  })

  test('are not there for an agent, nor before anybody is signed in', () => {
    kit.client = { me: { id: 'u_mei', kind: 'staff' } }
    expect(buttonsOf(offers)).toEqual([])
    kit.client = null
    expect(buttonsOf(offers)).toEqual([])
  })
})

describe('a tap', () => {
  test('is told to the shop with its intent, without a question where a slip costs nothing', async () => {
    await takeUp('s_1', 'buy', 'i1')
    expect(host.showModal).not.toHaveBeenCalled()
    expect(commands).toEqual([
      { type: 'act_on_card', conversation_id: 's_1', client_msg_id: 'key-1', intent: 'i1', text: '' },
    ])
    expect(told()).toEqual(['已提交给店家'])
  })

  test('that is thought better of does nothing', async () => {
    host.showModal.mockResolvedValueOnce({ confirm: false, content: '' })
    await takeUp('s_1', 'confirm_receipt', 'i2')
    host.showModal.mockResolvedValueOnce({ confirm: true, content: '  ' })
    await takeUp('s_1', 'change_address', 'i3')
    expect(commands).toEqual([])
  })

  test('takes along what was written', async () => {
    host.showModal.mockResolvedValueOnce({ confirm: true, content: ` ${'茶'.repeat(400)}` })
    await takeUp('s_1', 'ask_refund', 'i4')
    expect(commands[0]).toMatchObject({ intent: 'i4', text: '茶'.repeat(300) })
  })

  test('that was not answered is the same tap again', async () => {
    answer = refused('timeout')
    await takeUp('s_1', 'buy', 'i5')
    answer = () => Promise.resolve({ seq: 9 })
    await takeUp('s_1', 'buy', 'i5')
    expect(commands.map(({ client_msg_id }) => client_msg_id)).toEqual(['key-1', 'key-1'])
    expect(told()).toEqual(['没有提交，请再试一次', '已提交给店家'])
  })

  test('on a card that has changed asks to look again', async () => {
    answer = refused('conflict')
    await takeUp('s_1', 'buy', 'i6')
    expect(told()).toEqual(['卡片已更新，请再看一眼'])
  })

  test('beside one that is on its way does nothing', async () => {
    await Promise.all([takeUp('s_1', 'buy', 'i7'), takeUp('s_1', 'buy', 'i7')])
    expect(commands).toHaveLength(1)
  })
})
