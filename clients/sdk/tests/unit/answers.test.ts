// Suggestions while somebody types: when it is asked, what of it is shown, and when it is let be.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SuggestedAnswers } from '@chaguan/protocol'
import type { Client } from '../../src/core/client'
import { ChaguanError } from '../../src/core/errors'
import { suggestAnswers } from '../../src/modules/answers'

const refund = { entry_id: 'f', question: '退款多久到账？', answer: '三天内。', language: 'zh-CN' }
const found: SuggestedAnswers = { answers: [refund] }

/** A client that answers when a test says so. */
function typing() {
  const asked: { text: string; answer: (value: SuggestedAnswers) => void; fail: (error: Error) => void }[] = []
  const client = {
    state: 'online',
    command: (request: { text: string }) => new Promise((answer, fail) => asked.push({ ...request, answer, fail })),
  }
  const told: SuggestedAnswers[] = []
  const suggester = suggestAnswers(client as unknown as Client, 'c', (one) => told.push(one))
  const pause = (ms = 350) => vi.advanceTimersByTimeAsync(ms)
  return { asked, client, told, pause, ...suggester }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('it is asked', () => {
  test('once somebody pauses, about what stands there then', async () => {
    const { typed, pause, asked } = typing()
    for (const text of ['退', '退款', '退款多', '退款多久']) {
      typed(text)
      await pause(300)
    }
    expect(asked).toEqual([])
    await pause(50)
    expect(asked.map(({ text }) => text)).toEqual(['退款多久'])
  })

  test('not about one character, a long story, or the same text with a space behind it', async () => {
    const { typed, pause, asked } = typing()
    for (const text of ['退', ' 退 ', 'x'.repeat(301)]) {
      typed(text)
      await pause()
    }
    expect(asked).toEqual([])
    typed('退款')
    await pause()
    typed('退款 ')
    await pause()
    expect(asked).toHaveLength(1)
  })

  test('not once it was sent, nor without a connection', async () => {
    const { typed, pause, asked, client } = typing()
    typed('退款多久')
    typed('')
    await pause()
    client.state = 'waiting'
    typed('退款多久')
    await pause()
    expect(asked).toEqual([])
  })
})

describe('what is shown', () => {
  test('stays while one goes on typing and is replaced by what fits better', async () => {
    const { typed, pause, asked, told } = typing()
    typed('退款')
    await pause()
    asked[0]!.answer(found)
    await pause(0)
    typed('退款多久')
    await pause()
    expect(told).toEqual([found])
    asked[1]!.answer({ answers: [refund, refund] })
    await pause(0)
    expect(told).toHaveLength(2)
  })

  test('goes at once with what was typed', async () => {
    const { typed, pause, asked, told } = typing()
    typed('退款')
    await pause()
    asked[0]!.answer(found)
    await pause(0)
    typed('')
    expect(told).toEqual([found, {}])
    typed('')
    expect(told).toHaveLength(2)
  })

  test('is never an answer to what stood there before', async () => {
    const { typed, pause, asked, told } = typing()
    typed('退款')
    await pause()
    typed('发票')
    await pause()
    asked[1]!.answer({})
    asked[0]!.answer(found)
    await pause(0)
    expect(told).toEqual([])
    typed('发票呢')
    typed('')
    expect(told).toEqual([])
  })

  test('is nothing any more after stop', async () => {
    const { typed, pause, asked, told, stop } = typing()
    typed('退款')
    await pause()
    stop()
    asked[0]!.answer(found)
    await pause(0)
    typed('发票')
    await pause()
    expect([told, asked.length]).toEqual([[], 1])
  })
})

describe('it is let be', () => {
  test('for as long as a busy server says, and what is shown does not outlive its text', async () => {
    const { typed, pause, asked, told } = typing()
    typed('退款')
    await pause()
    asked[0]!.answer(found)
    await pause(0)
    typed('发票')
    await pause()
    asked[1]!.fail(new ChaguanError('rate_limited', '', { retry_after_ms: 2_000 }))
    await pause(0)
    expect(told).toEqual([found, {}])
    typed('发票呢')
    await pause()
    expect(asked).toHaveLength(2)
    await pause(2_000)
    typed('发票怎么开')
    await pause()
    expect(asked).toHaveLength(3)
  })

  test.each([
    [
      'where there is nothing to suggest',
      (one: { answer: (value: SuggestedAnswers) => void }) => one.answer({ off: true }),
    ],
    [
      'by a server that does not know the question',
      (one: { fail: (error: Error) => void }) => one.fail(new ChaguanError('bad_request')),
    ],
  ])('%s', async (_name, end) => {
    const { typed, pause, asked } = typing()
    typed('退款')
    await pause()
    end(asked[0]!)
    await pause(0)
    typed('发票')
    await pause(60_000)
    expect(asked).toHaveLength(1)
  })
})
