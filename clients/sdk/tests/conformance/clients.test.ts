// A whole client over the fake of each mini program, with the server of @chaguan/sdk/testing behind it.
import type { Command } from '@chaguan/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { alipayAdapter } from '../../src/adapters/alipay'
import { douyinAdapter } from '../../src/adapters/douyin'
import { uniAdapter } from '../../src/adapters/uni'
import { wxAdapter } from '../../src/adapters/wx'
import type { Adapter } from '../../src/core/adapter'
import { createClient } from '../../src/core/client'
import { ModelServer } from '../../src/testing'
import type { Session } from '../../src/testing/server'
import { until } from './asking'
import { fakeMy } from './fakes/alipay'
import { fakeTt } from './fakes/douyin'
import { Phone } from './fakes/phone'
import { fakeUniOverMy, fakeUniOverTt, fakeUniOverWx } from './fakes/uni'
import { fakeWx } from './fakes/wechat'
import type { Listener, Peer } from './far-side'

const HOSTS: [string, (phone: Phone) => Adapter][] = [
  ['WeChat', (phone) => wxAdapter(fakeWx(phone) as unknown as WechatMiniprogram.Wx)],
  ['Alipay', (phone) => alipayAdapter(fakeMy(phone).my)],
  ['Douyin', (phone) => douyinAdapter(fakeTt(phone))],
  ['uni-app over WeChat', (phone) => uniAdapter(fakeUniOverWx(phone))],
  ['uni-app over Alipay', (phone) => uniAdapter(fakeUniOverMy(phone))],
  ['uni-app over Douyin', (phone) => uniAdapter(fakeUniOverTt(phone))],
]

function setUp() {
  const server = new ModelServer()
  server.model.addUser('ann')
  server.model.addUser('bob')
  const chat = server.model.create('direct', ['ann', 'bob'])
  const serve = (peer: Peer): Listener => {
    const session: Session = { userId: '', send: (frame) => peer.say(JSON.stringify(frame)), close: peer.close }
    return {
      hear: (text) => server.receive(session, JSON.parse(text) as Command),
      gone: () => server.drop(session),
    }
  }
  const phone = new Phone({ bytesPerKey: 200 * 1024, bytesInAll: 10 * 1024 * 1024 }, serve)
  const bobSays = (text: string) => {
    const content = { type: 'text' as const, text }
    server.as('bob', { type: 'send_message', id: 1, conversation_id: chat, client_msg_id: text, content })
  }
  return { server, chat, phone, bobSays }
}

async function signedIn(adapter: Adapter) {
  const im = createClient({ endpoint: 'https://im.example.com', adapter })
  onTestFinished(() => im.signOut())
  await im.signIn({ token: 'ann', account: 'ann' })
  return im
}

test.each(HOSTS)('%s: a client speaks, hears, and after a silent death hears what it missed', async (_, adapterOf) => {
  const { chat, phone, bobSays } = setUp()
  const im = await signedIn(adapterOf(phone))
  await im.online()
  await im.messages.open(chat)
  const texts = () => im.messages.list(chat).messages.map(({ content }) => content && 'text' in content && content.text)
  im.messages.send(chat, { type: 'text', text: '你好' })
  await until('the acknowledgement', () => im.messages.list(chat).messages.every(({ status }) => status === 'sent'))
  bobSays('hello')
  await until('the answer', () => texts().includes('hello'))

  phone.listeners.hide.forEach((fn) => fn())
  phone.sockets.forEach((socket) => socket.die())
  bobSays('are you there?')
  phone.listeners.show.forEach((fn) => fn())
  await until('what was missed', () => texts().includes('are you there?'))
  expect(texts()).toEqual(['你好', 'hello', 'are you there?'])
})

test.each(HOSTS)('%s: a client that starts without a network shows the last state', async (_, adapterOf) => {
  const { chat, phone, bobSays } = setUp()
  const first = await signedIn(adapterOf(phone))
  await first.online()
  await first.messages.open(chat)
  bobSays('x'.repeat(4_000))
  bobSays('the last word')
  await until('both messages', () => first.messages.list(chat).messages.length === 2)
  await first.settled()

  // Killed, and begun again from what is stored.
  const killed = setUp().phone
  phone.kept.forEach((value, key) => killed.keep(key, value))
  killed.suspended = true
  const second = await signedIn(adapterOf(killed))
  expect(second.messages.list(chat).messages.map(({ seq }) => seq)).toHaveLength(2)
  expect(second.state).not.toBe('online')
})
