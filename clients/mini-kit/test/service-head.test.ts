// @vitest-environment jsdom
// Above the chat with the shop, and the sheet that asks for stars: as components, under WeChat's own template compiler.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Push, Service } from '@chaguan/sdk'
import { heardFrom, module, phone, show, type Rendered } from './simulate'

interface Kit {
  kit: { setLanguage(language: string): void; use(client: object, options: object): void }
}

const { toasts } = phone()
const HOUR = 3_600_000
const held = { id: 'k', conversation_id: 'c', shop_id: 's', customer_id: 'me' }
const mei = { id: 'u_mei', kind: 'staff', name: '小梅' } as const

const waits = (position: number, expected_ms: number, at = 1): Service => ({
  conversation_id: 'c',
  waiting: { conversation_id: 'c', case_id: 'k', position, expected_ms, at },
  case: { ...held, status: 'waiting' },
})
const ended = (more: Partial<Service> = {}): Service => ({
  ...waits(0, -1),
  case: { ...held, status: 'resolved', agent_id: 'u_mei', outcome: 'resolved' },
  agent: mei,
  can_reopen: true,
  invitation: {
    case_id: 'k',
    until: Date.now() + HOUR,
    reasons: [
      { id: 'fast', texts: { 'zh-CN': '回复很快', en: 'Quick' }, least: 4, most: 5 },
      { id: 'slow', texts: { 'zh-CN': '回复太慢', en: 'Slow' }, least: 1, most: 3 },
    ],
  },
  ...more,
})

/** A client that knows one service conversation. */
function client(service: Service) {
  const listeners: Record<string, ((payload: never) => void)[]> = {}
  const asked: Record<string, unknown>[] = []
  const stage = {
    service,
    asked,
    typists: [] as string[],
    answer: (_command: Record<string, unknown>): unknown => ({ case: stage.service.case }),
    client: {
      state: 'online',
      on: (name: string, fn: (payload: never) => void) => {
        ;(listeners[name] ??= []).push(fn)
        return () => (listeners[name] = (listeners[name] ?? []).filter((other) => other !== fn))
      },
      command: async (command: { type: string }) => {
        asked.push(command)
        return command.type === 'get_service' ? structuredClone(stage.service) : stage.answer(command)
      },
      conversations: { find: () => undefined },
      typingUsers: () => stage.typists,
      hold: () => undefined,
      report: () => undefined,
    },
    emit: (name: string, payload: unknown) => (listeners[name] ?? []).forEach((fn) => fn(payload as never)),
    push: (push: unknown) => stage.emit('push', push as Push),
    moved: (position: number, expected_ms: number, at: number) =>
      stage.push({ type: 'waiting_moved', waiting: waits(position, expected_ms, at).waiting }),
  }
  // The very one: what a test changes of it holds.
  module<Kit>('kit.js').kit.use(stage.client, { endpoint: '' })
  return stage
}

const shown: Rendered[] = []
function head(properties: object = {}): Rendered {
  const rendered = show('service-head', { conversationId: 'c', ...properties })
  shown.push(rendered)
  return rendered
}
const part = (rendered: Rendered, name: string) =>
  rendered.dom.querySelector(`[class*="${name}"]`)?.textContent?.trim() ?? ''
const line = (rendered: Rendered) => part(rendered, '--line')
const spoken = (rendered: Rendered) => part(rendered, 'spoken')
const reads = (rendered: Rendered, text: string) => vi.waitFor(() => expect(line(rendered)).toBe(text))
/** A tap on what says so. */
function tap(rendered: Rendered, selector: string): void {
  const target = rendered.querySelector(selector)
  if (!target) throw new Error(`nothing at ${selector}`)
  target.dispatchEvent('tap')
}

beforeEach(() => module<Kit>('kit.js').kit.setLanguage('zh-CN'))
afterEach(() => {
  shown.splice(0).forEach((rendered) => rendered.detach())
  vi.useRealTimers()
})

test('it shows the place, moves with it, and greets the agent when there is one', async () => {
  const stage = client(waits(3, 240_000))
  const rendered = head({ title: '龙井茶铺' })
  await reads(rendered, '第 3 位，约 4 分钟')
  expect(part(rendered, 'name')).toBe('龙井茶铺')
  stage.moved(2, 150_000, 2)
  await reads(rendered, '第 2 位，约 3 分钟')
  stage.moved(2, 600_000, 3)
  await reads(rendered, '第 2 位，比预计的久，约 10 分钟')
  stage.service = { ...waits(0, -1, 4), case: { ...held, status: 'open', agent_id: 'u_mei' }, agent: mei }
  stage.push({ type: 'case_changed', conversation_id: 'c' })
  await reads(rendered, '小梅 正在为您服务')
  expect([part(rendered, 'name'), spoken(rendered)]).toEqual(['小梅', '小梅 正在为您服务'])
  stage.typists = ['u_mei']
  stage.emit('typing', { conversation_id: 'c', user_ids: ['u_mei'] })
  await reads(rendered, '小梅 正在输入…')
  expect(spoken(rendered)).toBe('小梅 正在为您服务')
})

test('a queue that runs is heard every 20 seconds, its last place too', async () => {
  vi.useFakeTimers()
  const stage = client(waits(9, -1))
  const rendered = head()
  await vi.advanceTimersByTimeAsync(10)
  expect(spoken(rendered)).toBe('您前面还有 8 位')
  for (let position = 8; position >= 5; position--) {
    stage.moved(position, -1, 10 - position)
    await vi.advanceTimersByTimeAsync(2_000)
  }
  expect([line(rendered), spoken(rendered)]).toEqual(['第 5 位', '您前面还有 8 位'])
  await vi.advanceTimersByTimeAsync(13_000)
  expect(spoken(rendered)).toBe('您前面还有 4 位')
})

test('who waits may leave the line, and hears when an agent was faster', async () => {
  const stage = client(waits(2, 60_000))
  const rendered = head()
  await reads(rendered, '第 2 位，约 1 分钟')
  stage.answer = () => Promise.reject(Object.assign(new Error('conflict'), { code: 'conflict' }))
  tap(rendered, '.act')
  await vi.waitFor(() => expect(rendered.instance.data['leaving']).toBe('line'))
  rendered.instance['leave']!()
  await vi.waitFor(() => expect(toasts).toEqual(['客服刚刚接入，请继续对话']))
  stage.answer = () => ({ case: { ...held, status: 'resolved', outcome: 'abandoned' } })
  rendered.instance['leave']!()
  await vi.waitFor(() => expect(stage.asked.filter(({ type }) => type === 'leave_line')).toHaveLength(2))
  expect(stage.asked.filter(({ type }) => type === 'leave_line')[0]).toMatchObject({ case_id: 'k' })
  expect(rendered.instance.data['leaving']).toBe('')
})

test('at the end it asks once, and the case can go on', async () => {
  const stage = client(ended())
  const rendered = head()
  await reads(rendered, '咨询已结束，问题解决了吗？')
  expect(part(rendered, 'act')).toBe('评价')
  stage.service = ended({ rating: { case_id: 'k', stars: 5 } })
  stage.push({ type: 'case_changed', conversation_id: 'c' })
  await reads(rendered, '谢谢您的评价')
  expect(part(rendered, 'act')).toBe('修改评价')
  stage.service = ended({ invitation: null })
  stage.push({ type: 'case_changed', conversation_id: 'c' })
  await vi.waitFor(() => expect(part(rendered, 'act')).toBe('继续咨询'))
  tap(rendered, '.act')
  await vi.waitFor(() => expect(stage.asked.map(({ type }) => type)).toContain('reopen_case'))
})

test('another language and another conversation are taken up', async () => {
  client(waits(3, 240_000))
  const rendered = head()
  await reads(rendered, '第 3 位，约 4 分钟')
  module<Kit>('kit.js').kit.setLanguage('en')
  await reads(rendered, '3rd in line, about 4 min')
  expect(part(rendered, 'name')).toBe('Customer service')
})

async function sheet(service = ended()) {
  const stage = client(service)
  // Who shows the sheet has asked already.
  const rendered = head()
  await vi.waitFor(() => expect(stage.asked.length).toBeGreaterThan(0))
  await vi.waitFor(() => expect(line(rendered)).not.toBe(''))
  const rating = show('rating-sheet', { conversationId: 'c' })
  shown.push(rating)
  const chips = () =>
    [...rating.dom.querySelectorAll('[class*="--chip"]')].flatMap(({ textContent, className }) =>
      /chips/.test(className) ? [] : [textContent],
    )
  const star = (n: number) => rating.querySelectorAll('.star')[n - 1]!.dispatchEvent('tap')
  return { stage, rating, chips, star, said: () => stage.asked.find(({ type }) => type === 'rate_case') }
}

test('stars have words, and the reasons follow them', async () => {
  const { rating, chips, star } = await sheet()
  expect((rating.instance.data['steps'] as { label: string }[]).map(({ label }) => label)).toEqual([
    '1 星，很不满意',
    '2 星，不满意',
    '3 星，一般',
    '4 星，满意',
    '5 星，非常满意',
  ])
  expect(chips()).toEqual([])
  star(5)
  await vi.waitFor(() => expect(chips()).toEqual(['回复很快']))
  star(2)
  await vi.waitFor(() => expect(chips()).toEqual(['回复太慢']))
  expect(rating.dom.querySelectorAll('[class*="--on"]')).toHaveLength(2)
})

test('what was tapped for other stars is not sent, and nothing is sent without stars', async () => {
  const { stage, rating, chips, star, said } = await sheet()
  stage.answer = () => ({ case_id: 'k', stars: 5 })
  tap(rating, '.main')
  expect(said()).toBeUndefined()
  star(1)
  await vi.waitFor(() => expect(chips()).toEqual(['回复太慢']))
  tap(rating, '.chip')
  star(5)
  await vi.waitFor(() => expect(chips()).toEqual(['回复很快']))
  const heard = heardFrom(rating, 'rated')
  tap(rating, '.main')
  await vi.waitFor(() => expect(rating.dom.textContent).toContain('谢谢您的评价'))
  expect(said()).toMatchObject({ case_id: 'k', stars: 5, reasons: [] })
  expect(heard).toEqual([{ stars: 5 }])
})

test('it can be changed at once, and a time that is over is told', async () => {
  const { stage, rating, star } = await sheet(ended({ rating: { case_id: 'k', stars: 4, text: '不错' } }))
  expect(rating.instance.data).toMatchObject({ stars: 4, text: '不错' })
  stage.answer = () => ({ case_id: 'k', stars: 5 })
  star(5)
  tap(rating, '.main')
  await vi.waitFor(() => expect(rating.instance.data['state']).toBe('sent'))
  tap(rating, '.key')
  await vi.waitFor(() => expect(rating.instance.data['state']).toBe('form'))
  stage.answer = () => Promise.reject(Object.assign(new Error('conflict'), { code: 'conflict' }))
  tap(rating, '.main')
  await vi.waitFor(() => expect(part(rating, 'problem')).toBe('评价时间已过'))
})

test('without a network it is noted and said so', async () => {
  const { stage, rating, star } = await sheet()
  stage.client.state = 'waiting'
  star(3)
  tap(rating, '.main')
  await vi.waitFor(() => expect(rating.dom.textContent).toContain('已经记下'))
  expect(rating.dom.textContent).toContain('恢复后会自动发出')
  const heard = heardFrom(rating, 'close')
  tap(rating, '.main')
  await vi.waitFor(() => expect(heard).toHaveLength(1))
})

test('who says it is not solved gets their case back', async () => {
  const { rating } = await sheet()
  const heard = heardFrom(rating, 'reopen')
  tap(rating, '.key')
  await vi.waitFor(() => expect(heard).toHaveLength(1))
})

async function message() {
  const stage = client(waits(2, -1))
  const rendered = head()
  await reads(rendered, '第 2 位')
  Object.assign(stage.client, { newKey: () => 'key' })
  const left = show('leave-message', { conversationId: 'c', canLeave: true })
  shown.push(left)
  const type = (text: string, contact = '') => {
    left.instance['onText']!({ detail: { value: text } })
    left.instance['onContact']!({ detail: { value: contact } })
  }
  return { stage, left, type, said: () => stage.asked.filter(({ type }) => type === 'leave_message') }
}

test('a message is left with a contact only by consent, and once however often it is tapped', async () => {
  const { stage, left, type, said } = await message()
  stage.answer = () => ({ case_id: 'k', due_at: 1 })
  tap(left, '.main')
  type('请回电', '138 0013 8000')
  tap(left, '.main')
  await vi.waitFor(() => expect(part(left, 'problem')).toBe('同意保存联系方式，仅用于这次回复'))
  expect(said()).toEqual([])
  tap(left, '.consent')
  tap(left, '.main')
  tap(left, '.main')
  await vi.waitFor(() => expect(left.dom.textContent).toContain('已收到留言，我们会尽快回复'))
  expect(said()).toMatchObject([
    { conversation_id: 'c', client_msg_id: 'key', text: '请回电', contact: '138 0013 8000', consent: true },
  ])
})

test('who has an agent meanwhile is told to just write, and keeps what was written', async () => {
  const { stage, left, type } = await message()
  stage.answer = () => Promise.reject(Object.assign(new Error('conflict'), { code: 'conflict' }))
  type('请回电')
  tap(left, '.main')
  await vi.waitFor(() => expect(part(left, 'problem')).toBe('客服已经接入，请直接发消息'))
  expect(left.instance.data['text']).toBe('请回电')
  const heard = heardFrom(left, 'leave')
  tap(left, '.key')
  await vi.waitFor(() => expect(heard).toHaveLength(1))
})
