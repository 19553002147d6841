// @vitest-environment jsdom
// The desk's list and its sheets as components, under WeChat's own template compiler.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LIN, ME, office, open, refusal, sit, waiting, type Sat } from './office'
import { module, show, type Rendered } from './stage'

const phone = office()
const shown: Rendered[] = []
const put = (name: string, properties: object = {}) => {
  const rendered = show(name, properties)
  shown.push(rendered)
  return rendered
}
const heard = (rendered: Rendered, name: string) => {
  const told: Record<string, unknown>[] = []
  rendered.addEventListener(name, ({ detail }) => told.push(detail))
  return told
}
const said = (rendered: Rendered, selector: string) =>
  rendered.dom.querySelector(selector)?.textContent?.replace(/\s+/g, '')
const rows = (rendered: Rendered) => rendered.instance.data['lines'] as { id: string; where: string }[]
const tabs = (rendered: Rendered) =>
  (rendered.instance.data['tabs'] as { label: string; count: string }[]).map(({ label, count }) => label + count)
const choose = (rendered: Rendered, tab: string) =>
  rendered.instance['chooseTab']!({ currentTarget: { dataset: { tab } } })

let sat: Sat
beforeEach(() => (sat = sit()))
afterEach(() => {
  shown.splice(0).forEach((rendered) => rendered.detach())
  vi.useRealTimers()
})

test('each list has its cases, who waits longest first, and says how many', async () => {
  sat.cases = [
    waiting('k1', 1),
    waiting('k2', 7),
    open('k3', ME.id),
    open('k4', LIN.id),
    waiting('k5', 3, { bot_id: 'b' }),
  ]
  const desk = put('desk')
  await vi.waitFor(() => expect(tabs(desk)).toEqual(['我接待的1', '等待中3', '全部5']))
  expect(rows(desk).map(({ id }) => id)).toEqual(['k3'])
  choose(desk, 'waiting')
  expect(rows(desk).map(({ id }) => id)).toEqual(['k2', 'k1', 'k5'])
  expect(rows(desk).map(({ where }) => where)).toEqual(['等待接待', '等待接待', '机器人接待中'])
  choose(desk, 'all')
  expect(rows(desk).map(({ where }) => where)).toContain('老林 接待中')
})

test('the wait is told in digits, in a word and in a sentence', async () => {
  sat.cases = [waiting('k1', 7)]
  const desk = put('desk')
  choose(desk, 'waiting')
  await vi.waitFor(() => expect(desk.dom.querySelector('[class*="--timer"]')?.className).toContain('late'))
  expect(said(desk, '[class*="--timer"]')).toMatch(/^超时7:0\d$/)
  expect(desk.dom.querySelector('[class*="--words"] [class*="--spoken"]')?.textContent).toBe('已等待 7 分钟')
  module<{ kit: { setLanguage(language: string): void } }>('kit/kit.js').kit.setLanguage('en')
  await vi.waitFor(() =>
    expect(desk.dom.querySelector('[class*="--words"] [class*="--spoken"]')?.textContent).toBe('Waiting for 7 min'),
  )
})

test('a case that is tapped opens, and one that was taken elsewhere goes', async () => {
  sat.cases = [waiting('k1', 1), waiting('k2', 2)]
  const desk = put('desk')
  choose(desk, 'waiting')
  const opened = heard(desk, 'open')
  await vi.waitFor(() => expect(desk.querySelectorAll('.row')).toHaveLength(2))
  desk.querySelector('.row')!.dispatchEvent('tap')
  await vi.waitFor(() => expect(opened).toEqual([{ conversationId: 'c_k2', caseId: 'k2', name: '王女士' }]))
  sat.cases = [waiting('k1', 1), open('k2', LIN.id)]
  sat.tell()
  await vi.waitFor(() => expect(rows(desk).map(({ id }) => id)).toEqual(['k1']))
})

test('an empty list says what to do', async () => {
  const desk = put('desk')
  await vi.waitFor(() => expect(desk.dom.textContent).toContain('手上没有咨询'))
  choose(desk, 'waiting')
  await vi.waitFor(() => expect(desk.dom.textContent).toContain('没有人在等'))
})

test('my state is shown with my load, and chosen from a list', async () => {
  const desk = put('desk')
  await vi.waitFor(() => expect(said(desk, '[class*="--me"]')).toBe('我的状态在线1/5'))
  phone.choice = 1
  desk.instance['chooseState']!()
  await vi.waitFor(() => expect(sat.asked).toEqual([{ verb: 'setState', with: ['busy'] }]))
  expect(phone.offered).toEqual(['在线：会分到新咨询', '忙碌：不再分到新咨询', '离开：咨询会回到队列', '离线：不接待'])
})

test('who was taken for away is told so, and says with one tap that they are there', async () => {
  sat.agents = [{ user_id: ME.id, state: 'away', chosen: 'online', load: 0, capacity: 5 }]
  const desk = put('desk')
  await vi.waitFor(() => expect(desk.dom.textContent).toContain('你有一阵没操作，被设为离开'))
  desk.querySelector('.give')!.dispatchEvent('tap')
  await vi.waitFor(() => expect(sat.asked).toEqual([{ verb: 'setState', with: ['online'] }]))
  sat.agents = []
  sat.tell()
  await vi.waitFor(() => expect(desk.dom.textContent).toContain('你现在离线，不会分到新咨询'))
})

test('pulling reads the desk anew, and says so when there is no network', async () => {
  const desk = put('desk')
  sat.answer = () => {
    throw refusal('unavailable')
  }
  desk.instance['onPull']!()
  await vi.waitFor(() => expect(phone.toasts).toEqual(['连接不上，请检查网络后再试']))
  expect(desk.instance.data['pulled']).toBe(false)
  expect(sat.asked).toEqual([{ verb: 'watch', with: ['s_tea'] }])
})

test('a case is passed on to who is there and has room, with a note', async () => {
  sat.cases = [open('k1', ME.id)]
  sat.agents = [
    { user_id: ME.id, state: 'online', load: 1, capacity: 5 },
    { user_id: 'full', state: 'online', load: 2, capacity: 2 },
    { user_id: LIN.id, state: 'busy', load: 1, capacity: 3 },
  ]
  sat.queues = [{ id: 'q', shop_id: 's_tea', name: '售后' }]
  const sheet = put('pass-sheet', { caseId: 'k1' })
  const people = sheet.instance.data['people'] as { name: string; off: boolean; note: string }[]
  expect(people.map(({ name, off, note }) => [name, off, note])).toEqual([
    ['老林', false, '1/3'],
    ['同事', true, '2/2'],
  ])
  expect((sheet.instance.data['queues'] as { note: string }[])[0]?.note).toBe('2 人在等，约 3 分钟')
  const pick = (key: string) => sheet.instance['choose']!({ currentTarget: { dataset: { key } } })
  pick('agent:full')
  expect(sheet.instance.data['chosen']).toBe('')
  pick('agent:lin')
  sheet.instance['onNote']!({ detail: { value: ' 要发票 ' } })
  await vi.waitFor(() => expect(sheet.dom.textContent).toContain('转给 老林'))
  sat.answer = () => {
    throw refusal('conflict', { reason: 'agent_gone', agent_id: LIN.id })
  }
  sheet.querySelector('.main')!.dispatchEvent('tap')
  await vi.waitFor(() => expect(sheet.dom.textContent).toContain('老林 现在不在，请转给别人或队列'))
  const passed = heard(sheet, 'passed')
  sat.answer = () => undefined
  sheet.querySelector('.main')!.dispatchEvent('tap')
  await vi.waitFor(() => expect(passed).toHaveLength(1))
  expect(sat.asked[1]).toEqual({ verb: 'transfer', with: ['k1', { agentId: 'lin' }, '要发票'] })
})

test('signing in asks for the code of the second factor, and says in words what is wrong', async () => {
  const { seat } = module<{ seat: Record<string, unknown> }>('desk/seat.js')
  const tried: Record<string, unknown>[] = []
  let answer: unknown = refusal('unauthenticated', { reason: 'credentials' })
  const signIn = seat['signIn']
  seat['signIn'] = (fields: Record<string, unknown>) => {
    tried.push(fields)
    return answer ? Promise.reject(answer as Error) : Promise.resolve()
  }
  const form = put('sign-in', { email: 'mei@tea.example', password: 'wrong' })
  const send = () => form.instance['send']!()
  const says = (text: string) => vi.waitFor(() => expect(form.instance.data['problem']).toBe(text))
  await send()
  await says('邮箱或密码不对')
  answer = refusal('unauthenticated', { reason: 'totp_required' })
  await send()
  await vi.waitFor(() => expect(form.instance.data['asksCode']).toBe(true))
  form.instance['onCode']!({ detail: { value: ' 492039 ' } })
  answer = refusal('unauthenticated', { reason: 'totp_wrong' })
  await send()
  await says('验证码不对，请看验证器上的新数字')
  answer = refusal('must_change_password')
  await send()
  await says('请先在电脑上的控制台设置新密码')
  expect(tried[2]).toMatchObject({ email: 'mei@tea.example', password: 'wrong', totp: '492039' })
  seat['signIn'] = signIn
})

test('canned replies are offered with their shortcut, and one is picked', async () => {
  const replies = [{ id: 'r1', title: '发货时间', shortcut: 'ship', text: '48 小时内发货' }]
  const list = put('reply-list', { rows: replies })
  expect(list.dom.textContent).toContain('/ship')
  const picked = heard(list, 'pick')
  list.querySelector('.row')!.dispatchEvent('tap')
  await vi.waitFor(() => expect(picked).toEqual([{ id: 'r1' }]))
})

test('a note says who sees it, and a whisper that it is one', () => {
  const row = (whisper: boolean) => ({
    body: {
      kind: 'text',
      custom: { name: 'chaguan.note', data: { text: '<b>老顾客</b>', seenBy: '仅同事可见', whisper } },
    },
  })
  const note = put('note-bubble', { row: row(false) })
  expect(note.dom.textContent?.replace(/\s+/g, '')).toBe('仅同事可见<b>老顾客</b>')
  expect(note.dom.innerHTML).not.toContain('whisper')
  expect(put('note-bubble', { row: row(true) }).dom.innerHTML).toContain('whisper')
})

test('a desk that can not be opened says why, and tries again', async () => {
  const { seat } = module<{ seat: Record<string, unknown> & { tell(): void } }>('desk/seat.js')
  const desk = put('desk')
  const opened = vi.fn(() => Promise.resolve())
  const before = seat['open']
  Object.assign(seat, { state: 'failed', problem: 'unavailable', open: opened })
  seat.tell()
  await vi.waitFor(() => expect(desk.dom.textContent).toContain('连接不上，请检查网络后再试'))
  desk.querySelector('.main')!.dispatchEvent('tap')
  await vi.waitFor(() => expect(opened).toHaveBeenCalledOnce())
  Object.assign(seat, { problem: 'forbidden' })
  seat.tell()
  await vi.waitFor(() => expect(desk.dom.textContent).toContain('这个账号没有接待顾客的权限'))
  Object.assign(seat, { open: before })
})

test.each([
  ['revoked', '这台手机已在控制台被移除，请重新登录'],
  ['password_changed', '密码已更改，请重新登录'],
  ['unauthenticated', '登录已失效，请重新登录'],
  ['signed_out', ''],
])('who was signed out (%s) is told why where they sign in', async (problem, told) => {
  const { seat } = module<{ seat: Record<string, unknown> }>('desk/seat.js')
  Object.assign(seat, { state: 'out', problem })
  const form = put('sign-in')
  await vi.waitFor(() => expect(form.dom.textContent).toContain('店铺员工登录'))
  expect(form.dom.querySelector('[class*="--reason"]')?.textContent ?? '').toBe(told)
})
