import type { Message } from '@chaguan/sdk'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { MOST } from '../src/span'
import { message } from './fake'
import { openRoom, stubBrowser } from './room'

beforeAll(stubBrowser)
beforeEach(() => sessionStorage.clear())

const many = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i))
const mine = (seq: number, more: Partial<Message> = {}) => message(seq, { sender_id: 'ann', ...more })

describe('a conversation of 10,000 messages', () => {
  test('has few of them in the page, wherever the reader is, and shows the place they were at', () => {
    const room = openRoom(many(1, 10_000))
    expect(room.rows().at(-1)).toBe('k10000')
    for (let i = 0; i < 5; i++) {
      const [seen] = room.rows()
      room.scrollTo(0)
      expect(room.rows().length).toBeLessThanOrEqual(MOST)
      expect(room.rows()).toContain(seen)
    }
    expect(room.rows().at(-1)).not.toBe('k10000')
    for (let i = 0; i < 6; i++) room.scrollTo(1e9)
    expect(room.rows().length).toBeLessThanOrEqual(MOST)
    expect(room.rows().at(-1)).toBe('k10000')
  })

  test('keeps the line that is seen where it is while others come in above it and leave below', () => {
    const room = openRoom(many(1, 1_000))
    const log = room.find('.log')
    const at = (key: string) => room.find(`[data-key=${key}]`).offsetTop - log.scrollTop
    log.scrollTop = 300
    const before = at('k890')
    log.dispatchEvent(new Event('scroll'))
    expect(room.rows()[0]).toBe('k841')
    expect(at('k890')).toBe(before)
  })

  test('is asked of the server page by page, and no line moves', () => {
    const room = openRoom(many(31, 60), { server: many(1, 30) })
    const log = room.find('.log')
    log.scrollTop = 100
    const line = room.find('[data-key=k40]')
    const before = line.offsetTop - log.scrollTop
    log.dispatchEvent(new Event('scroll'))
    expect(room.api.loadOlder).toHaveBeenCalledOnce()
    expect(room.rows()).toContain('k1')
    expect(line.offsetTop - log.scrollTop).toBe(before)
  })

  test('leads back to its end at once', () => {
    const room = openRoom(many(1, 1_000))
    for (let i = 0; i < 5; i++) room.scrollTo(0)
    expect(room.find('.to-end').hidden).toBe(false)
    room.find('.to-end').click()
    expect(room.rows().at(-1)).toBe('k1000')
    expect(room.find('.to-end').hidden).toBe(true)
  })
})

describe('unread messages', () => {
  test('stand below a line, which is found though hundreds follow it', () => {
    const room = openRoom(many(1, 400), { readSeq: 150 })
    expect(room.find('.divider').closest<HTMLElement>('.row')!.dataset['key']).toBe('k151')
  })

  test('of which the first is not held are led to, and no line says that all is new', async () => {
    const room = openRoom(many(100, 130), { server: many(1, 99), readSeq: 20 })
    expect(room.find('.divider')).toBeNull()
    ;(room.chat as { unread: number }).unread = 110
    room.room.enter()
    room.room.render()
    expect(room.find('.to-unread').hidden).toBe(false)
    expect(room.find('.to-unread').textContent).toBe('110 unread')
    room.find('.to-unread').click()
    expect(room.api.around).toHaveBeenCalledWith('c', 21)
    await vi.waitFor(() => expect(room.find('.to-unread').hidden).toBe(true))
  })
})

describe('a screen reader', () => {
  const told = (room: ReturnType<typeof openRoom>) => room.find('.news').textContent

  test('is told what others say while the window is open, and nothing else', () => {
    const room = openRoom(many(1, 3))
    expect(told(room)).toBe('')
    room.now([...many(1, 3), message(4)])
    expect(told(room)).toBe('Mei: text 4')
    room.now([...many(1, 4), mine(5)])
    expect(told(room)).toBe('Mei: text 4')
    room.now([...many(-30, 0), ...many(1, 4), mine(5)])
    expect(told(room)).toBe('Mei: text 4')
  })

  test('is told how many, where many come at once, and what did not go out', () => {
    const room = openRoom(many(1, 3))
    room.now(many(1, 9))
    expect(told(room)).toBe('6 new')
    room.now([...many(1, 9), mine(0, { status: 'failed', client_msg_id: 'new' })])
    expect(told(room)).toBe('Not sent')
  })

  test('hears the next customer’s conversation from its own beginning', () => {
    const room = openRoom(many(1, 300))
    ;(room.chat as { conversationId: string }).conversationId = 'd'
    room.now(many(1, 2))
    expect(told(room)).toBe('')
    room.now(many(1, 3))
    expect(told(room)).toBe('Mei: text 3')
  })

  test('does not hear the list itself, in which lines come and go', () => {
    const room = openRoom(many(1, 3))
    expect(room.find('.log').getAttribute('role')).toBe('log')
    expect(room.find('.log').getAttribute('aria-live')).toBe('off')
    expect(room.find('[data-key=k2]').getAttribute('aria-label')).toBe('Mei: text 2')
  })
})

describe('by keyboard', () => {
  test('one walks from message to message, opens what can be done with one, and comes back to it', () => {
    const room = openRoom([...many(1, 3), mine(4)])
    room.find('.log').focus()
    room.key('ArrowUp')
    expect(room.root.activeElement).toBe(room.find('[data-key=k4]'))
    room.key('ArrowUp')
    room.key('ArrowDown')
    room.key('Enter')
    expect(room.all('.choice').map(({ textContent }) => textContent)).toEqual(['Copy', 'Quote', 'Take back'])
    room.key('ArrowUp')
    expect(room.root.activeElement!.textContent).toBe('Take back')
    room.key('Escape')
    expect(room.find('.menu').hidden).toBe(true)
    expect(room.root.activeElement).toBe(room.find('[data-key=k4]'))
    expect(room.close).not.toHaveBeenCalled()
    room.key('Escape')
    expect(room.close).toHaveBeenCalledOnce()
  })

  test('the focus stays with a message that is drawn anew, and in the window when it is gone', () => {
    const room = openRoom(many(1, 3))
    room.find('[data-key=k2]').focus()
    room.now([message(1), message(2, { edited_at: 5 }), message(3)])
    expect(room.root.activeElement).toBe(room.find('[data-key=k2]'))
    room.now([message(1), message(3)])
    expect(room.root.activeElement).toBe(room.find('.log'))
  })

  test('the keys of emoji go round as they stand, and Escape closes them alone', () => {
    const room = openRoom(many(1, 3))
    const open = room.find('[aria-label=Emoji].tool')
    open.click()
    const [first] = room.all('.emoji button')
    expect(room.root.activeElement).toBe(first)
    room.key('ArrowRight')
    room.key('End')
    expect(room.all('.emoji button').filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1)
    expect(room.root.activeElement).toBe(room.all('.emoji button').at(-1))
    room.key('Escape')
    expect(room.find('.emoji').hidden).toBe(true)
    expect(room.root.activeElement).toBe(open)
    expect(room.close).not.toHaveBeenCalled()
  })
})

describe('what can be done with a message', () => {
  const choose = (room: ReturnType<typeof openRoom>, key: string, label: string) => {
    room.find(`[data-key=${key}] .more`).click()
    room
      .all('.choice')
      .find(({ textContent }) => textContent === label)!
      .click()
  }
  const offered = (room: ReturnType<typeof openRoom>, key: string) => {
    room.find(`[data-key=${key}] .more`).click()
    return room.all('.choice').map(({ textContent }) => textContent)
  }

  test('depends on whose it is, how old, and of what kind', () => {
    const picture = { type: 'image', media_id: 'm', width: 8, height: 8 } as const
    const old = mine(3, { created_at: Date.now() - 3_600_000 })
    const room = openRoom([message(1), mine(2), old, message(4, { content: picture })])
    expect(offered(room, 'k1')).toEqual(['Copy', 'Quote'])
    expect(offered(room, 'k2')).toEqual(['Copy', 'Quote', 'Take back'])
    expect(offered(room, 'k3')).toEqual(['Copy', 'Quote'])
    expect(offered(room, 'k4')).toEqual(['Quote'])
  })

  test('it is quoted: above the input until it is sent or let go', () => {
    const room = openRoom(many(1, 3))
    choose(room, 'k2', 'Quote')
    expect(room.find('.quoting p').textContent).toBe('Mei: text 2')
    const box = room.find<HTMLTextAreaElement>('textarea')
    box.value = 'this one'
    room.find<HTMLFormElement>('form').requestSubmit()
    expect(room.api.send).toHaveBeenCalledWith('c', { type: 'text', text: 'this one' }, { quoteSeq: 2 })
    expect(room.find('.quoting').hidden).toBe(true)
  })

  test('it is taken back, and its text can be written anew', async () => {
    const room = openRoom([message(1), mine(2)])
    choose(room, 'k2', 'Take back')
    expect(room.api.recall).toHaveBeenCalledWith('c', 2)
    room.now([message(1), mine(2, { content: null, recalled_by: 'ann' })])
    room.find('.again').click()
    expect(room.find<HTMLTextAreaElement>('textarea').value).toBe('text 2')
  })

  test('it is too late to take it back: the server says so, and so does the window', async () => {
    const room = openRoom([mine(1)])
    room.api.recall.mockRejectedValueOnce({ code: 'forbidden' })
    choose(room, 'k1', 'Take back')
    await vi.waitFor(() => expect(room.find('.banner').textContent).toContain('2 minutes'))
  })

  test('one that failed is sent again or deleted, with the reason beside it', () => {
    const error = { code: 'too_large' } as Message['error']
    const room = openRoom([mine(0, { status: 'failed', client_msg_id: 'x', error })])
    expect(room.find('.failed').textContent).toContain('too large')
    const [again, away] = room.all('.failed button')
    again!.click()
    away!.click()
    expect(room.api.resend).toHaveBeenCalledWith('x')
    expect(room.api.discard).toHaveBeenCalledWith('x')
  })
})

describe('a card that offers answers', () => {
  const choices = {
    type: 'card',
    title: '您是想问：',
    object_type: 'choices',
    lines: [{ label: '1', value: '退款多久到账？' }],
    actions: [
      { id: '1', label: '1' },
      { id: 'human', label: '转人工' },
    ],
  } as const

  test('says what its buttons stand for, also where the page hears nothing of cards', () => {
    const room = openRoom([
      message(1, { content: { ...choices, lines: [...choices.lines], actions: [...choices.actions] } }),
    ])
    const [first, human] = room.all('.card button.action')
    first!.click()
    human!.click()
    expect(room.api.send.mock.calls.map(([, content]) => content)).toEqual([
      { type: 'text', text: '退款多久到账？' },
      { type: 'text', text: '转人工' },
    ])
  })

  test('a card of goods whose page hears nothing has no button that does nothing', () => {
    const goods = { ...choices, object_type: 'product', lines: [...choices.lines], actions: [...choices.actions] }
    expect(openRoom([message(1, { content: goods })]).all('.card button.action')).toEqual([])
  })
})

describe('a draft', () => {
  const write = (room: ReturnType<typeof openRoom>, text: string) => {
    const box = room.find<HTMLTextAreaElement>('textarea')
    box.value = text
    box.dispatchEvent(new Event('input'))
  }

  test('belongs to its conversation, with what it quotes', () => {
    const first = openRoom(many(1, 3), { id: 'c' })
    first.find('[data-key=k3] .more').click()
    first.all('.choice').at(-1)!.click()
    write(first, 'half a thought')
    const other = openRoom(many(1, 3), { id: 'd' })
    expect(other.find<HTMLTextAreaElement>('textarea').value).toBe('')
    const again = openRoom(many(1, 3), { id: 'c' })
    expect(again.find<HTMLTextAreaElement>('textarea').value).toBe('half a thought')
    expect(again.find('.quoting p').textContent).toBe('Mei: text 3')
  })

  test('takes an emoji where the cursor stands', () => {
    const room = openRoom(many(1, 3))
    write(room, 'tea')
    const box = room.find<HTMLTextAreaElement>('textarea')
    box.setSelectionRange(0, 0)
    room.all('.emoji button')[0]!.click()
    expect(box.value).toBe('😀tea')
  })
})

describe('files', () => {
  const file = (name: string, type: string, size = 10) => new File(['x'.repeat(size)], name, { type })
  const dropped = (name: string, files: File[]) =>
    Object.assign(new Event(name, { bubbles: true, cancelable: true }), { dataTransfer: { types: ['Files'], files } })
  const pasted = (files: File[], text = '') =>
    Object.assign(new Event('paste', { bubbles: true, cancelable: true }), {
      clipboardData: { files, getData: () => text },
    })

  test('are sent that are dropped on the window or pasted into the input', async () => {
    const room = openRoom(many(1, 3))
    const panel = room.find('.panel')
    panel.dispatchEvent(dropped('dragover', []))
    expect(panel.classList.contains('drops')).toBe(true)
    panel.dispatchEvent(dropped('drop', [file('tea.txt', 'text/plain')]))
    expect(panel.classList.contains('drops')).toBe(false)
    await vi.waitFor(() => expect(room.api.sendMedia).toHaveBeenCalledTimes(1))
    room.find('textarea').dispatchEvent(pasted([file('shot.png', 'image/png')]))
    await vi.waitFor(() => expect(room.api.sendMedia).toHaveBeenCalledTimes(2))
    expect(room.api.sendMedia.mock.calls[1]![1]).toMatchObject({ kind: 'image', name: 'shot.png' })
  })

  test('are left out of a paste that is text, as of cells of a spreadsheet', () => {
    const room = openRoom(many(1, 3))
    const event = pasted([file('cells.png', 'image/png')], '1\t2')
    room.find('textarea').dispatchEvent(event)
    expect(event.defaultPrevented).toBe(false)
    expect(room.api.sendMedia).not.toHaveBeenCalled()
  })

  test('above the limit are refused before anything is sent', async () => {
    const room = openRoom(many(1, 3))
    room.find('.panel').dispatchEvent(dropped('drop', [file('long.txt', 'text/plain', 2_000)]))
    await vi.waitFor(() => expect(room.find('.banner').textContent).toContain('long.txt is too large'))
    expect(room.api.sendMedia).not.toHaveBeenCalled()
  })
})

describe('pictures', () => {
  const picture = (seq: number) =>
    message(seq, {
      content: { type: 'image', media_id: 'm', url: `https://im.example/${seq}.png`, width: 9, height: 9 },
    })
  const shown = (room: ReturnType<typeof openRoom>) => room.find<HTMLImageElement>('.viewer .frame img').src

  test('are looked at one by one by arrow keys, and the focus comes back to the one they began with', () => {
    const room = openRoom([picture(1), message(2), picture(3), picture(4)])
    room.find('[data-key=k3] .picture').click()
    const viewer = room.find<HTMLDialogElement>('.viewer')
    const key = (name: string) => viewer.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }))
    expect(viewer.open).toBe(true)
    expect(shown(room)).toBe('https://im.example/3.png')
    expect(room.find('.count').textContent).toBe('2 of 3')
    key('ArrowRight')
    key('ArrowRight')
    expect(shown(room)).toBe('https://im.example/4.png')
    key('Home')
    expect(shown(room)).toBe('https://im.example/1.png')
    viewer.close()
    expect(room.root.activeElement).toBe(room.find('[data-key=k3] .picture'))
  })
})
