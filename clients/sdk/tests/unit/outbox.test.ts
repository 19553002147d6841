import type { Command } from '@chaguan/protocol'
import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/adapters/browser'
import { createClient } from '../../src/core/client'
import type { KeyValueStorage } from '../../src/core/adapter'
import { ModelServer, Refusal, SimulatedHost } from '../../src/testing'

/** What a client writes, a list for each of its connections. */
function setting(storage: KeyValueStorage = memoryStorage()) {
  const server = new ModelServer()
  server.model.addUser('ann')
  server.model.addUser('bob')
  const id = server.model.create('direct', ['ann', 'bob'])
  const host = new SimulatedHost(server, { storage })
  const wire: Command[][] = []
  const socket: typeof host.adapter.socket = (url, handlers) => {
    const written: Command[] = []
    wire.push(written)
    const opened = host.adapter.socket!(url, handlers)
    return {
      ...opened,
      send: (data) => {
        written.push(JSON.parse(data) as Command)
        opened.send(data)
      },
    }
  }
  const client = () => createClient({ endpoint: 'http://model', adapter: { ...host.adapter, socket } })
  /** The texts sent on each connection. */
  const texts = () =>
    wire.map((written) =>
      written.flatMap((one) => (one.type === 'send_message' && one.content.type === 'text' ? [one.content.text] : [])),
    )
  const stored = () =>
    server.model.visible('bob', id).map(({ content }) => (content?.type === 'text' ? content.text : ''))
  return { server, host, client, id, wire, texts, stored, storage, clock: host.clock }
}

async function online(setup = setting()) {
  const im = setup.client()
  await im.signIn({ token: 'ann' })
  await setup.clock.advance(100)
  expect(im.state).toBe('online')
  const say = (text: string) => im.messages.send(setup.id, { type: 'text', text })
  return { ...setup, im, say }
}

test('what was written without a connection goes out once, in order, when there is one', async () => {
  const { clock, host, say, texts, stored } = await online()
  host.cut(1006)
  for (const text of ['1', '2', '3']) say(text)
  await clock.advance(5_000)
  expect(texts()).toEqual([[], ['1', '2', '3']])
  expect(stored()).toEqual(['1', '2', '3'])
})

test('what the application asks on coming online is asked once', async () => {
  const { clock, host, im, id, wire } = await online()
  im.on('connection', ({ state }) => {
    if (state === 'online') void im.command({ type: 'get_conversation', conversation_id: id })
  })
  host.cut(1006)
  await clock.advance(5_000)
  expect(wire[1]?.filter((one) => one.type === 'get_conversation')).toHaveLength(1)
})

test('what was unanswered when a connection broke goes first on the next one, and once', async () => {
  const { clock, host, im, say, texts } = await online()
  im.on('connection', ({ state }) => state === 'online' && say('4'))
  for (const text of ['1', '2', '3']) say(text)
  host.cut(1006)
  await clock.advance(5_000)
  expect(texts()).toEqual([['1'], ['1', '2', '3', '4']])
})

test('a server that is slow to answer is not sent the same again on the same connection', async () => {
  const { clock, host, say, texts, stored } = await online()
  host.replyDelay_ms = 40_000
  host.link = () => undefined
  const sent = say('1')
  say('2')
  await clock.advance(35_000)
  expect(texts()).toEqual([['1']])
  await clock.advance(60_000)
  expect((await sent.done).status).toBe('sent')
  expect([texts(), stored()]).toEqual([[['1', '2']], ['1', '2']])
})

test('an answer that comes later than 15 s after the writing, and soon after a reconnect, is waited for', async () => {
  const { clock, host, say, texts } = await online()
  host.replyDelay_ms = 5_000
  host.link = () => undefined
  say('1')
  host.cut(4000, '9000')
  await clock.advance(60_000)
  expect(texts()).toEqual([['1'], ['1']])
})

test('a refusal to be retried is retried on the same connection, nothing overtakes it', async () => {
  const { clock, server, say, texts } = await online()
  let refusals = 1
  server.before = ({ type }) => {
    if (type === 'send_message' && refusals-- > 0) throw new Refusal('rate_limited', { retry_after_ms: 4_000 })
  }
  for (const text of ['1', '2']) say(text)
  await clock.advance(6_000)
  expect(texts()).toEqual([['1', '1', '2']])
})

test('a connection lost while a refused message waits for its second attempt does not double it', async () => {
  const { clock, server, host, say, texts, stored } = await online()
  let refusals = 1
  server.before = ({ type }) => {
    if (type === 'send_message' && refusals-- > 0) throw new Refusal('rate_limited', { retry_after_ms: 4_000 })
  }
  for (const text of ['1', '2']) say(text)
  await clock.advance(1_000)
  host.cut(1006)
  await clock.advance(6_000)
  expect([texts(), stored()]).toEqual([
    [['1'], ['1', '2']],
    ['1', '2'],
  ])
})

test('the pause after a refusal ends with the session it belongs to', async () => {
  const { clock, server, host, im, say, texts } = await online()
  host.link = () => undefined
  server.before = ({ type }) => {
    if (type !== 'send_message') return
    host.replyDelay_ms = 10_000
    server.before = () => undefined
    throw new Refusal('rate_limited', { retry_after_ms: 14_000 })
  }
  for (const text of ['1', '2']) say(text)
  await clock.advance(11_000)
  host.replyDelay_ms = 0
  server.before = ({ type }) => {
    if (type === 'send_message') host.replyDelay_ms = 20_000
  }
  await im.signIn({ token: 'ann' })
  await clock.advance(18_000)
  // The first is still unanswered here: the second may not overtake it.
  expect(texts()).toEqual([['1'], ['1']])
})

/** Storage whose reading takes a while, as a mini program's does. */
function slow(storage: KeyValueStorage, wait: () => Promise<void>): KeyValueStorage {
  return {
    ...storage,
    keys: async () => {
      const keys = await storage.keys()
      await wait()
      return keys
    },
  }
}

test('what an earlier run left goes out before what was written since, and nothing twice', async () => {
  const storage = memoryStorage()
  const before = await online(setting(storage))
  before.host.cut(1006)
  for (const text of ['1', '2']) before.say(text)
  await before.im.settled()
  before.im.stop()
  const setup = setting(slow(storage, () => new Promise((resolve) => setup.clock.timer(resolve, 500))))
  setup.clock.time = before.clock.time + 60_000
  const im = setup.client()
  await im.signIn({ token: 'ann' })
  const sent = im.messages.send(setup.id, { type: 'text', text: '3' })
  await setup.clock.advance(5_000)
  expect(setup.texts()).toEqual([['1', '2', '3']])
  expect((await sent.done).status).toBe('sent')
})

test('what one user wrote is not sent in the name of another, whose token the application has meanwhile', async () => {
  const setup = setting()
  const im = setup.client()
  let token = 'ann'
  await im.signIn({ getToken: () => token })
  await setup.clock.advance(100)
  im.messages.send(setup.id, { type: 'text', text: 'on its way' })
  setup.host.cut(1006)
  const edit = im.command({ type: 'mark_read', conversation_id: setup.id, seq: 0 })
  im.messages.send(setup.id, { type: 'text', text: 'written meanwhile' })
  token = 'bob'
  await expect(setup.clock.advance(5_000).then(() => edit)).rejects.toMatchObject({ code: 'unavailable' })
  expect([im.me?.id, im.state]).toEqual(['bob', 'online'])
  expect(setup.texts()).toEqual([['on its way'], []])
})

test('what is asked after signing in as another user is answered, though there was no connection yet', async () => {
  const { clock, im } = await online()
  await im.signIn({ token: 'bob' })
  const contacts = im.command({ type: 'list_contacts' })
  await clock.advance(1_000)
  expect((await contacts).users.map(({ id }) => id)).toEqual(['ann'])
})

test('what one user read without a connection is not told in the name of the next', async () => {
  const { clock, host, im, id, server, wire } = await online()
  server.model.send('bob', {
    type: 'send_message',
    id: 1,
    conversation_id: id,
    client_msg_id: 'k',
    content: { type: 'text', text: '1' },
  })
  await clock.advance(1_000)
  host.cut(1006)
  im.conversations.markRead(id)
  await im.signIn({ token: 'bob' })
  await clock.advance(10_000)
  expect([im.me?.id, im.state]).toEqual(['bob', 'online'])
  expect(wire.flat().filter((one) => one.type === 'mark_read')).toEqual([])
})

test('a conversation is not forgotten because a server that has not heard they are back says no', async () => {
  const { clock, host, im, id, server, say } = await online()
  say('0')
  await clock.advance(1_000)
  host.cut(1006)
  for (let n = 1; n <= 9; n++) {
    const content = { type: 'text' as const, text: `${n}` }
    server.model.send('bob', { type: 'send_message', id: n, conversation_id: id, client_msg_id: `k${n}`, content })
  }
  Object.assign(server.model.limits, { page: 4, gap: 100 })
  let refusals = 0
  server.before = ({ type }) => {
    if (type === 'pull_entries' && refusals++ === 0) throw new Refusal('forbidden')
  }
  await clock.advance(10_000)
  expect(refusals).toBeGreaterThan(1)
  expect(im.conversations.find(id)?.conversation.head_seq).toBe(10)
})

test('a row that could not be fetched is asked for again', async () => {
  const { clock, host, id, server, say } = await online()
  say('0')
  await clock.advance(1_000)
  host.cut(1006)
  for (let n = 1; n <= 9; n++) {
    const content = { type: 'text' as const, text: `${n}` }
    server.model.send('bob', { type: 'send_message', id: n, conversation_id: id, client_msg_id: `k${n}`, content })
  }
  Object.assign(server.model.limits, { page: 2, gap: 4 })
  let asked = 0
  server.before = ({ type }) => {
    if (type === 'get_conversation' && asked++ === 0) throw new Refusal('unavailable')
  }
  await clock.advance(10_000)
  expect(asked).toBe(2)
})

test('what a message does not say does not cross', async () => {
  const { clock, im, id, say, wire } = await online()
  say('1')
  await clock.advance(500)
  im.messages.send(id, { type: 'text', text: '2' }, { mentions: ['bob'], quoteSeq: 1 })
  await clock.advance(500)
  const [plain, full] = wire.flat().filter(({ type }) => type === 'send_message')
  expect(Object.keys(plain!).sort()).toEqual(['client_msg_id', 'content', 'conversation_id', 'id', 'type'])
  expect(full).toMatchObject({ mentions: ['bob'], quote_seq: 1 })
})
