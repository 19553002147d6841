// What is kept on a phone, where a mini program has 10 MB and 1 MB a key.
import { expect, test } from 'vitest'
import { createClient } from '../../src/core/client'
import type { Client } from '../../src/core/client'
import { ModelServer, SimulatedClock, SimulatedHost } from '../../src/testing'
import { FullStorage } from './full-storage'

const LONG = '茶'.repeat(6_000)

function world(storage = new FullStorage()) {
  const server = new ModelServer()
  for (const name of ['ann', 'bob']) server.model.addUser(name)
  const clock = new SimulatedClock()
  const errors: string[] = []
  const host = () => new SimulatedHost(server, { clock, storage })
  /** A start of the program, on a network or without one. */
  const start = async (online = true, user = 'ann') => {
    const phone = host()
    phone.down = !online
    phone.http = online
    const im = createClient({ endpoint: 'http://model', adapter: phone.adapter })
    im.on('error', ({ detail }) => errors.push(detail))
    await im.signIn({ token: user, account: user })
    if (online) await clock.advance(200)
    return { im, phone }
  }
  let made = 0
  const say = (id: string, text: string, times = 1) => {
    for (let i = 0; i < times; i++) {
      const client_msg_id = `k${++made}`
      server.as('bob', {
        type: 'send_message',
        id: 0,
        conversation_id: id,
        client_msg_id,
        content: { type: 'text', text },
      })
    }
  }
  const group = (name: string) => server.model.create('group', ['ann', 'bob'], { name }, true)
  return { server, clock, storage, errors, start, say, group }
}

type World = ReturnType<typeof world>

/** Reads a conversation back until `count` messages are held. */
async function read(im: Client, { clock }: World, id: string, count = 50): Promise<void> {
  const opened = im.messages.open(id)
  await clock.advance(100)
  await opened
  while (im.messages.list(id).messages.length < count && im.messages.list(id).hasOlder) {
    const more = im.messages.loadOlder(id)
    await clock.advance(100)
    await more
  }
}

/** Ends the program once everything is written. */
async function end(im: Client): Promise<void> {
  await im.settled()
  im.stop()
  await im.settled()
}

const heldOf = (im: Client, id: string) => im.messages.list(id).messages.length

test('a cold start shows rows, names, messages and what is unsent before the network has answered', async () => {
  const all = world()
  const id = all.group('茶友')
  all.say(id, '水开了', 40)
  const { im, phone } = await all.start()
  await read(im, all, id)
  phone.cut(1006)
  phone.down = true
  im.messages.send(id, { type: 'text', text: '来了' })
  await end(im)

  const { im: next } = await all.start(false)
  expect(next.state).not.toBe('online')
  expect(next.conversations.list().map((row) => [row.conversation.name, row.unread])).toEqual([['茶友', 40]])
  const { messages } = next.messages.list(id)
  expect(messages.map(({ status }) => status)).toEqual([...Array.from({ length: 40 }, () => 'sent'), 'sending'])
  expect(next.users.find('bob')?.name).toBe('bob')
  expect(next.me?.id).toBe('ann')
})

test('of more than 10 MB what was read last is kept, what was read longest ago goes first, whole', async () => {
  const all = world()
  const ids = Array.from({ length: 13 }, (_, i) => all.group(`茶桌 ${i}`))
  ids.forEach((id) => all.say(id, LONG, 45))
  const { im } = await all.start()
  for (const id of ids) {
    await read(im, all, id, 45)
    await all.clock.advance(2_000)
  }
  await end(im)
  const { most, refused } = all.storage
  expect([refused, all.errors]).toEqual([0, []])
  expect(most.total).toBeGreaterThan(4_000_000)
  expect(most.key).toBeLessThan(1024 * 1024)

  const { im: next } = await all.start(false)
  const held = ids.map((id) => heldOf(next, id))
  // Of each of the others the list still shows the last message.
  expect(new Set(held)).toEqual(new Set([1, 45]))
  expect(held).toEqual([...held].sort((a, b) => a - b))
  expect(held.filter((count) => count === 45).length).toBeGreaterThan(3)
})

test('of a conversation whose messages are too long for a key the last ones are kept', async () => {
  const all = world()
  const id = all.group('长文')
  all.say(id, '茶'.repeat(10_000), 50)
  const { im } = await all.start()
  await read(im, all, id)
  await end(im)
  const { im: next } = await all.start(false)
  expect(heldOf(next, id)).toBeGreaterThan(10)
  expect(next.messages.list(id).messages.at(-1)?.seq).toBe(50)
  expect(all.storage.refused).toBe(0)
})

test('where other data leave little room the oldest conversations go, and nobody is told of an error', async () => {
  const all = world(new FullStorage(2_000_000))
  const ids = Array.from({ length: 8 }, (_, i) => all.group(`茶桌 ${i}`))
  ids.forEach((id) => all.say(id, LONG, 30))
  const { im } = await all.start()
  for (const id of ids) {
    await read(im, all, id, 30)
    await all.clock.advance(2_000)
  }
  await end(im)
  expect(all.storage.refused).toBeGreaterThan(0)
  expect(all.errors).toEqual([])
  const { im: next } = await all.start(false)
  expect(next.conversations.list()).toHaveLength(8)
  expect(heldOf(next, ids[7]!)).toBe(30)
  expect(heldOf(next, ids[0]!)).toBe(1)
  // Nothing lies there that no start will ever read or remove.
  const logs = (await all.storage.keys()).filter((key) => key.includes(':log:'))
  expect(logs.map((key) => heldOf(next, key.split(':log:')[1]!))).toEqual(logs.map(() => 30))
})

test('a message that is not sent yet finds room, and goes out after a restart', async () => {
  const all = world(new FullStorage(1_200_000))
  const ids = [all.group('一'), all.group('二')]
  ids.forEach((id) => all.say(id, LONG, 25))
  const { im, phone } = await all.start()
  for (const id of ids) await read(im, all, id, 25)
  await im.settled()
  all.storage.total = all.storage.used + 100
  phone.cut(1006)
  phone.down = true
  im.messages.send(ids[1]!, { type: 'text', text: '两盒，谢谢' })
  await end(im)
  expect(all.errors).toEqual([])

  const { im: next } = await all.start()
  await all.clock.advance(5_000)
  const said = all.server.model.visible('bob', ids[1]!).at(-1)
  expect(said?.content).toEqual({ type: 'text', text: '两盒，谢谢' })
  next.stop()
})

test('storage that takes nothing at all is told of, and the chat goes on', async () => {
  const all = world(new FullStorage(0))
  const id = all.group('茶友')
  const { im } = await all.start()
  const sent = im.messages.send(id, { type: 'text', text: '在吗？' })
  await all.clock.advance(3_000)
  expect((await sent.done).status).toBe('sent')
  expect(all.errors.some((detail) => detail.includes('exceed'))).toBe(true)
})

test('what another user of this phone left does not take the room of who is here now', async () => {
  const all = world(new FullStorage(2_500_000))
  const ids = Array.from({ length: 5 }, (_, i) => all.group(`茶桌 ${i}`))
  ids.forEach((id) => all.say(id, LONG, 25))
  const visit = async (user: string) => {
    const { im } = await all.start(true, user)
    for (const id of ids) await read(im, all, id, 25)
    await end(im)
  }
  await visit('ann')
  await visit('bob')
  const { im } = await all.start(false, 'bob')
  expect(ids.map((id) => heldOf(im, id))).toEqual([25, 25, 25, 25, 25])
})

test('signing out leaves nothing: neither messages, nor what is unsent, nor what others left', async () => {
  const all = world()
  const id = all.group('茶友')
  all.say(id, '水开了', 20)
  const { im: before } = await all.start(true, 'bob')
  await read(before, all, id)
  await end(before)
  const { im, phone } = await all.start()
  await read(im, all, id)
  all.storage.kept.set('cart', 'the program’s own')
  phone.cut(1006)
  im.messages.send(id, { type: 'text', text: '来了' })
  const out = im.signOut()
  phone.goHidden()
  await all.clock.advance(10_000)
  await out
  await im.settled()
  expect(await all.storage.keys()).toEqual(['cart'])
  expect([im.me, im.conversations.list(), im.messages.list(id).messages]).toEqual([null, [], []])
})

test('signing out while storage refuses writes leaves nothing either', async () => {
  const all = world(new FullStorage(900_000))
  const ids = Array.from({ length: 6 }, (_, i) => all.group(`茶桌 ${i}`))
  ids.forEach((id) => all.say(id, LONG, 20))
  const { im } = await all.start()
  for (const id of ids) await read(im, all, id, 20)
  let out: Promise<void> | null = null
  // In the middle of the writing that does not fit.
  all.storage.onSet = (key) => {
    if (key.includes(':log:')) out ??= im.signOut()
  }
  await im.settled()
  await all.clock.advance(10_000)
  await out
  await im.settled()
  expect(out).not.toBeNull()
  expect(await all.storage.keys()).toEqual([])
})

test('signing out while a cold start still reads leaves nothing on the screen', async () => {
  const all = world()
  const id = all.group('茶友')
  all.say(id, '水开了', 20)
  const { im: before } = await all.start()
  await read(before, all, id)
  await end(before)
  const im = createClient({ endpoint: 'http://model', adapter: new SimulatedHost(all.server, all).adapter })
  const get = all.storage.get.bind(all.storage)
  let out: Promise<void> | null = null
  all.storage.get = (key) => {
    if (key.endsWith(':state')) out ??= im.signOut()
    return get(key)
  }
  await im.signIn({ token: 'ann', account: 'ann' })
  await all.clock.advance(10_000)
  await out
  expect(out).not.toBeNull()
  expect([im.me, im.conversations.list(), await all.storage.keys()]).toEqual([null, [], []])
})

test('what is written while another signs in is never kept, and later sent, as the one’s before', async () => {
  const all = world()
  const id = all.group('茶友')
  const { im, phone } = await all.start()
  await im.settled()
  phone.down = true
  phone.cut(1006)
  await im.signIn({ token: 'bob', account: 'bob' })
  im.messages.send(id, { type: 'text', text: '我是 bob' })
  await end(im)
  const { im: next } = await all.start()
  await all.clock.advance(5_000)
  expect(next.messages.list(id).messages.map(({ sender_id }) => sender_id)).toEqual([])
  expect(all.server.model.visible('bob', id)).toEqual([])
})
