import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Client, Message } from '@chaguan/sdk'
import { log, ME, MEI, message } from './messages'
import { phoneHost } from './phone-host'

phoneHost()
const { kit } = await import('../src/kit')
const { onForwarding, showForwarding, waitingIn } = await import('../src/forwards')

const said = log(1, 6)

function clientOf(held: Message[] = said): Client {
  const client = {
    me: ME,
    on: () => () => undefined,
    users: { find: (id: string) => [ME, MEI].find((user) => user.id === id) },
    conversations: { find: () => ({ conversation: { kind: 'group' }, last: { seq: 40 } }) },
    messages: { list: () => ({ messages: held }) },
  }
  return client as unknown as Client
}

describe('what is being forwarded', () => {
  let client: Client
  let told: string[]
  const request = { from: 'c1', to: 'c2', seqs: [2, 5], merged: false, key: 'the-key' }
  const texts = (lines: readonly Message[]) => lines.map(({ content }) => content?.type === 'text' && content.text)
  /** As the log of the target has it. */
  const copy = (seq: number) => message(seq, undefined, { sender_id: ME.id, client_msg_id: `log-${seq}` })

  beforeEach(() => {
    vi.useFakeTimers()
    client = clientOf()
    kit.use(client, { endpoint: '' })
    told = []
    onForwarding((id) => told.push(id))
  })

  test('stands where it goes to at once, as one’s own words on their way, and nowhere else', () => {
    const end = showForwarding(client, request)
    const lines = waitingIn('c2', [])
    expect(texts(lines)).toEqual(['第 2 条', '第 5 条'])
    expect(lines[0]).toMatchObject({ sender_id: ME.id, status: 'sending', seq: 0, client_msg_id: 'the-key' })
    expect(new Set(lines.map(({ client_msg_id }) => client_msg_id)).size).toBe(2)
    expect(waitingIn('c1', [])).toEqual([])
    expect(told).toContain('c2')
    end()
  })

  test('as one is one bundle, with who speaks and how many there are', () => {
    const end = showForwarding(client, { ...request, merged: true })
    const [line, ...others] = waitingIn('c2', [])
    expect(others).toEqual([])
    expect(line?.content).toMatchObject({
      type: 'merged',
      from_kind: 'group',
      count: 2,
      senders: [{ name: ME.name }, { name: MEI.name }],
      items: [{ sender: 0 }, { sender: 1 }],
    })
    end()
  })

  test('is never there twice: a copy goes as soon as the log has one more', () => {
    const end = showForwarding(client, request)
    expect(texts(waitingIn('c2', [copy(40), copy(41)]))).toEqual(['第 5 条'])
    end(2)
    expect(texts(waitingIn('c2', [copy(41)]))).toEqual(['第 5 条'])
    expect(waitingIn('c2', [copy(41), copy(42)])).toEqual([])
    vi.advanceTimersByTime(5000)
    expect(waitingIn('c2', [])).toEqual([])
  })

  test('that was refused is gone at once, and so is what the server left out', () => {
    showForwarding(client, request)()
    expect(waitingIn('c2', [])).toEqual([])
    const end = showForwarding(client, request)
    end(1)
    expect(texts(waitingIn('c2', []))).toEqual(['第 2 条'])
    vi.advanceTimersByTime(5000)
  })

  test('is not shown to another user', () => {
    const end = showForwarding(client, request)
    kit.use(clientOf(), { endpoint: '' })
    expect(waitingIn('c2', [])).toEqual([])
    end()
  })
})
