import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createClient, memoryStorage, nodeAdapter } from '../../src'
import type { Client } from '../../src'
import { createDesk } from '../../src/modules/desk'
import { forwardMessages, openBundle } from '../../src/modules/forward'
import { customerToken, staffDevice, staffToken, until, url } from './deployment'

const textsOf = (im: Client, id: string) =>
  im.messages
    .list(id)
    .messages.map((message) => (message.content?.type === 'text' ? message.content.text : message.content?.type))

describe('with a real server', () => {
  const clients: Client[] = []
  const problems: string[] = []

  function client(
    options: { socket?: boolean; storage?: ReturnType<typeof memoryStorage>; WebSocket?: unknown } = {},
  ): Client {
    const { socket = true, storage = memoryStorage() } = options
    const adapter = nodeAdapter(socket ? { WebSocket, ...options, storage } : { storage })
    const im = createClient({ endpoint: url, adapter: socket ? adapter : { ...adapter, socket: null } })
    im.on('error', (error) => problems.push(`${error.code} ${error.detail}`))
    clients.push(im)
    return im
  }

  beforeEach(() => void (problems.length = 0))
  afterEach(async () => {
    for (const im of clients.splice(0)) im.stop()
    expect(problems).toEqual([])
  })

  async function customer(options = {}): Promise<{ im: Client; id: string }> {
    const im = client(options)
    await im.signIn({ token: customerToken, account: 'customer', deviceId: 'sdk-e2e-customer' })
    await im.online()
    const opened = await im.conversations.openService({ context: { page: '/pages/product' } })
    return { im, id: opened.conversation.id }
  }

  async function agent(): Promise<Client> {
    const im = client()
    await im.signIn({ token: staffToken, deviceId: staffDevice })
    await im.online()
    return im
  }

  test('a customer asks, an agent takes the case and answers, both see the same', async () => {
    const shop = await agent()
    const desk = createDesk(shop)
    await desk.watch()
    const { im, id } = await customer()
    const text = `还有茶吗 ${Date.now()}`
    const sent = await im.messages.send(id, { type: 'text', text }).done
    expect(sent.status).toBe('sent')
    const waiting = await until('the case on the desk', () => desk.cases().find((one) => one.conversation_id === id))
    await desk.take(waiting.id, { force: true })
    const off = shop.messages.observe(id, () => undefined)
    await shop.messages.open(id)
    await until('the question at the desk', () => textsOf(shop, id).includes(text))
    await shop.messages.send(id, { type: 'text', text: `有的 ${text}` }).done
    await until('the answer on the phone', () => textsOf(im, id).includes(`有的 ${text}`))
    const last = im.messages.list(id).messages.slice(-1)[0]
    await im.messages.react(id, last?.seq ?? 0, '👍')
    await until('the reaction at the desk', () =>
      shop.messages.list(id).messages.some((message) => message.reactions?.length),
    )
    im.conversations.markRead(id)
    await until(
      'the read mark at the desk',
      () => (shop.conversations.find(id)?.inbox.peer_read_seq ?? 0) >= (last?.seq ?? 1),
    )
    const mine = im.messages.list(id).messages.find((message) => message.seq === sent.seq)
    await im.messages.recall(id, mine?.seq ?? 0)
    await until('the recall at the desk', () =>
      shop.messages.list(id).messages.some((message) => message.seq === sent.seq && message.content === null),
    )
    await desk.resolve(waiting.id)
    await until('the desk is empty', () => !desk.cases().some((one) => one.id === waiting.id))
    await until('the whole conversation at the desk', () =>
      im.messages.list(id).messages.every((one) => shop.messages.list(id).messages.some(({ seq }) => seq === one.seq)),
    )
    off()
  })

  test('the same conversation goes over long polls where sockets fail', async () => {
    const { im, id } = await customer({ socket: false })
    const other = await customer()
    const text = `慢慢来 ${Date.now()}`
    await im.messages.send(id, { type: 'text', text }).done
    await until('the message on the other device', () => textsOf(other.im, id).includes(text))
    await other.im.messages.send(id, { type: 'text', text: `好 ${text}` }).done
    await until('the answer over the poll', () => textsOf(im, id).includes(`好 ${text}`))
  })

  test('around each lost connection a message is written at most once on each, in order, and stored once', async () => {
    /** The texts written on each connection; `cut` ends the newest without a word to the server. */
    const wire: string[][] = []
    let cut = () => undefined as void
    class Recorded extends WebSocket {
      private readonly written: string[] = []
      constructor(url: string) {
        super(url)
        wire.push(this.written)
        cut = () => this.terminate()
      }
      override send(data: string): void {
        const { type, content } = JSON.parse(data) as { type: string; content?: { text: string } }
        if (type === 'send_message' && content) this.written.push(content.text)
        super.send(data)
      }
    }
    const { im, id } = await customer({ WebSocket: Recorded })
    const begun = Date.now()
    const all: Promise<unknown>[] = []
    const expected: string[] = []
    const say = (when: string) => {
      for (const i of [1, 2]) {
        expected.push(`${when} ${i} ${begun} ${wire.length}`)
        all.push(im.messages.send(id, { type: 'text', text: expected[expected.length - 1] ?? '' }).done)
      }
    }
    im.on('connection', ({ state }) => state === 'online' && say('back'))
    for (const round of [1, 2]) {
      // The second time nothing is on its way when the connection is lost.
      if (round === 1) say('before')
      cut()
      await until('the loss', () => im.state === 'waiting')
      say('meanwhile')
      await until('the next connection', () => wire.length === round + 1 && im.state === 'online')
      await Promise.all(all)
    }
    await until('all acknowledged', () => im.messages.list(id).messages.every(({ status }) => status === 'sent'))
    expect(textsOf(im, id).filter((text) => text?.includes(`${begun}`))).toEqual(expected)
    for (const written of wire) expect(written).toEqual(Array.from(new Set(written)))
  })

  test('what was kept is shown at once after a restart, and is completed', async () => {
    const storage = memoryStorage()
    const { im, id } = await customer({ storage })
    await im.messages.open(id)
    await im.messages.send(id, { type: 'text', text: '第一' }).done
    await until('the message', () => im.messages.list(id).messages.every((message) => message.seq > 0))
    await im.settled()
    im.stop()
    const away = await customer()
    await away.im.messages.send(id, { type: 'text', text: '第二' }).done
    const again = client({ storage })
    await again.signIn({ token: customerToken, account: 'customer', deviceId: 'sdk-e2e-customer' })
    expect(textsOf(again, id)).toContain('第一')
    await until('what was missed', () => textsOf(again, id).includes('第二'))
    expect(again.conversations.list().some((row) => row.conversation.id === id)).toBe(true)
  })

  test('a picture is uploaded with progress and arrives with its measures', async () => {
    const { im, id } = await customer()
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const handle = im.messages.sendMedia(id, { kind: 'image', file: { data: png, name: 'tea.png', mime: 'image/png' } })
    expect(handle.message.status).toBe('sending')
    await handle.done
    const message = await until('the picture in the log', () =>
      im.messages
        .list(id)
        .messages.find(
          (one) =>
            one.client_msg_id === handle.client_msg_id &&
            one.seq > 0 &&
            one.content?.type === 'image' &&
            one.content.width,
        ),
    )
    expect(message.content).toMatchObject({ type: 'image', width: 1, height: 1 })
  })

  test('what a customer said is forwarded by an agent, and read whole, its picture too, by who may not look there', async () => {
    const shop = await agent()
    const desk = createDesk(shop)
    await desk.watch()
    const { im, id } = await customer()
    const said = await im.messages.send(id, { type: 'text', text: `转发我 ${Date.now()}` }).done
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const shown = await im.messages.sendMedia(id, {
      kind: 'image',
      file: { data: png, name: 'a.png', mime: 'image/png' },
    }).done
    const direct = (await shop.conversations.createDirect(im.me?.id ?? '')).conversation.id
    const request = { from: id, seqs: [shown.seq, said.seq], to: direct, merged: true, key: shop.newKey() }
    const { sent } = await forwardMessages(shop, request)
    expect(await forwardMessages(shop, request)).toEqual({ sent })
    const pushed = await until('the bundle with the customer', () =>
      im.messages.list(direct).messages.find((message) => message.content?.type === 'merged'),
    )
    expect(pushed.content).toMatchObject({ count: 2, from_kind: 'service', items: [{ content: said.content }, {}] })
    const whole = await openBundle(im, direct, pushed.seq)
    const picture = whole?.items[1]?.content
    if (picture?.type !== 'image') throw new Error('no picture in the bundle')
    const answer = await fetch(url + picture.url)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png'])
    const again = await forwardMessages(im, { from: direct, seqs: [pushed.seq], to: id })
    expect((await openBundle(shop, id, again.sent[0]?.seq ?? 0))?.items).toHaveLength(2)
  })
})
