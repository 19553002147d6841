// @vitest-environment jsdom
// Selecting, forwarding and reading bundles: the built components, compiled by the official compiler, on a client that records.
import { createRequire } from 'node:module'
import path from 'node:path'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Content, Merged } from '@chaguan/sdk'
import { ME, MEI } from './messages'

interface Rendered {
  dom: HTMLElement
  attach(parent: HTMLElement): void
  detach(): void
  instance: { setData(data: object): void; data: Record<string, unknown> } & Record<string, (detail?: unknown) => void>
  querySelector(selector: string): (Rendered & { dispatchEvent(name: string, detail?: object): void }) | undefined
  querySelectorAll(selector: string): (Rendered & { dispatchEvent(name: string, detail?: object): void })[]
  addEventListener(name: string, listener: (event: { detail: Record<string, unknown> }) => void): void
}

interface Simulate {
  load(path: string, tag?: string, options?: object): string
  render(id: string, properties?: object): Rendered
}

interface Kit {
  use(client: object, options: object): void
  setLanguage(language: string): void
}

const require = createRequire(import.meta.url)
const home = path.join(import.meta.dirname, '../miniprogram_dist/components')
let simulate: Simulate
let kit: Kit
const host = {
  getAppBaseInfo: () => ({ language: 'zh_CN' }),
  showToast: vi.fn(),
  previewMedia: vi.fn(),
  setClipboardData: vi.fn(),
  showActionSheet: vi.fn(() => Promise.resolve({ tapIndex: 0 })),
}

function show(name: string, properties: object): Rendered {
  const id = simulate.load(path.join(home, name, 'index'), `cg-${name}`, {
    compiler: 'official',
    rootPath: path.join(home, '..'),
  })
  const rendered = simulate.render(id, properties)
  rendered.attach(document.body.appendChild(document.createElement('div')))
  return rendered
}

const conversation = (id: string, name: string, inbox: object = {}) => ({
  conversation: { id, kind: 'group', name },
  inbox: { read_seq: 0, ...inbox },
  unread: 0,
})

/** A client as far as these components ask; `answer` says what commands give. */
function recorder(answer: (command: Record<string, unknown>) => unknown = () => ({ sent: [] }), said: object[] = []) {
  const commands: Record<string, unknown>[] = []
  let keys = 0
  const client = {
    state: 'online',
    me: ME,
    on: () => () => undefined,
    newKey: () => `key-${++keys}`,
    users: { find: (id: string) => [ME, MEI].find((user) => user.id === id) },
    conversations: {
      list: () => [
        conversation('c1', '春茶品鉴群'),
        conversation('c2', '小梅'),
        conversation('c3', '离开的群', { until_seq: 9 }),
        conversation('c4', '拉黑的人', { blocked: true }),
      ],
      hasMore: false,
      find: () => undefined,
    },
    messages: { list: () => ({ messages: said }) },
    command: (command: Record<string, unknown>) => {
      commands.push(command)
      try {
        return Promise.resolve(answer(command))
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
  }
  kit.use(client, { endpoint: 'https://im.test' })
  return commands
}

const failure = (code: string, data: object = {}) => Object.assign(new Error(code), { code, data, retryAfterMs: 0 })

beforeAll(() => {
  simulate = require('miniprogram-simulate') as Simulate
  Object.assign((globalThis as unknown as { wx: object }).wx, host)
  kit = (require(path.join(home, '../kit.js')) as { kit: Kit }).kit
})

beforeEach(() => {
  vi.clearAllMocks()
  kit.setLanguage('zh-CN')
})

describe('selecting', () => {
  const row = (more: object = {}) => ({
    key: 'k1',
    name: '小梅',
    label: '小梅：在的',
    reactions: [],
    status: '',
    pickable: true,
    picked: false,
    body: { kind: 'text', plain: '在的', parts: [{ id: 0, text: '在的', link: false }] },
    ...more,
  })

  test('the whole line is one thing to tap, and says which message it is about', async () => {
    const shown = show('message', { row: row(), selecting: true })
    const told: unknown[] = []
    shown.addEventListener('pick', ({ detail }) => told.push(detail))
    const box = shown.querySelector('.choice')!
    box.dispatchEvent('tap')
    await vi.waitFor(() => expect(told).toEqual([{ key: 'k1' }]))
  })

  test('what is selected is marked; what can not be does nothing; else there are none', () => {
    expect(show('message', { row: row({ picked: true }), selecting: true }).querySelector('.tick')).toBeTruthy()
    expect(show('message', { row: row(), selecting: true }).querySelector('.tick')).toBeFalsy()
    const never = show('message', { row: row({ pickable: false }), selecting: true })
    const told: unknown[] = []
    never.addEventListener('pick', () => told.push(1))
    never.querySelector('.choice')!.dispatchEvent('tap')
    expect(told).toEqual([])
    expect(show('message', { row: row(), selecting: false }).querySelector('.choice')).toBeFalsy()
  })

  test('the bar does what can be done, and nothing while nothing is selected', async () => {
    const told: string[] = []
    const bar = (properties: object) => {
      const shown = show('select-bar', properties)
      for (const name of ['cancel', 'copy', 'forward']) shown.addEventListener(name, () => told.push(name))
      shown.querySelectorAll('.act').forEach((act) => act.dispatchEvent('tap'))
      return shown
    }
    bar({ label: '已选 0 条' })
    await vi.waitFor(() => expect(told).toEqual(['cancel']))
    bar({ label: '已选 2 条', canCopy: true, canForward: true })
    await vi.waitFor(() => expect(told).toEqual(['cancel', 'cancel', 'copy', 'forward']))
    expect(bar({ copyOnly: true }).dom.textContent).not.toContain('转发')
  })
})

describe('forwarding', () => {
  const sheet = (merged = true) => show('forward-sheet', { from: 'c1', seqs: [3, 5], merged })
  const choose = (shown: Rendered, index: number) => shown.querySelectorAll('.row')[index]!.dispatchEvent('tap')

  test('it asks where to, and offers only where one can write', () => {
    recorder()
    expect(sheet().dom.textContent).toMatch(/春茶品鉴群.*小梅/)
    expect(sheet().dom.textContent).not.toMatch(/离开的群|拉黑的人/)
  })

  test('what is typed narrows the list, and nothing found is said', async () => {
    recorder()
    const shown = sheet()
    shown.instance['onQuery']!({ detail: { value: '春茶' } })
    await vi.waitFor(() => expect(shown.dom.textContent).not.toContain('小梅'))
    expect(shown.dom.textContent).toContain('春茶品鉴群')
    shown.instance['onQuery']!({ detail: { value: '普洱' } })
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('没有找到会话'))
  })

  test('it sends only after a second look, and tells that it is done', async () => {
    const commands = recorder(() => ({ sent: [{ seq: 9 }] }))
    const shown = sheet()
    const done: unknown[] = []
    shown.addEventListener('done', ({ detail }) => done.push(detail))
    choose(shown, 1)
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('[合并转发] 共 2 条消息'))
    expect(commands).toEqual([])
    shown.querySelector('.main')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(done).toEqual([{ to: 'c2', sent: [{ seq: 9 }], left_out: [] }]))
    expect(commands).toEqual([
      {
        type: 'forward_messages',
        conversation_id: 'c1',
        seqs: [3, 5],
        to_conversation_id: 'c2',
        client_msg_id: 'key-1',
        merged: true,
      },
    ])
    expect(host.showToast).toHaveBeenCalledWith({ title: '已转发', icon: 'success' })
  })

  test('a single message is shown in its words before it is sent', async () => {
    recorder()
    const shown = show('forward-sheet', { from: 'c1', seqs: [3], merged: false, preview: '明天下午三点到' })
    choose(shown, 0)
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('明天下午三点到'))
    expect(shown.dom.textContent).not.toContain('共 1 条')
  })

  test('it steps aside while they are on their way, and is back with its question where that fails', async () => {
    let fail: (error: Error) => void = () => undefined
    recorder(() => new Promise((_, reject) => (fail = reject)))
    const shown = sheet()
    const away: unknown[] = []
    shown.addEventListener('away', ({ detail }) => away.push(detail['on']))
    choose(shown, 0)
    await vi.waitFor(() => expect(shown.querySelector('.main')).toBeTruthy())
    shown.querySelector('.main')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(shown.querySelector('.sheet')).toBeFalsy())
    expect(away).toEqual([true])
    fail(failure('forbidden'))
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('不能发送消息'))
    expect(shown.dom.textContent).toContain('共 2 条消息')
    expect(away).toEqual([true, false])
  })

  test('two taps are one forwarding, and another try has the same key', async () => {
    let fails = true
    const commands = recorder(() => {
      if (fails) throw failure('timeout')
      return { sent: [], left_out: [5] }
    })
    const shown = sheet(false)
    choose(shown, 0)
    await vi.waitFor(() => expect(shown.querySelector('.main')).toBeTruthy())
    shown.querySelector('.main')!.dispatchEvent('tap')
    shown.querySelector('.main')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('没有发出去，请重试'))
    expect(commands).toHaveLength(1)
    fails = false
    shown.querySelector('.main')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(host.showToast).toHaveBeenCalledWith({ title: '已转发，1 条不能转发', icon: 'none' }))
    expect(commands.map((command) => command['client_msg_id'])).toEqual(['key-1', 'key-1'])
  })

  test.each([
    ['too_large', { reason: 'bytes' }, '内容太多'],
    ['too_large', { reason: 'depth' }, '套得太多层'],
    ['not_found', { seqs: [3, 5] }, '已被撤回'],
    ['forbidden', {}, '不能发送消息'],
  ])('a refusal is told in words: %s %o', async (code, data, words) => {
    recorder(() => {
      throw failure(code, data)
    })
    const shown = sheet()
    choose(shown, 0)
    await vi.waitFor(() => expect(shown.querySelector('.main')).toBeTruthy())
    shown.querySelector('.main')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(shown.dom.textContent).toContain(words))
  })

  test('it speaks both languages', async () => {
    recorder()
    kit.setLanguage('en')
    const shown = sheet(false)
    choose(shown, 0)
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('[One by one] 2 messages'))
    expect(shown.dom.textContent).not.toMatch(/转发|发送/)
  })
})

describe('a bundle', () => {
  const item = (n: number, content: Content) => ({ sender: n % 2, created_at: 1_700_000_000_000 + n * 60_000, content })
  const text = (words: string): Content => ({ type: 'text', text: words })
  const inner: Merged = {
    type: 'merged',
    from_kind: 'direct',
    count: 1,
    senders: [{ name: '阿泉' }],
    items: [item(0, text('最里面的话'))],
  }
  const picture = (id: string): Content => ({
    type: 'image',
    media_id: id,
    url: `/v1/media/${id}`,
    width: 4,
    height: 3,
  })
  const whole = (contents: Content[]): Merged => ({
    type: 'merged',
    from_kind: 'group',
    count: contents.length,
    senders: [{ name: '小梅' }, { name: '茶友' }],
    items: contents.map((content, n) => item(n, content)),
  })
  const answering = (content: Content | null) => () => ({ messages: content ? [{ seq: 7, content }] : [] })
  const open = () => show('bundle-view', { conversationId: 'c1', seq: 7 })
  /** Bubbles are generic, which this simulation does not draw: what they are given. The browser's test sees them. */
  const said = ({ instance }: Rendered) =>
    (instance.data['rows'] as { body: { plain: string } }[]).map(({ body }) => body.plain)

  test('its bubble shows whose it is and four lines at most, and a tap tells that it shall open', async () => {
    const body = {
      kind: 'merged',
      plain: '[聊天记录] 群聊的聊天记录',
      title: '群聊的聊天记录',
      lines: ['小梅：在的', '茶友：好', '小梅：[图片]', '茶友：[语音]'].map((line, id) => ({ id, text: line })),
      note: '查看 9 条聊天记录',
    }
    const shown = show('bubble', { row: { key: 'k7', body, reactions: [], status: '' } })
    for (const words of ['群聊的聊天记录', '小梅：在的', '茶友：[语音]', '查看 9 条聊天记录'])
      expect(shown.dom.textContent).toContain(words)
    const told: unknown[] = []
    shown.addEventListener('bundle', ({ detail }) => told.push(detail))
    shown.querySelector('.bubble')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(told).toEqual([{ key: 'k7' }]))
  })

  test('opened it is asked for whole and shows every kind of content', async () => {
    const card: Content = { type: 'card', title: '明前龙井', lines: [{ label: '', value: '¥168' }] }
    const file: Content = { type: 'file', media_id: 'f', name: '报价单.pdf', size: 2048 }
    const place: Content = { type: 'location', latitude: 30, longitude: 120, name: '翁家山店' }
    const future = { type: 'hologram', fallback: '全息影像' } as unknown as Content
    const commands = recorder(answering(whole([text('在的'), card, file, place, picture('m1'), inner, future])))
    const shown = open()
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('群聊的聊天记录'))
    expect(said(shown)).toEqual([
      '在的',
      '[卡片] 明前龙井',
      '[文件] 报价单.pdf',
      '[位置] 翁家山店',
      '[图片]',
      '[聊天记录] 阿泉的聊天记录',
      '全息影像',
    ])
    expect(commands).toEqual([{ type: 'get_messages', conversation_id: 'c1', seqs: [7] }])
  })

  test('a bundle inside opens in its place, and back leads out again, at last out of it', async () => {
    recorder(answering(whole([text('外面的话'), inner])))
    const shown = open()
    const closed = vi.fn()
    shown.addEventListener('close', closed)
    await vi.waitFor(() => expect(said(shown)[0]).toBe('外面的话'))
    shown.instance['onBundle']!({ detail: { key: 'b7.1.1' } })
    await vi.waitFor(() => expect(said(shown)).toEqual(['最里面的话']))
    expect(shown.dom.textContent).toContain('阿泉的聊天记录')
    shown.instance['back']!()
    await vi.waitFor(() => expect(said(shown)[0]).toBe('外面的话'))
    expect(closed).not.toHaveBeenCalled()
    shown.instance['back']!()
    expect(closed).toHaveBeenCalledOnce()
  })

  test('its pictures are looked at one after the other, at the addresses of the deployment', async () => {
    recorder(answering(whole([picture('m1'), text('好看'), picture('m2')])))
    const shown = open()
    await vi.waitFor(() => expect(said(shown)).toHaveLength(3))
    shown.instance['onPicture']!({ detail: { key: 'b7.1.2' } })
    const urls = ['https://im.test/v1/media/m1', 'https://im.test/v1/media/m2']
    const sources = urls.map((url) => ({ url, type: 'image' }))
    expect(host.previewMedia).toHaveBeenCalledWith(expect.objectContaining({ sources, current: 1 }))
  })

  test('a long one crosses to the view in steps', async () => {
    recorder(answering(whole(Array.from({ length: 50 }, (_, n) => text(`第 ${n} 句`)))))
    const shown = open()
    await vi.waitFor(() => expect(said(shown)).toHaveLength(20))
    const sent = vi.spyOn(shown.instance, 'setData')
    shown.instance['onLower']!()
    await vi.waitFor(() => expect(said(shown)[39]).toBe('第 39 句'))
    expect(Object.keys(sent.mock.calls[0]![0] as object)[0]).toBe('rows[20]')
    shown.instance['onLower']!()
    shown.instance['onLower']!()
    await vi.waitFor(() => expect(said(shown)).toHaveLength(50))
  })

  test('without a network it says so and loads on the next tap; recalled meanwhile it says that', async () => {
    let fails = true
    recorder(() => {
      if (fails) throw failure('timeout')
      return { messages: [{ seq: 7, content: whole([text('在的')]) }] }
    })
    const shown = open()
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('加载失败，点此重试'))
    fails = false
    shown.querySelector('.cover')!.dispatchEvent('tap')
    await vi.waitFor(() => expect(said(shown)).toEqual(['在的']))
    recorder(answering(null))
    const gone = open()
    await vi.waitFor(() => expect(gone.dom.textContent).toContain('这份聊天记录已被撤回或清除'))
  })
})
