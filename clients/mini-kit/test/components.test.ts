// @vitest-environment jsdom
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'

interface Rendered {
  dom: HTMLElement
  attach(parent: HTMLElement): void
  instance: { setData(data: object): void; data: Record<string, unknown> }
  querySelector(selector: string): (Rendered & { dispatchEvent(name: string, detail?: object): void }) | undefined
  addEventListener(name: string, listener: (event: { detail: Record<string, unknown> }) => void): void
}

interface Simulate {
  load(path: string, tag?: string, options?: object): string
  render(id: string, properties?: object): Rendered
}

const require = createRequire(import.meta.url)
const home = path.join(import.meta.dirname, '../miniprogram_dist/components')
let simulate: Simulate

/** Renders a built component, through WeChat's own template compiler. */
function show(name: string, properties: object): Rendered {
  const id = simulate.load(path.join(home, name, 'index'), `cg-${name}`, {
    compiler: 'official',
    rootPath: path.join(home, '..'),
  })
  const rendered = simulate.render(id, properties)
  rendered.attach(document.body.appendChild(document.createElement('div')))
  return rendered
}

/** The component inside of a page of an app. */
function within(name: string, attributes: string, data: object, inside = ''): Rendered {
  const used = simulate.load(path.join(home, name, 'index'), `cg-${name}`, {
    compiler: 'official',
    rootPath: path.join(home, '..'),
  })
  const given = Object.keys(data).map((key) => `${key}="{{${key}}}"`)
  const template = `<view><one ${attributes} ${given.join(' ')}>${inside}</one></view>`
  const id = simulate.load({ template, usingComponents: { one: used }, data } as unknown as string)
  const rendered = simulate.render(id)
  rendered.attach(document.body.appendChild(document.createElement('div')))
  return rendered
}

beforeAll(() => {
  simulate = require('miniprogram-simulate') as Simulate
  Object.assign((globalThis as unknown as { wx: object }).wx, { getAppBaseInfo: () => ({ language: 'zh_CN' }) })
})

describe('components, compiled by the official compiler', () => {
  test('an avatar draws the given name of a Chinese name and the initial of others', () => {
    expect(show('avatar', { name: '王小梅' }).dom.textContent).toBe('梅')
    expect(show('avatar', { name: 'alice' }).dom.textContent).toBe('A')
  })

  test('an avatar says nothing to the view for a picture, until that fails; another one is tried again', async () => {
    const shown = show('avatar', { name: 'alice', src: '/a.png' })
    expect(shown.instance.data['initial']).toBe('')
    shown.querySelector('.picture')!.dispatchEvent('error')
    await vi.waitFor(() => expect(shown.dom.textContent).toBe('A'))
    shown.instance.setData({ src: '/b.png' })
    await vi.waitFor(() => expect(shown.querySelector('.picture')).toBeTruthy())
    expect(shown.dom.textContent).toBe('')
  })

  test('every component takes the class of whoever uses it', () => {
    const bodies: Record<string, object> = { 'bubble-notice': { text: '茶' }, 'way-back': { active: true } }
    const parts = [{ id: 0, text: '茶', link: false }]
    const body = { kind: 'text', parts, lines: [], actions: [], bars: [], width: 80, height: 80 }
    const row = { key: 'k', body: { ...body }, reactions: [], status: '' }
    for (const name of fs.readdirSync(home)) {
      const properties = /^message$|^bubble$/.test(name) ? { row } : (bodies[name] ?? { body })
      const { dom } = within(name, 'custom-class="of-the-app"', properties)
      expect(dom.querySelectorAll('[class*="of-the-app"]').length, name).toBeGreaterThan(0)
    }
  })

  test.each([
    ['conversation-list', 'header'],
    ['chat', 'header'],
    ['chat', 'above-input'],
  ])('what an app puts into %s at %s is there', (name, slot) => {
    expect(within(name, '', {}, `<view slot="${slot}">周年庆</view>`).dom.textContent).toContain('周年庆')
  })

  test('an empty conversation list says so in words of the app, where it has some', async () => {
    vi.useRealTimers()
    const { kit } = require(path.join(home, '../kit.js')) as { kit: { use(client: object, options: object): void } }
    const client = { state: 'online', on: () => () => undefined, conversations: { list: () => [] } }
    kit.use(client, { endpoint: '' })
    const own = '<view slot="empty">还没有茶友</view>'
    const shown = within('conversation-list', 'use-empty-slot="{{true}}"', {}, own)
    await vi.waitFor(() => expect(shown.dom.textContent).toContain('还没有茶友'))
    expect(within('conversation-list', '', {}).dom.textContent).not.toContain('还没有茶友')
  })

  test('a look is put on at once and taken off again', async () => {
    const { kit } = require(path.join(home, '../kit.js')) as { kit: Record<string, (value: unknown) => void> }
    const { dom } = show('conversation-list', {})
    kit['setTheme']!('ink')
    kit['setTextSize']!('large')
    kit['setScheme']!('dark')
    await vi.waitFor(() => expect(dom.innerHTML).toMatch(/cg-root.*cg-ink.*cg-dark.*cg-large/))
    kit['setTheme']!('tea')
    kit['setTextSize']!('normal')
    kit['setScheme']!('auto')
    await vi.waitFor(() => expect(dom.innerHTML).not.toMatch(/cg-ink|cg-large|cg-dark/))
  })

  test('a text bubble shows the text as written, markup included', () => {
    const parts = [
      { id: 0, text: '<b>不是标签</b>', link: false },
      { id: 1, text: 'https://a.example', link: true },
    ]
    const { dom } = show('bubble-text', { body: { kind: 'text', parts }, mine: true })
    expect(dom.textContent).toBe('<b>不是标签</b>https://a.example')
    expect(dom.innerHTML).not.toContain('<b>')
    expect(dom.innerHTML).toContain('mine')
  })

  test('a card shows its title, lines and actions', () => {
    const body = {
      kind: 'card',
      title: '明前龙井',
      picture: '',
      lines: [{ id: 0, label: '', value: '¥168' }],
      actions: [{ id: 'open', label: '查看', page: '/p', url: '' }],
    }
    const { dom } = show('bubble-card', { body })
    for (const text of ['明前龙井', '¥168', '查看']) expect(dom.textContent).toContain(text)
  })

  test('a notice, a file, a place and what is not supported say what they are', () => {
    expect(show('bubble-notice', { text: '你撤回了一条消息' }).dom.textContent).toBe('你撤回了一条消息')
    expect(
      show('bubble-file', { body: { kind: 'file', name: '报价单.pdf', size: '20 KB', ending: 'PDF', plain: '' } }).dom
        .textContent,
    ).toContain('报价单.pdf')
    expect(
      show('bubble-location', { body: { kind: 'location', name: '翁家山', address: '杭州', plain: '' } }).dom
        .textContent,
    ).toContain('翁家山')
    expect(show('bubble-unsupported', { body: { kind: 'unsupported', text: '请升级' } }).dom.textContent).toBe('请升级')
  })

  test('a voice bubble tells its seconds and draws as many bars as it was given', () => {
    const bars = [
      { id: 0, height: 20 },
      { id: 1, height: 80 },
    ]
    const { dom } = show('bubble-voice', {
      body: { kind: 'voice', src: '', seconds: 7, bars, hint: '语音，7 秒' },
      rowKey: 'k',
    })
    expect(dom.textContent).toContain('7″')
    expect(dom.querySelectorAll('[style*="height"]')).toHaveLength(2)
  })

  test('emoji are picked one by one', async () => {
    const panel = show('emoji-panel', { canSend: true })
    const picked: unknown[] = []
    panel.addEventListener('pick', (event) => picked.push(event.detail))
    panel.querySelector('.emoji')?.dispatchEvent('tap')
    await vi.waitFor(() => expect(picked).toHaveLength(1))
  })
})
