import { expect, test } from 'vitest'
import { createClient } from '../../src/core/client'
import { forwardMessages, openBundle } from '../../src/modules/forward'
import { ModelServer, Refusal, SimulatedClock, SimulatedHost } from '../../src/testing'

async function talk() {
  const server = new ModelServer()
  for (const user of ['ann', 'bob', 'cai']) server.model.addUser(user)
  const from = server.model.create('group', ['ann', 'bob'])
  const to = server.model.create('direct', ['ann', 'cai'])
  for (let n = 1; n <= 3; n++)
    server.as(n % 2 ? 'ann' : 'bob', {
      type: 'send_message',
      id: n,
      conversation_id: from,
      client_msg_id: `k${n}`,
      content: { type: 'text', text: `${n}` },
    })
  const clock = new SimulatedClock()
  const host = new SimulatedHost(server, { clock })
  const im = createClient({ endpoint: 'https://im.test', adapter: host.adapter })
  await im.signIn({ token: 'ann' })
  await clock.advance(100)
  /** What was asked, while the simulated clock runs. */
  const outcome = async <T>(asked: Promise<T>): Promise<T> => {
    let over = false
    const end = () => (over = true)
    asked.then(end, end)
    for (let i = 0; i < 500 && !over; i++) {
      await clock.advance(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return asked
  }
  const texts = () =>
    server.model.visible('cai', to).map(({ content }) => (content?.type === 'text' ? content.text : content?.type))
  return { server, im, from, to, outcome, texts, clock }
}

test('messages go one by one, in the order of the log, and stand in the window of the target', async () => {
  const { im, from, to, outcome, texts } = await talk()
  const answer = await outcome(forwardMessages(im, { from, seqs: [3, 1], to }))
  expect(answer.sent.map(({ seq }) => seq)).toEqual([1, 2])
  expect(texts()).toEqual(['1', '3'])
  expect(im.messages.list(to).messages.map(({ status, sender_id }) => [status, sender_id])).toEqual([
    ['sent', 'ann'],
    ['sent', 'ann'],
  ])
})

test('a bundle is one message, and opened it is whole', async () => {
  const { im, from, to, outcome, texts } = await talk()
  const { sent } = await outcome(forwardMessages(im, { from, seqs: [1, 2, 3], to, merged: true }))
  expect(texts()).toEqual(['merged'])
  const opened = await outcome(openBundle(im, to, sent[0]!.seq))
  expect(opened?.items.map(({ sender }) => opened.senders[sender ?? 0]?.name)).toEqual(['ann', 'bob', 'ann'])
  expect(await outcome(openBundle(im, from, 1))).toBe(null)
  expect(await outcome(openBundle(im, from, 99))).toBe(null)
})

test('what was recalled is named as left out', async () => {
  const { im, server, from, to, outcome } = await talk()
  server.as('bob', {
    type: 'recall_message',
    id: 9,
    conversation_id: from,
    client_msg_id: 'r',
    target_seq: 2,
  })
  expect((await outcome(forwardMessages(im, { from, seqs: [1, 2, 3], to }))).left_out).toEqual([2])
})

test('while the server asks for patience the same command goes on, and nothing arrives twice', async () => {
  const { im, server, from, to, outcome, texts } = await talk()
  let refusals = 2
  server.before = (command) => {
    if (command.type !== 'forward_messages') return
    if (refusals-- > 0) throw new Refusal('rate_limited', { retry_after_ms: 1 })
  }
  await outcome(forwardMessages(im, { from, seqs: [1, 2], to }))
  expect(texts()).toEqual(['1', '2'])
  const keys = server.received.filter(({ type }) => type === 'forward_messages').map((one) => JSON.stringify(one))
  expect(new Set(keys.map((text) => text.replace(/"id":\d+/, ''))).size).toBe(1)
  expect(keys).toHaveLength(3)
})

test('patience ends, and a later try with the same key finds what arrived', async () => {
  const { im, server, from, to, outcome, texts } = await talk()
  let patience = true
  server.before = (command) => {
    if (command.type === 'forward_messages' && patience) throw new Refusal('rate_limited', { retry_after_ms: 1 })
  }
  const key = im.newKey()
  const request = { from, seqs: [1, 2], to, key }
  await expect(outcome(forwardMessages(im, request))).rejects.toMatchObject({ code: 'rate_limited' })
  expect(server.received.filter(({ type }) => type === 'forward_messages')).toHaveLength(6)
  patience = false
  const first = await outcome(forwardMessages(im, request))
  expect(await outcome(forwardMessages(im, request))).toEqual(first)
  expect(texts()).toEqual(['1', '2'])
})

test('what the server refuses is told at once', async () => {
  const { im, server, from, to, outcome } = await talk()
  await expect(outcome(forwardMessages(im, { from, seqs: [44], to }))).rejects.toMatchObject({ code: 'not_found' })
  await expect(outcome(forwardMessages(im, { from, seqs: [1], to: 'nowhere' }))).rejects.toMatchObject({
    code: 'not_found',
  })
  expect(server.received.filter(({ type }) => type === 'forward_messages')).toHaveLength(2)
})
