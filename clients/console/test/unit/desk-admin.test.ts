/** Forms of the desk's administration: hours as inputs have them, who serves a queue, where a refusal stands. */
import { expect, it, vi } from 'vitest'
import { ApiError } from '@/api/http'
import { useFields } from '@/components/admin/fields'
import { serves, speaks } from '@/components/admin/serving'
import { another, fromText, isInOrder, timeText, untilText } from '@/components/admin/times'
import type { Queue } from '@/im'

vi.mock('element-plus', () => ({ ElMessage: { error: vi.fn() } }))

it('minutes of the day and what a time input shows are the same, midnight at either end', () => {
  expect([0, 570, 1_439, 1_440].map(timeText)).toEqual(['00:00', '09:30', '23:59', '00:00'])
  expect([fromText('00:00'), fromText('09:30'), untilText('00:00'), untilText('18:05')]).toEqual([0, 570, 1_440, 1_085])
})

it('intervals that overlap, stand still or go backwards are told from those in order', () => {
  expect(isInOrder([])).toBe(true)
  expect(
    isInOrder([
      [540, 720],
      [720, 1_440],
    ]),
  ).toBe(true)
  expect(
    isInOrder([
      [540, 720],
      [719, 800],
    ]),
  ).toBe(false)
  expect(isInOrder([[600, 600]])).toBe(false)
})

it('one more interval never overlaps the last, also late in the day', () => {
  expect(another([])).toEqual([540, 1_080])
  for (const last of [600, 1_300, 1_385, 1_439]) {
    expect(isInOrder([[0, last], another([[0, last]])])).toBe(true)
  }
})

const queue = (more: Partial<Queue>): Queue => ({ id: 'q', shop_id: 's', name: 'q', ...more })
const mei = { user_id: 'mei', skills: ['refund', 'tea'], languages: ['zh-CN'] }

it('who serves a queue is decided as the server does it', () => {
  expect(serves(mei, queue({}))).toBe(true)
  expect(serves(mei, queue({ skills: ['refund'] }))).toBe(true)
  expect(serves(mei, queue({ skills: ['refund', 'wine'] }))).toBe(false)
  expect(serves(mei, queue({ agents: ['lin'] }))).toBe(false)
  expect(serves(mei, queue({ agents: ['mei'], skills: ['wine'] }))).toBe(true)
  expect(serves(mei, queue({ match: { languages: ['zh'] } }))).toBe(true)
  expect(serves(mei, queue({ match: { languages: ['en'] } }))).toBe(false)
  expect([speaks('en', 'en-GB'), speaks('en-US', 'en-GB')]).toEqual([true, false])
})

it('a refusal that names a field of the form stands there, any other is told for itself', async () => {
  const { ElMessage } = await import('element-plus')
  const words = ({ reason }: ApiError): Record<string, string> =>
    reason === 'loop' ? { overflow_to: 'round and round' } : {}
  const { errors, send } = useFields(['name', 'vip_levels'], words)
  const refused = (data: Record<string, unknown>) => send(() => Promise.reject(new ApiError('bad_request', data)))
  expect(await refused({ field: 'match.vip_levels[0]' })).toBe(false)
  expect(Object.keys(errors.value)).toEqual(['vip_levels'])
  await refused({ reason: 'loop', field: 'other' })
  expect(errors.value).toEqual({ overflow_to: 'round and round' })
  expect(ElMessage.error).not.toHaveBeenCalled()
  await refused({ field: 'unknown' })
  expect(errors.value).toEqual({})
  expect(ElMessage.error).toHaveBeenCalledTimes(1)
  expect(await send(() => Promise.resolve())).toBe(true)
})
