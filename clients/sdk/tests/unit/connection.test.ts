import { expect, test } from 'vitest'
import { createClient } from '../../src/core/client'
import { ChaguanError } from '../../src/core/errors'
import { ModelServer, Refusal, SimulatedHost } from '../../src/testing'

function setting() {
  const server = new ModelServer()
  server.model.addUser('ann')
  server.model.addUser('bob')
  const id = server.model.create('direct', ['ann', 'bob'])
  const host = new SimulatedHost(server)
  const im = createClient({ endpoint: 'http://model', adapter: host.adapter })
  const states: string[] = []
  im.on('connection', ({ state }) => states.push(state))
  const ended: string[] = []
  im.on('signed-out', ({ reason }) => ended.push(reason))
  const types = () => server.received.map((command) => command.type)
  return { server, host, im, id, states, ended, types, clock: host.clock }
}

async function online(setup = setting()) {
  await setup.im.signIn({ token: 'ann' })
  await setup.clock.advance(100)
  expect(setup.im.state).toBe('online')
  return setup
}

test('a heartbeat is sent after silence and keeps the link', async () => {
  const { clock, types, host, im } = await online()
  await clock.advance(120_000)
  expect(types().filter((type) => type === 'heartbeat').length).toBeGreaterThanOrEqual(3)
  expect([host.opened, im.state]).toEqual([1, 'online'])
})

test('a socket that died without a word is noticed and replaced', async () => {
  const { clock, host, im } = await online()
  host.dead = true
  host.dead = false
  await clock.advance(60_000)
  expect([host.opened, im.state]).toEqual([2, 'online'])
})

test('the first retry comes after 300 ms, later ones ever later, not all at the same time', async () => {
  const { clock, host, states } = await online()
  host.down = true
  host.http = false
  host.cut(1006)
  await clock.advance(320)
  expect(host.opened).toBe(2)
  await clock.advance(60_000)
  const tries = states.filter((state) => state === 'waiting').length
  expect(tries).toBeGreaterThan(4)
  expect(tries).toBeLessThan(25)
})

test('a draining server says when to come back', async () => {
  const { clock, host, im } = await online()
  host.cut(4000, '1500')
  await clock.advance(1_400)
  expect(host.opened).toBe(1)
  await clock.advance(300)
  expect([host.opened, im.state]).toEqual([2, 'online'])
})

test.each([4500, 4503, 4506])('close code %i stops the client', async (code) => {
  const { clock, host, im, ended } = await online()
  host.cut(code)
  await clock.advance(100_000)
  expect([host.opened, im.state, ended.length]).toEqual([1, 'offline', 1])
})

test('a refused token is renewed once and the client goes on', async () => {
  const setup = setting()
  const asked: boolean[] = []
  await setup.im.signIn({ getToken: (renew) => (asked.push(renew), renew ? 'ann' : 'stale') })
  await setup.clock.advance(1_000)
  expect([setup.im.state, asked]).toEqual(['online', [false, true]])
})

test('a token that is refused twice ends the session and keeps what is stored', async () => {
  const setup = setting()
  await setup.im.signIn({ getToken: () => 'stale' })
  await setup.clock.advance(20_000)
  expect([setup.im.state, setup.ended]).toEqual(['offline', ['unauthenticated']])
  expect(setup.host.opened).toBe(2)
})

test('an expired session is resumed with a fresh token', async () => {
  const setup = setting()
  const asked: boolean[] = []
  await setup.im.signIn({ getToken: (renew) => (asked.push(renew), 'ann') })
  await setup.clock.advance(100)
  setup.host.cut(4003)
  await setup.clock.advance(1_000)
  expect([setup.im.state, asked]).toEqual(['online', [false, true]])
})

test('back in the foreground a dead link is noticed within three seconds', async () => {
  const { clock, host, im } = await online()
  host.goHidden()
  host.dead = true
  clock.suspend(60_000)
  host.dead = false
  host.goVisible()
  await clock.advance(3_500)
  expect([host.opened, im.state]).toEqual([2, 'online'])
})

test('back in the foreground a living link is kept and catches up', async () => {
  const { clock, host, types } = await online()
  host.goHidden()
  host.goVisible()
  await clock.advance(100)
  expect([host.opened, types().includes('resume')]).toEqual([1, true])
})

test('timers that stood still make the link suspect, without any event of the host', async () => {
  const { clock, host, im, types } = await online()
  clock.suspend(40_000)
  await clock.advance(6_000)
  expect(types()).toContain('resume')
  host.dead = true
  host.dead = false
  clock.suspend(40_000)
  await clock.advance(20_000)
  expect([host.opened, im.state]).toEqual([2, 'online'])
})

test('in the foreground it catches up every six minutes', async () => {
  const { clock, types } = await online()
  await clock.advance(750_000)
  expect(types().filter((type) => type === 'resume')).toHaveLength(2)
})

test('a command that was not answered goes out once more on the next link, unchanged', async () => {
  const { clock, host, im, server, id } = await online()
  const sent = im.messages.send(id, { type: 'text', text: 'x' })
  await clock.advance(7)
  host.cut(1006)
  await clock.advance(2_000)
  expect((await sent.done).status).toBe('sent')
  const sends = server.received.filter((command) => command.type === 'send_message')
  expect(sends).toHaveLength(2)
  expect(sends[0]).toEqual(sends[1])
  expect(server.model.visible('bob', id)).toHaveLength(1)
})

test('where sockets fail again and again it polls, and goes back to a socket when it can', async () => {
  const { clock, host, im, id, server } = await online()
  host.down = true
  host.cut(1006)
  await clock.advance(10_000)
  expect(im.state).toBe('online')
  const heard: string[] = []
  im.on('message', ({ message }) => heard.push(message.client_msg_id))
  server.as('bob', {
    type: 'send_message',
    id: 1,
    conversation_id: id,
    client_msg_id: 'from-bob',
    content: { type: 'text', text: 'hi' },
  })
  await clock.advance(1_000)
  expect(heard).toEqual(['from-bob'])
  const sent = im.messages.send(id, { type: 'text', text: 'over http' })
  await clock.advance(1_000)
  expect((await sent.done).status).toBe('sent')
  host.down = false
  await clock.advance(200_000)
  expect([im.state, host.connected]).toEqual(['online', 1])
})

test('a poll that the server refuses is not the last one', async () => {
  const { clock, host, im, id, server } = await online()
  host.down = true
  host.cut(1006)
  await clock.advance(10_000)
  let refusals = 2
  server.before = (command) => {
    if (command.type === 'hello' && refusals-- > 0) throw new Refusal('rate_limited', { retry_after_ms: 100 })
  }
  server.as('bob', {
    type: 'send_message',
    id: 1,
    conversation_id: id,
    client_msg_id: 'from-bob',
    content: { type: 'text', text: 'hi' },
  })
  await clock.advance(60_000)
  expect(refusals).toBeLessThan(0)
  server.as('bob', {
    type: 'send_message',
    id: 2,
    conversation_id: id,
    client_msg_id: 'later',
    content: { type: 'text', text: 'still there?' },
  })
  await clock.advance(1_000)
  expect(im.messages.list(id).messages.map(({ client_msg_id }) => client_msg_id)).toEqual(['from-bob', 'later'])
})

test('a server that was set back to an earlier state is followed', async () => {
  const { clock, host, im, id, server } = await online()
  const mute = (muted: boolean) => server.as('ann', { type: 'update_inbox', id: 1, conversation_id: id, muted })
  for (const muted of [true, false, true, false]) mute(muted)
  await clock.advance(100)
  server.model.setBack('ann', 3)
  host.cut(1006)
  await clock.advance(5_000)
  mute(true)
  await clock.advance(100)
  expect(im.conversations.list()[0]?.inbox.muted).toBe(true)
})

test('a revoked device forgets everything, signing out leaves nothing in storage', async () => {
  const { clock, host, im, server, ended } = await online()
  await im.settled()
  expect(await host.adapter.storage.keys()).not.toEqual([])
  server.sessions.forEach((session) => session.send({ type: 'signed_out', reason: 'revoked' }))
  await clock.advance(100)
  expect([ended, im.conversations.list(), await host.adapter.storage.keys()]).toEqual([['revoked'], [], []])
  await im.signIn({ token: 'ann' })
  await clock.advance(2_000)
  const out = im.signOut()
  await clock.advance(100)
  await out
  expect(await host.adapter.storage.keys()).toEqual([])
})

test('another user on the same device sees nothing of the one before', async () => {
  const { clock, im, server } = await online()
  await im.settled()
  im.stop()
  const host = new SimulatedHost(server, { clock })
  const next = createClient({ endpoint: 'http://model', adapter: host.adapter })
  await next.signIn({ token: 'bob', account: 'bob' })
  expect(next.conversations.list()).toEqual([])
})

test('a message that the server refuses fails, and can be sent again or discarded', async () => {
  const { clock, im, server, id } = await online()
  server.before = (command) => {
    if (command.type === 'send_message') throw new Refusal('forbidden')
  }
  const one = im.messages.send(id, { type: 'text', text: '1' })
  const two = im.messages.send(id, { type: 'text', text: '2' })
  await clock.advance(100)
  await expect(one.done).rejects.toBeInstanceOf(ChaguanError)
  expect([one.message.status, two.message.error?.code]).toEqual(['failed', 'forbidden'])
  server.before = () => undefined
  expect(im.messages.discard(two.client_msg_id)).toBe(true)
  expect(im.messages.resend(one.client_msg_id)).toBe(true)
  await clock.advance(100)
  expect(im.messages.list(id).messages.map((message) => [message.client_msg_id, message.status])).toEqual([
    [one.client_msg_id, 'sent'],
  ])
})

test('a busy server is asked again when it said, in the order of writing', async () => {
  const { clock, im, server, id } = await online()
  let refusals = 2
  server.before = (command) => {
    if (command.type === 'send_message' && refusals-- > 0) throw new Refusal('rate_limited', { retry_after_ms: 4_000 })
  }
  for (const text of ['1', '2', '3']) im.messages.send(id, { type: 'text', text })
  await clock.advance(3_900)
  expect(server.model.visible('ann', id)).toEqual([])
  await clock.advance(6_000)
  const texts = server.model
    .visible('ann', id)
    .map((message) => message.content?.type === 'text' && message.content.text)
  expect(texts).toEqual(['1', '2', '3'])
})

test('a file shows from this device with progress, then goes out under the same key after a failed upload', async () => {
  const { clock, im, host, id, server } = await online()
  host.onUpload = () => ({ status: 413, body: '{"error":{"code":"too_large"}}' })
  const handle = im.messages.sendMedia(id, { kind: 'image', file: 'wxfile://tea.png', width: 10, height: 20 })
  expect(handle.message).toMatchObject({
    status: 'sending',
    local_path: 'local:wxfile://tea.png',
    content: { type: 'image', width: 10 },
  })
  await clock.advance(6)
  expect(handle.message.progress).toBe(0.5)
  await clock.advance(100)
  expect(handle.message).toMatchObject({ status: 'failed', error: { code: 'too_large' } })
  host.onUpload = () => ({ status: 200, body: '{"media_id":"m9","mime":"image/png","size":3}' })
  im.messages.resend(handle.client_msg_id)
  await clock.advance(100)
  expect(server.model.visible('bob', id)[0]).toMatchObject({
    client_msg_id: handle.client_msg_id,
    content: { media_id: 'm9' },
  })
})

test('read marks are told at most once in two seconds', async () => {
  const { clock, im, id, server } = await online()
  for (let i = 1; i <= 20; i++) {
    server.as('bob', {
      type: 'send_message',
      id: i,
      conversation_id: id,
      client_msg_id: `k${i}`,
      content: { type: 'text', text: 'x' },
    })
    await clock.advance(200)
    im.conversations.markRead(id)
  }
  await clock.advance(3_000)
  const marks = server.received.filter((command) => command.type === 'mark_read')
  expect(marks.length).toBeLessThanOrEqual(4)
  expect(marks[marks.length - 1]).toMatchObject({ seq: 20 })
})

/** Bob has said something, and Ann has told that she read it to a server that dies before it has written her mark. */
async function readBeforeACrash() {
  const setup = await online()
  const { clock, im, id, server } = setup
  const content = { type: 'text', text: 'x' } as const
  server.as('bob', { type: 'send_message', id: 1, conversation_id: id, client_msg_id: 'k', content })
  await clock.advance(100)
  const { model } = server
  const mark = model.mark.bind(model)
  model.mark = () => undefined
  im.conversations.markRead(id)
  await clock.advance(100)
  model.mark = mark
  const stored = () => model.view('ann', id).inbox.read_seq ?? 0
  const told = () => server.received.filter(({ type }) => type === 'mark_read').length
  expect([told(), stored(), im.conversations.find(id)?.inbox.read_seq]).toEqual([1, 0, 1])
  return { ...setup, stored, told }
}

test('a mark that a server acknowledged and forgot in a crash is told again', async () => {
  const { clock, host, stored } = await readBeforeACrash()
  host.cut(1006)
  await clock.advance(5_000)
  expect(stored()).toBe(1)
})

test('a mark is told again also when the server stays away for long', async () => {
  const { clock, host, stored } = await readBeforeACrash()
  host.down = true
  host.http = false
  host.cut(1006)
  await clock.advance(600_000)
  host.down = false
  host.http = true
  await clock.advance(60_000)
  expect(stored()).toBe(1)
})

test('a mark that has stood for a minute is not told again with every reconnect', async () => {
  const { clock, host, im, told } = await readBeforeACrash()
  await clock.advance(61_000)
  for (let i = 0; i < 3; i++) {
    host.cut(1006)
    await clock.advance(5_000)
  }
  expect([im.state, told()]).toEqual(['online', 1])
})
