// The customer's side of the desk in the widget: what it says, what it offers, and the sheet that asks for stars.
import type { Service } from '@chaguan/sdk'
import type { Said, Standing } from '@chaguan/sdk/service'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Chat } from '../src/chat'
import { RatingForm } from '../src/rating-form'
import { ServiceDesk } from '../src/service-desk'
import { stubBrowser } from './room'

beforeAll(stubBrowser)
beforeEach(() => document.body.replaceChildren())

const held = { id: 'k', conversation_id: 'c', shop_id: 's', customer_id: 'me' }
const waits = (position: number, expected_ms: number, at = 1): Service => ({
  conversation_id: 'c',
  waiting: { conversation_id: 'c', case_id: 'k', position, expected_ms, at },
  case: { ...held, status: 'waiting' },
})
const ended = (more: Partial<Service> = {}): Service => ({
  ...waits(0, -1),
  case: { ...held, status: 'resolved', agent_id: 'mei', outcome: 'resolved' },
  agent: { id: 'mei', kind: 'staff', name: 'Mei' },
  can_reopen: true,
  invitation: {
    case_id: 'k',
    until: Date.now() + 60_000,
    reasons: [
      { id: 'fast', texts: { en: 'Quick' }, least: 4, most: 5 },
      { id: 'slow', texts: { en: 'Slow' }, least: 1, most: 3 },
    ],
  },
  ...more,
})
const refusal = Object.assign(new Error('conflict'), { code: 'conflict' })

function stage(service: Service | null) {
  const standing: Standing = { service, kept: null }
  const api = {
    find: () => standing,
    leaveMessage: vi.fn(() => Promise.resolve({ due_at: 1 })),
    leaveLine: vi.fn(() => Promise.resolve({})),
    reopen: vi.fn(() => Promise.resolve({})),
    rate: vi.fn((_id: string, said: Said) => Promise.resolve({ case_id: 'k', ...said })),
    refresh: vi.fn(),
  }
  const chat = { conversationId: 'c', service: api, client: { newKey: () => 'key' } } as unknown as Chat
  const wish = { changed: vi.fn(), announce: vi.fn(), warn: vi.fn(), link: () => '' }
  const desk = new ServiceDesk(chat, 'en', wish)
  document.body.append(desk.element, ...desk.sheets)
  const [form, message] = desk.sheets as [HTMLElement, HTMLElement]
  return { standing, api, wish, desk, form, message }
}
const press = (within: HTMLElement, label: string) =>
  [...within.querySelectorAll('button')].find(({ textContent }) => textContent === label)?.click()
const star = (form: HTMLElement, n: number) => {
  const radio = form.querySelectorAll<HTMLInputElement>('input[type=radio]')[n - 1]!
  radio.checked = true
  radio.dispatchEvent(new Event('change'))
}
const chips = (form: HTMLElement) => [...form.querySelectorAll('.chip')].map(({ textContent }) => textContent)

describe('above the messages', () => {
  test('stands the place, then who answers, and nobody before one is there', () => {
    const { standing, desk } = stage(waits(3, 240_000))
    expect(desk.draw()).toEqual({ line: '3rd in line, about 4 min', agent: null })
    const agent = { id: 'mei', kind: 'staff', name: 'Mei' } as const
    standing.service = { ...waits(0, -1), case: { ...held, status: 'open', agent_id: 'mei' }, agent }
    expect(desk.draw()).toEqual({ line: 'Mei is here for you', agent })
    expect(desk.element.hidden).toBe(true)
  })

  test('places are told now and then, an agent at once, and what was so at first not at all', () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { standing, desk, wish } = stage(waits(9, -1))
    desk.draw()
    for (let position = 8; position > 5; position--) {
      standing.service = waits(position, -1, 10 - position)
      desk.draw()
    }
    expect(wish.announce).not.toHaveBeenCalled()
    vi.advanceTimersByTime(20_000)
    expect(wish.changed).toHaveBeenCalled()
    desk.draw()
    expect(wish.announce.mock.calls).toEqual([['5 before you in line']])
    standing.service = ended({ case: { ...held, status: 'open' } })
    desk.draw()
    expect(wish.announce.mock.calls.at(-1)).toEqual(['Mei is here for you'])
    vi.useRealTimers()
  })

  test('one may stop waiting, and is told when an agent was faster', async () => {
    const { desk, api, wish, message } = stage(waits(2, -1))
    desk.draw()
    expect(desk.element.textContent).toBe('Options')
    desk.element.click()
    press(message, 'Stop waiting')
    await vi.waitFor(() => expect(api.leaveLine).toHaveBeenCalledWith('k'))
    expect(message.hidden).toBe(true)
    api.leaveLine.mockReturnValueOnce(Promise.reject(refusal))
    desk.element.click()
    press(message, 'Stop waiting')
    await vi.waitFor(() => expect(wish.warn).toHaveBeenCalledWith('Somebody has just come. Please go on'))
  })

  test('what ended can be rated, changed and gone on with', async () => {
    const { standing, desk, api } = stage(ended())
    desk.draw()
    expect([desk.element.textContent, desk.element.classList.contains('strong')]).toEqual(['Rate', true])
    standing.service = ended({ rating: { case_id: 'k', stars: 2 } })
    desk.draw()
    expect([desk.element.textContent, desk.element.classList.contains('strong')]).toEqual(['Change rating', false])
    standing.service = ended({ invitation: null })
    desk.draw()
    desk.element.click()
    await vi.waitFor(() => expect(api.reopen).toHaveBeenCalledWith('k'))
  })

  test('a case that goes on closes the sheet about its end', () => {
    const { standing, desk, form } = stage(ended())
    desk.draw()
    desk.element.click()
    expect(form.hidden).toBe(false)
    standing.service = waits(1, -1)
    desk.draw()
    expect(form.hidden).toBe(true)
  })
})

describe('the sheet', () => {
  test('is a named dialog with a group of named radios, and takes the focus and gives it back', () => {
    const { desk, form } = stage(ended())
    desk.draw()
    desk.element.click()
    expect(form.getAttribute('role')).toBe('dialog')
    expect(document.getElementById(form.getAttribute('aria-labelledby')!)?.textContent).toBe('How did we do?')
    expect(form.querySelector('fieldset legend')?.textContent).toBe('Stars')
    const radios = [...form.querySelectorAll('input')]
    expect(radios.map((radio) => radio.getAttribute('aria-label'))[4]).toBe('5 of 5, Very good')
    expect(document.activeElement).toBe(radios[0])
    form.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    expect(form.hidden).toBe(true)
    expect(document.activeElement).toBe(desk.element)
  })

  test('offers what fits the stars, sends only that, and thanks', async () => {
    const { desk, form, api } = stage(ended())
    desk.draw()
    desk.element.click()
    star(form, 1)
    expect(chips(form)).toEqual(['Slow'])
    press(form, 'Slow')
    expect(form.querySelector('.chip')?.getAttribute('aria-pressed')).toBe('true')
    star(form, 5)
    expect(chips(form)).toEqual(['Quick'])
    form.querySelector('textarea')!.value = ' thanks '
    press(form, 'Send')
    await vi.waitFor(() => expect(form.textContent).toContain('Thank you for rating'))
    expect(api.rate).toHaveBeenCalledWith('k', { stars: 5, reasons: [], text: 'thanks' })
    press(form, 'Change rating')
    expect(form.querySelectorAll('input')[4]!.checked).toBe(true)
  })

  test('sends nothing without stars, and says what was refused without losing what was written', async () => {
    const { desk, form, api } = stage(ended())
    desk.draw()
    desk.element.click()
    press(form, 'Send')
    expect(api.rate).not.toHaveBeenCalled()
    api.rate.mockReturnValueOnce(Promise.reject(refusal))
    star(form, 4)
    form.querySelector('textarea')!.value = 'good tea'
    press(form, 'Send')
    await vi.waitFor(() =>
      expect(form.querySelector('[role=alert]')?.textContent).toBe('It is too late to rate this one'),
    )
    expect(form.querySelector('textarea')!.value).toBe('good tea')
  })

  test('says so when it is only noted', async () => {
    const form = new RatingForm('zh-CN', { rate: async () => null, reopen: () => undefined, closed: () => undefined })
    document.body.append(form.sheet.element)
    form.open(ended(), { stars: 3 })
    press(form.sheet.element, '提交')
    await vi.waitFor(() => expect(form.sheet.element.textContent).toContain('恢复后会自动发出'))
  })
})

describe('a message instead of waiting', () => {
  test('is left with a contact only by consent, under one key, and thanked for', async () => {
    const { desk, api, message } = stage(waits(2, -1))
    desk.draw()
    desk.element.click()
    const [contact, consent] = [...message.querySelectorAll('input')] as [HTMLInputElement, HTMLInputElement]
    press(message, 'Leave message')
    expect(api.leaveMessage).not.toHaveBeenCalled()
    message.querySelector('textarea')!.value = ' call me '
    contact.value = '138 0013 8000'
    press(message, 'Leave message')
    expect(api.leaveMessage).not.toHaveBeenCalled()
    expect(message.querySelector('[role=alert]')?.textContent).toMatch(/keep this to answer me/)
    consent.checked = true
    press(message, 'Leave message')
    await vi.waitFor(() => expect(message.textContent).toContain('We have your message'))
    const left = { text: 'call me', contact: '138 0013 8000', consent: true }
    expect(api.leaveMessage.mock.calls).toEqual([['c', left, 'key']])
    expect([contact.value, consent.checked]).toEqual(['', false])
  })

  test('keeps what was written when an agent was faster', async () => {
    const { desk, api, message } = stage(waits(2, -1))
    desk.draw()
    desk.element.click()
    api.leaveMessage.mockReturnValueOnce(Promise.reject(refusal))
    message.querySelector('textarea')!.value = 'call me'
    press(message, 'Leave message')
    await vi.waitFor(() =>
      expect(message.querySelector('[role=alert]')?.textContent).toBe('Somebody is here already. Please just write'),
    )
    expect(message.querySelector('textarea')!.value).toBe('call me')
  })
})
