import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ME, MEI, message } from './messages'
import { phoneHost } from './phone-host'

phoneHost()
const { kit } = await import('../src/kit')
const { bodyOf } = await import('../src/bodies')
const { findRecalled, keepRecalled } = await import('../src/recalls')
const { draftOf, keepDraft } = await import('../src/drafts')
const { textsOf } = await import('../src/texts')

const NOW = 1_800_000_000_000
const MINUTE = 60_000
let signOut: (event: { reason: string }) => void

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  const on = (_: string, listener: typeof signOut) => {
    signOut = listener
    return () => undefined
  }
  kit.use({ me: ME, on } as never, { endpoint: '' })
  signOut({ reason: 'signed_out' })
})

const mine = (more = {}) =>
  message(2, { type: 'text', text: '两盒' }, { mentions: [MEI.id], quote: { seq: 1 }, ...more })
const bodyNow = (more = {}) =>
  bodyOf(mine({ content: null, recalled_by: ME.id, ...more }), ME.id, () => '小梅', textsOf('zh-CN'))

describe('an own text that was taken back', () => {
  test('can be had back for five minutes, with whom it mentioned and what it answered', () => {
    keepRecalled(mine())
    expect(findRecalled('key-2')).toEqual({ text: '两盒', mentions: [MEI.id], quoteSeq: 1, until: NOW + 5 * MINUTE })
    expect(bodyNow()).toMatchObject({ again: '重新编辑', until: NOW + 5 * MINUTE })
    vi.setSystemTime(NOW + 5 * MINUTE)
    expect(findRecalled('key-2')).toBeUndefined()
    expect(bodyNow()).not.toHaveProperty('again')
  })

  test('what somebody else took back, or said, is not offered', () => {
    keepRecalled(mine())
    expect(bodyNow({ recalled_by: MEI.id })).not.toHaveProperty('again')
    expect(bodyNow({ sender_id: MEI.id })).not.toHaveProperty('again')
  })

  test('a picture that was taken back leaves nothing', () => {
    keepRecalled(message(2, { type: 'image', media_id: 'm1' }))
    expect(findRecalled('key-2')).toBeUndefined()
  })

  test('nothing of it outlives signing out, nor do drafts', () => {
    keepRecalled(mine())
    keepDraft('c1', { text: '茶', mentions: [] })
    signOut({ reason: 'revoked' })
    expect(findRecalled('key-2')).toBeUndefined()
    expect(draftOf('c1').text).toBe('')
  })
})

test('a draft is found by who wrote it alone', () => {
  keepDraft('c1', { text: '茶', mentions: [] })
  kit.use({ me: MEI, on: () => () => undefined } as never, { endpoint: '' })
  expect(draftOf('c1').text).toBe('')
  kit.use({ me: ME, on: () => () => undefined } as never, { endpoint: '' })
  expect(draftOf('c1').text).toBe('茶')
})
