// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ME, MEI, message } from './messages'
import { heardFrom, host, module, phone, show, use, type Rendered } from './simulate'

const conversation = { id: 'c1', kind: 'group', name: '茶友群' }
phone()
let shown: Rendered | undefined

afterEach(() => shown?.detach())

const text = () => shown!.dom.textContent ?? ''
const tap = (selector: string, at = 0) => shown!.querySelectorAll(selector)[at]!.dispatchEvent('tap')
const type = (value: string, cursor = value.length) => shown!.instance['onInput']!({ detail: { value, cursor } })

describe('the search', () => {
  interface Asked {
    query: string
    conversation_id: string
    cursor: string
    answer(hits: object[], next_cursor?: string): void
    fail(): void
  }
  let asked: Asked[]
  const hit = (seq: number, said: string) => ({ message: message(seq, { type: 'text', text: said }), conversation })

  beforeEach(() => {
    asked = []
    use({
      me: ME,
      hold: () => undefined,
      users: { find: (id: string) => [ME, MEI].find((user) => user.id === id) },
      conversations: { find: () => undefined },
      command: (command: Omit<Asked, 'answer' | 'fail'>) =>
        new Promise((resolve, reject) => {
          const answer = (hits: object[], next_cursor = '') => resolve({ hits, next_cursor, users: [] })
          asked.push({ ...command, answer, fail: () => reject(new Error('no network')) })
        }),
    })
  })

  const rows = () => shown!.querySelectorAll('.words')
  const seek = async (query: string) => {
    const before = asked.length
    type(query)
    await vi.waitFor(() => expect(asked).toHaveLength(before + 1), { timeout: 3000 })
    return asked[before]!
  }

  test('asks once for what was typed in one go, in the conversation it is in', async () => {
    shown = show('search', { conversationId: 'c1' })
    for (const part of ['大', '大红']) type(part)
    const one = await seek('大红袍 ')
    expect(one).toMatchObject({ query: '大红袍', conversation_id: 'c1', cursor: '' })
    one.answer([hit(1, '有大红袍吗')])
    await vi.waitFor(() => expect(text()).toContain('有大红袍吗'))
    expect(shown.querySelectorAll('.found').map((part) => part.dom.textContent)).toEqual(['大红袍'])
    expect(asked).toHaveLength(1)
  })

  test('an answer to words that were changed meanwhile is not shown', async () => {
    shown = show('search', { conversationId: 'c1' })
    const old = await seek('大')
    const late = await seek('大红袍')
    late.answer([hit(2, '大红袍两盒')])
    await vi.waitFor(() => expect(text()).toContain('大红袍两盒'))
    old.answer([hit(1, '大家好')])
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(text()).not.toContain('大家好')
  })

  test('a further page joins below; what is there stays as it is', async () => {
    shown = show('search', {})
    const first = await seek('茶')
    first.answer([hit(9, '红茶'), hit(8, '绿茶')], 'next')
    await vi.waitFor(() => expect(rows()).toHaveLength(2))
    const set = vi.spyOn(shown.instance, 'setData')
    void shown.instance['onEnd']!()
    void shown.instance['onEnd']!()
    expect(asked).toHaveLength(2)
    expect(asked[1]).toMatchObject({ query: '茶', cursor: 'next' })
    asked[1]!.answer([hit(3, '白茶')])
    await vi.waitFor(() => expect(rows()).toHaveLength(3))
    for (const [patch] of set.mock.calls) expect(patch).not.toHaveProperty('rows')
    void shown.instance['onEnd']!()
    expect(asked).toHaveLength(2)
  })

  test('says when nothing was found, when it failed, and tries again', async () => {
    shown = show('search', { conversationId: 'c1' })
    ;(await seek('咖啡')).answer([])
    await vi.waitFor(() => expect(text()).toContain('没有找到“咖啡”'))
    ;(await seek('奶茶')).fail()
    await vi.waitFor(() => expect(text()).toContain('加载失败'))
    tap('.again')
    await vi.waitFor(() => expect(asked).toHaveLength(3))
    expect(asked[2]).toMatchObject({ query: '奶茶' })
    asked[2]!.answer([hit(1, '奶茶')])
    await vi.waitFor(() => expect(rows()).toHaveLength(1))
  })

  test('a tap tells which message it is, clearing and cancelling end it', async () => {
    shown = show('search', {})
    const opened = heardFrom(shown, 'open')
    const cancelled = heardFrom(shown, 'cancel')
    ;(await seek('茶')).answer([hit(9, '红茶')])
    await vi.waitFor(() => expect(rows()).toHaveLength(1))
    expect(text()).toContain('茶友群')
    tap('.row')
    await vi.waitFor(() => expect(opened).toEqual([{ id: 'c1', seq: 9, title: '茶友群' }]))
    tap('.hit')
    await vi.waitFor(() => expect(text()).toContain('输入关键词'))
    tap('.cancel')
    await vi.waitFor(() => expect(cancelled).toHaveLength(1))
  })
})

describe('the picker of members', () => {
  const people = Array.from({ length: 230 }, (_, i) => ({ id: `u_${i}`, kind: 'customer', name: `茶友${i}` }))
  let cursors: string[]
  let fails: boolean

  /** Pages of a hundred, and I am one of them. */
  function group(role: string): void {
    cursors = []
    fails = false
    use({
      me: people[3],
      hold: () => undefined,
      users: { find: (id: string) => people.find((user) => user.id === id) },
      conversations: { find: () => ({ conversation, inbox: { role } }) },
      command: async ({ cursor, query = '' }: { cursor: string; query?: string }) => {
        cursors.push(query + cursor)
        if (fails) throw new Error('no network')
        const from = Number(cursor || 0)
        const found = people.filter(({ name }) => name.includes(query))
        const members = found.slice(from, from + 100).map(({ id }) => ({ user_id: id, role: 'member' }))
        return { members, next_cursor: from + 100 < found.length ? String(from + 100) : '' }
      },
    })
  }
  const names = () => shown!.querySelectorAll('.name').map((name) => name.dom.textContent)

  test('shows a page of members without me, and everyone only to who may call everyone', async () => {
    group('member')
    shown = show('member-picker', { conversationId: 'c1' })
    await vi.waitFor(() => expect(names()).toHaveLength(99))
    expect(names()).not.toContain('茶友3')
    expect(names()).not.toContain('所有人')
    shown.detach()
    group('admin')
    shown = show('member-picker', { conversationId: 'c1' })
    await vi.waitFor(() => expect(names()[0]).toBe('所有人'))
    const picked = heardFrom(shown, 'pick')
    tap('.row')
    await vi.waitFor(() => expect(picked).toEqual([{ id: 'all', name: '所有人' }]))
  })

  test('further pages join below, by path', async () => {
    group('member')
    shown = show('member-picker', { conversationId: 'c1' })
    await vi.waitFor(() => expect(names()).toHaveLength(99))
    const set = vi.spyOn(shown.instance, 'setData')
    await shown.instance['onEnd']!()
    await shown.instance['onEnd']!()
    await shown.instance['onEnd']!()
    await vi.waitFor(() => expect(names()).toHaveLength(229))
    expect(cursors).toEqual(['', '100', '200'])
    for (const [patch] of set.mock.calls) expect(patch).not.toHaveProperty('rows')
  })

  test('has the server find who stands pages away, and says when there is nobody', async () => {
    group('member')
    shown = show('member-picker', { conversationId: 'c1' })
    await vi.waitFor(() => expect(names()).toHaveLength(99))
    type('茶友229')
    await vi.waitFor(() => expect(names()).toEqual(['茶友229']))
    const picked = heardFrom(shown, 'pick')
    tap('.row')
    await vi.waitFor(() => expect(picked).toEqual([{ id: 'u_229', name: '茶友229' }]))
    type('咖啡')
    await vi.waitFor(() => expect(text()).toContain('没有找到“咖啡”'))
    expect(cursors).toEqual(['', '茶友229', '咖啡'])
  })

  test('asks nobody for a name once everyone is here', async () => {
    group('member')
    shown = show('member-picker', { conversationId: 'c1' })
    await vi.waitFor(() => expect(names()).toHaveLength(99))
    await shown.instance['onEnd']!()
    await shown.instance['onEnd']!()
    await vi.waitFor(() => expect(names()).toHaveLength(229))
    type('茶友22')
    await vi.waitFor(() => expect(names()).toHaveLength(11))
    expect(cursors).toEqual(['', '100', '200'])
  })

  test('offers another try where the first failed', async () => {
    group('member')
    fails = true
    shown = show('member-picker', { conversationId: 'c1' })
    await vi.waitFor(() => expect(text()).toContain('加载失败'))
    fails = false
    tap('.again')
    await vi.waitFor(() => expect(names()).toHaveLength(99))
  })
})

describe('the input bar', () => {
  test('an @ asks for a name, which goes out as an id and goes away as a whole', async () => {
    shown = show('input-bar')
    const asked = heardFrom(shown, 'at')
    const sent = heardFrom(shown, 'send')
    type('请')
    type('请@')
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    shown.instance['mention']!({ id: MEI.id, name: '小梅' })
    expect(shown.instance.data['text']).toBe('请@小梅\u2005')
    type('请@小梅\u2005看')
    shown.instance['send']!()
    await vi.waitFor(() => expect(sent).toEqual([{ text: '请@小梅\u2005看', mentions: [MEI.id] }]))
    type('@')
    shown.instance['mention']!({ id: MEI.id, name: '小梅' })
    type('@小梅')
    expect(shown.instance.data['text']).toBe('')
    type('好')
    shown.instance['send']!()
    await vi.waitFor(() => expect(sent[1]).toEqual({ text: '好', mentions: [] }))
  })

  test('what is put back stands behind what was written, with whom it mentions', async () => {
    shown = show('input-bar')
    const sent = heardFrom(shown, 'send')
    type('你好 ')
    shown.instance['putBack']!({ text: '@小梅\u2005两盒', mentions: [{ id: MEI.id, name: '小梅' }] })
    shown.instance['send']!()
    await vi.waitFor(() => expect(sent).toEqual([{ text: '你好 @小梅\u2005两盒', mentions: [MEI.id] }]))
  })

  test('a place is offered where the app says so, and told as it was chosen', async () => {
    const place = { latitude: 30.2, longitude: 120.1, name: '翁家山', address: '杭州' }
    host({ chooseLocation: ({ success }: { success(chosen: object): void }) => success({ ...place, errMsg: 'ok' }) })
    shown = show('input-bar')
    shown.instance['toggleMore']!()
    await vi.waitFor(() => expect(text()).toContain('照片'))
    expect(text()).not.toContain('位置')
    shown.instance.setData({ location: true })
    await vi.waitFor(() => expect(text()).toContain('位置'))
    const told = heardFrom(shown, 'place')
    shown.instance['choosePlace']!()
    await vi.waitFor(() => expect(told).toEqual([place]))
  })
})

describe('the notice of a recall', () => {
  const recalls = () => module<{ keepRecalled(sent: object, now?: number): void }>('recalls.js')

  test('gives the text back while it is kept, and stops to offer it by itself', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const sent = message(2, { type: 'text', text: '两盒' }, { client_msg_id: 'r1', mentions: [MEI.id] })
    recalls().keepRecalled(sent)
    shown = show('bubble-notice', {
      text: '你撤回了一条消息',
      again: '重新编辑',
      until: Date.now() + 300_000,
      rowKey: 'r1',
    })
    expect(text()).toContain('重新编辑')
    const told: unknown[] = []
    shown.addEventListener('reedit', (event) => told.push(event.detail))
    shown.instance['edit']!()
    expect(told).toEqual([{ text: '两盒', mentions: [MEI.id], quoteSeq: 0 }])
    vi.advanceTimersByTime(300_001)
    expect(text()).not.toContain('重新编辑')
  })

  test('an ordinary notice offers nothing', () => {
    shown = show('bubble-notice', { text: '小梅加入了群聊' })
    expect(text()).toBe('小梅加入了群聊')
  })
})

describe('the consent sheet', () => {
  test('names the guideline, and answers the host after its own button was tapped', async () => {
    let need: (resolve: (answer: object) => void) => void = () => undefined
    host({
      onNeedPrivacyAuthorization: (listener: typeof need) => (need = listener),
      getPrivacySetting: ({ success }: { success(setting: object): void }) =>
        success({ privacyContractName: '《云岫茶铺隐私保护指引》' }),
    })
    shown = show('privacy')
    expect(text()).toBe('')
    const answers: object[] = []
    need((answer) => answers.push(answer))
    await vi.waitFor(() => expect(text()).toContain('《云岫茶铺隐私保护指引》'))
    expect(answers).toEqual([{ event: 'exposureAuthorization' }])
    const id = shown.instance.data['id'] as string
    expect(shown.dom.querySelector('.privacy--agree, [class*=agree]')).not.toBeNull()
    shown.querySelector('.agree')!.dispatchEvent('agreeprivacyauthorization')
    await vi.waitFor(() => expect(answers[1]).toEqual({ event: 'agree', buttonId: id }))
    await vi.waitFor(() => expect(text()).toBe(''))
    need((answer) => answers.push(answer))
    await vi.waitFor(() => expect(text()).toContain('拒绝'))
    tap('.refuse')
    await vi.waitFor(() => expect(answers[3]).toEqual({ event: 'disagree' }))
  })
})

describe('the conversation list', () => {
  const row = (inbox: object = {}) => ({
    conversation,
    inbox: { read_seq: 4, ...inbox },
    unread: 2,
    last: message(6),
    peer: null,
  })

  function list(log: object[]): void {
    use({
      me: ME,
      state: 'online',
      users: { find: () => MEI },
      conversations: { list: () => [row()] },
      messages: { list: () => ({ messages: log }) },
    })
    shown = show('conversation-list')
  }

  test('says that somebody mentioned me in what is unread, and only there', async () => {
    list([message(5, undefined, { mentions: [ME.id] }), message(6)])
    await vi.waitFor(() => expect(text()).toContain('[有人@我]'))
    shown!.detach()
    list([message(3, undefined, { mentions: [ME.id] }), message(5), message(6)])
    await vi.waitFor(() => expect(text()).toContain('茶友群'))
    expect(text()).not.toContain('[有人@我]')
    shown!.detach()
    list([message(6, undefined, { mentions: ['all'], sender_id: ME.id })])
    await vi.waitFor(() => expect(text()).toContain('茶友群'))
    expect(text()).not.toContain('[有人@我]')
  })

  test('shows what I was about to write', async () => {
    list([message(6)])
    module<{ keepDraft(id: string, draft: object): void }>('drafts.js').keepDraft('c1', {
      text: '明天去',
      mentions: [],
    })
    ;(shown!.instance['refresh'] as () => void)()
    await vi.waitFor(() => expect(text()).toContain('[草稿] 明天去'))
  })
})
