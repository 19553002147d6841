// Answers over the input while somebody types: what comes up, by keyboard, and what becomes of what was typed.
import type { Client } from '@chaguan/sdk'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openRoom, stubBrowser } from './room'

beforeAll(stubBrowser)
beforeEach(() => {
  sessionStorage.clear()
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

const refund = {
  entry_id: 'f1',
  question: 'How long does a refund take?',
  answer: 'Within three days.',
  language: 'en',
}
const ship = { entry_id: 'f2', question: 'When do you ship?', answer: 'The same day.', language: 'en' }

function typing(found: object = { answers: [refund, ship] }) {
  const room = openRoom([])
  const command = vi.fn(async (_command: object) => found)
  const client = room.chat.client as Client
  Object.assign(client, { command })
  const box = room.find<HTMLTextAreaElement>('textarea')
  const typed = async (text: string) => {
    box.value = text
    box.dispatchEvent(new Event('input', { bubbles: true }))
    await vi.advanceTimersByTimeAsync(400)
  }
  const rows = () => room.all('.answers button').map(({ textContent }) => textContent)
  const press = (label: string) =>
    room
      .all('button')
      .find(({ textContent }) => textContent === label)!
      .click()
  return { ...room, command, box, typed, rows, press }
}
const text = (said: string) => ({ type: 'text', text: said })

test('questions come up once somebody pauses, are announced once, and go with what was typed', async () => {
  const { typed, rows, command, find } = typing()
  await typed('refund')
  expect(command.mock.calls).toEqual([[{ type: 'suggest_answers', conversation_id: 'c', text: 'refund' }]])
  expect(rows()).toEqual(['How long does a refund take?', 'When do you ship?'])
  expect(find('.news').textContent).toBe('Possible answers: 2')
  expect(find('.answers').getAttribute('aria-label')).toBe('Possible answers: 2')
  await typed('')
  expect([rows(), find('.answers').hidden]).toEqual([[], true])
})

test('they stand next to the box in the order of Tab, and Escape puts them away before it closes the window', async () => {
  const { typed, rows, root, all, box, key, close } = typing()
  await typed('refund')
  expect(box.nextElementSibling?.className).toBe('answers')
  all('.answers button')[0]!.focus()
  key('ArrowDown')
  expect(root.activeElement?.textContent).toBe('When do you ship?')
  key('ArrowDown')
  expect(root.activeElement?.textContent).toBe('How long does a refund take?')
  key('Escape')
  expect([rows(), root.activeElement, close.mock.calls]).toEqual([[], box, []])
  key('Escape')
  expect(close).toHaveBeenCalledOnce()
})

test('one is shown without a word to the server, and what was typed is gone when it was the answer', async () => {
  const { typed, rows, find, command, box, press, api, root } = typing()
  await typed('refund')
  press('How long does a refund take?')
  const sheet = find('.sheet:not([hidden])')
  expect([sheet.querySelector('h3')?.textContent, sheet.querySelector('.answer')?.textContent]).toEqual([
    'How long does a refund take?',
    'Within three days.',
  ])
  expect(root.activeElement?.textContent).toBe('This answers it')
  press('This answers it')
  expect([box.value, rows(), root.activeElement]).toEqual(['', [], box])
  await vi.advanceTimersByTimeAsync(1_000)
  expect([command.mock.calls.length, api.send.mock.calls]).toEqual([1, []])
})

test('who wants a person says what was typed, with the words that bring one where a bot answers', async () => {
  for (const [human, said] of [
    ['', 'refund'],
    ['Talk to a person', 'refund\nTalk to a person'],
  ]) {
    const { typed, press, api, box } = typing({ answers: [refund], human })
    await typed(' refund ')
    press('How long does a refund take?')
    press('Ask a person')
    expect(api.send).toHaveBeenCalledWith('c', text(said!), expect.anything())
    expect(box.value).toBe('')
  }
})

test('Enter sends as before and takes the questions away', async () => {
  const { typed, rows, api, box } = typing()
  await typed('refund')
  box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
  expect(api.send).toHaveBeenCalledWith('c', text('refund'), expect.anything())
  expect(rows()).toEqual([])
})

test('nothing that one visitor typed or was shown is there for the next', async () => {
  const { typed, rows, room, chat } = typing()
  await typed('refund')
  Object.assign(chat, { conversationId: 'd' })
  room.render()
  expect(rows()).toEqual([])
})
