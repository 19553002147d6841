import type { Content, Merged, MergedItem } from '@chaguan/sdk'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { bundleTitle } from '../src/bundles'
import { textsOf } from '../src/texts'
import { message } from './fake'
import { openRoom, stubBrowser } from './room'

beforeAll(stubBrowser)
beforeEach(() => sessionStorage.clear())

const AT = new Date(2026, 2, 5, 9, 30).getTime()
const text = (words: string): Content => ({ type: 'text', text: words })
const item = (content: Content, sender = 0): MergedItem => ({ sender, created_at: AT, content })
const bundle = (items: MergedItem[], senders = ['Mei', 'Bo'], from_kind: Merged['from_kind'] = 'direct'): Merged => ({
  type: 'merged',
  from_kind,
  count: items.length,
  senders: senders.map((name) => ({ name })),
  items,
})
const photo = (id: string): Content => ({ type: 'image', media_id: id, url: `https://im.example/${id}` })
const inner = bundle([item(text('the innermost'))], ['Li'])
const whole = bundle([
  item(text('first\nlines')),
  item(text('second')),
  item(photo('a.png'), 1),
  item(inner),
  item(photo('b.png'), 1),
  item(text('the sixth'), 1),
])
/** As a conversation holds it: its first lines, and a bundle in it without items. */
const brief: Merged = { ...whole, items: whole.items.slice(0, 4) }

const open = (answer: (seq: number) => Content | null = () => whole) => {
  const room = openRoom([message(1, { content: brief })], { bundle: answer })
  const view = room.find<HTMLDialogElement>('.bundle-view')
  return { ...room, view, words: () => view.textContent ?? '', enter: () => room.find('.log .bundle').click() }
}

describe('a bundle of messages', () => {
  test('is called by whose words they are', () => {
    const [en, zh] = [textsOf('en'), textsOf('zh-CN')]
    expect(bundleTitle(whole, en)).toBe('Chat history of Mei and Bo')
    expect(bundleTitle(whole, zh)).toBe('Mei和Bo的聊天记录')
    expect(bundleTitle(inner, en)).toBe('Chat history of Li')
    expect(bundleTitle(bundle([], ['Mei'], 'group'), en)).toBe('Group chat history')
    expect(bundleTitle(bundle([], ['', '']), en)).toBe('Chat history')
  })

  test('shows four lines in its bubble, each on one', () => {
    const room = open()
    const lines = room.all('.log .bundle > span').map((line) => line.textContent)
    expect(lines).toEqual(['Mei: first lines', 'Mei: second', 'Bo: [Photo]', 'Mei: [Chat history] Chat history of Li'])
    expect(room.find('.log .bundle').textContent).toContain('See 6 messages')
  })

  test('opens whole, with the name where somebody begins to speak, and takes the focus and gives it back', async () => {
    const room = open()
    room.enter()
    await vi.waitFor(() => expect(room.words()).toContain('the sixth'))
    expect(room.view.open).toBe(true)
    expect(room.find('.bundle-view h2').textContent).toBe('Chat history of Mei and Bo')
    const names = room.all('.bundle-view li .name').map((name) => name.textContent)
    expect(names).toEqual(['Mei', '', 'Bo', 'Mei', 'Bo', ''])
    expect(room.root.activeElement?.tagName).toBe('OL')
    room.view.close()
    expect(room.root.activeElement?.className).toBe('bundle')
    expect(room.words()).not.toContain('the sixth')
  })

  test('inside of it opens in its place, and back leads out again', async () => {
    const room = open()
    room.enter()
    await vi.waitFor(() => expect(room.words()).toContain('the sixth'))
    const [back] = room.all('.bundle-view .tool')
    expect(back!.hidden).toBe(true)
    room.find('.bundle-view .bundle').click()
    expect(room.words()).toContain('the innermost')
    expect(room.words()).not.toContain('the sixth')
    expect(back!.hidden).toBe(false)
    back!.click()
    expect(room.words()).toContain('the sixth')
  })

  test('shows its own pictures one after the other, and none of the conversation', async () => {
    const room = open()
    room.enter()
    await vi.waitFor(() => expect(room.words()).toContain('the sixth'))
    room.all('.bundle-view .picture')[1]!.click()
    expect(room.find<HTMLImageElement>('.viewer .frame img').src).toBe('https://im.example/b.png')
    expect(room.find('.viewer .count').textContent).toBe('2 of 2')
  })

  test('that was taken back says so; one that can not be read now is tried again', async () => {
    const gone = open(() => null)
    gone.enter()
    await vi.waitFor(() => expect(gone.words()).toContain('taken back or erased'))
    let fails = true
    const room = open(() => {
      if (fails) throw new Error('no network')
      return whole
    })
    room.enter()
    await vi.waitFor(() => expect(room.words()).toContain('Please check your network'))
    fails = false
    room.find('.bundle-view .plain').click()
    await vi.waitFor(() => expect(room.words()).toContain('the sixth'))
  })

  test('does not come up any more once the window was closed before it was there', async () => {
    let answer: (content: Content) => void = () => undefined
    const room = open()
    const late = new Promise<Content>((resolve) => (answer = resolve))
    const client = room.chat.client as unknown as { command: () => Promise<object> }
    client.command = async () => ({ messages: [message(1, { content: await late })] })
    room.enter()
    room.room.leave()
    answer(whole)
    await late
    await Promise.resolve()
    expect(room.view.open).toBe(false)
    expect(room.words()).not.toContain('the sixth')
  })
})
