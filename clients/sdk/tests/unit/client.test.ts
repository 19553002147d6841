import { expect, test } from 'vitest'
import { createClient } from '../../src/core/client'
import { SimulatedClock, SimulatedHost, ModelServer } from '../../src/testing'

function world() {
  const server = new ModelServer()
  server.model.addUser('ann')
  server.model.addUser('bob')
  const clock = new SimulatedClock()
  const device = () => {
    const host = new SimulatedHost(server, { clock })
    return { host, im: createClient({ endpoint: 'https://im.test', adapter: host.adapter }) }
  }
  return { server, clock, device }
}

test('a message goes from one client to the other and is acknowledged', async () => {
  const { server, clock, device } = world()
  const id = server.model.create('direct', ['ann', 'bob'])
  const ann = device()
  const bob = device()
  await ann.im.signIn({ token: 'ann' })
  await bob.im.signIn({ token: 'bob' })
  const heard: string[] = []
  bob.im.on('message', ({ message }) => heard.push(message.content?.type === 'text' ? message.content.text : ''))
  await clock.advance(100)
  expect(ann.im.state).toBe('online')
  const handle = ann.im.messages.send(id, { type: 'text', text: '你好' })
  expect(handle.message.status).toBe('sending')
  await clock.advance(100)
  expect((await handle.done).status).toBe('sent')
  expect(heard).toEqual(['你好'])
  expect(bob.im.conversations.list().map((row) => [row.unread, row.peer?.id])).toEqual([[1, 'ann']])
  expect(bob.im.conversations.totalUnread).toBe(1)
  bob.im.conversations.markRead(id)
  await clock.advance(100)
  expect(bob.im.conversations.totalUnread).toBe(0)
  expect(ann.im.conversations.find(id)?.inbox.peer_read_seq).toBe(1)
  expect(ann.im.messages.list(id).messages.map((message) => message.status)).toEqual(['sent'])
})

test('older messages are loaded page by page until the beginning', async () => {
  const { server, clock, device } = world()
  const id = server.model.create('group', ['ann', 'bob'], { name: '茶友' })
  for (let i = 1; i <= 70; i++) {
    server.as('bob', {
      type: 'send_message',
      id: i,
      conversation_id: id,
      client_msg_id: `k${i}`,
      content: { type: 'text', text: `${i}` },
    })
  }
  const { im } = device()
  await im.signIn({ token: 'ann' })
  await clock.advance(50)
  const opened = im.messages.open(id)
  await clock.advance(50)
  expect((await opened).messages.length).toBe(31)
  const again = im.messages.loadOlder(id)
  await clock.advance(50)
  expect(await again).toBe(true)
  const last = im.messages.loadOlder(id)
  await clock.advance(50)
  expect(await last).toBe(false)
  expect(im.messages.list(id).messages.map((message) => message.seq)).toEqual(
    Array.from({ length: 70 }, (_, i) => i + 1),
  )
})

test('who an unknown sender is, is asked, and told as a change of the window', async () => {
  const { server, clock, device } = world()
  const id = server.model.create('direct', ['ann', 'bob'])
  const { im } = device()
  await im.signIn({ token: 'ann' })
  await clock.advance(100)
  // Nobody whom a row names: the voice in which the business's own server speaks.
  server.model.addUser('voice', 'bot', '云岫茶铺')
  const named: boolean[] = []
  im.on('message:changed', () => named.push(im.users.find('voice') !== undefined))
  server.model.append(id, {
    type: 'message_sent',
    sender_id: 'voice',
    client_msg_id: 'k1',
    ordinal: 1,
    content: { type: 'text', text: '已发货' },
  })
  await clock.advance(100)
  expect(im.messages.list(id).messages.map((message) => message.sender_id)).toEqual(['voice'])
  expect(im.users.find('voice')?.name).toBe('云岫茶铺')
  expect(named).toEqual([false, true])
})
