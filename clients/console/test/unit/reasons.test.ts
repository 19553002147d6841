/** What the router and colleagues did, in sentences of both languages; nothing is left as a code that we know. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { eventText, reasonText } from '@/components/desk/reasons'
import { i18n } from '@/i18n'
import type { CaseEvent } from '@/im'

const NAMES: Record<string, string> = { mei: '小梅', lin: '阿林' }
const nameOf = (id: string) => NAMES[id] ?? '?'
const queueName = (id: string) => ({ q1: '售后' })[id] ?? ''
const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../schema/protocol.schema.json'), 'utf8'),
) as { $defs: { Reason: { description: string }; CaseEventKind: { enum: CaseEvent['kind'][] } } }
const CODES = `rule default no_queue overflow transferred agent_gone reopened handed_over round_robin least_loaded
  weighted last_agent picked manual nobody_serves nobody_online all_busy closed by_agent silence target_near
  target_missed tags inactive left left_message by_customer rule_fired`.split(/\s+/)

afterEach(() => (i18n.global.locale.value = 'zh-CN'))

it.each(CODES)('%s is told in words of both languages', (code) => {
  for (const locale of ['zh-CN', 'en'] as const) {
    i18n.global.locale.value = locale
    const data = { tags: { added: ['refund'] }, rule_fired: { rule: 'VIP' } }[code] ?? {}
    const told = reasonText({ code, data }, nameOf)
    expect(told).not.toContain(code.includes('_') ? code : 'undefined')
    expect(told.length).toBeGreaterThan(2)
  }
})

it('the codes are those that the server knows', () => {
  for (const code of CODES) expect(schema.$defs.Reason.description).toContain(`\`${code}\``)
})

it('figures and names are in the sentence', () => {
  i18n.global.locale.value = 'zh-CN'
  expect(reasonText({ code: 'least_loaded', data: { load: 1, of: 3 } }, nameOf)).toBe('手上最少的同事，当时 1 / 3')
  expect(reasonText({ code: 'rule', data: { by: ['language', 'page'] } }, nameOf)).toBe('按规则：语言、进入的页面')
  expect(reasonText({ code: 'overflow', data: { after_s: 300, from: '售前' } }, nameOf)).toBe(
    '在「售前」等了 5 分钟没人接',
  )
  expect(reasonText({ code: 'agent_gone', data: { agent_id: 'mei', state: 'offline', for_s: 45 } }, nameOf)).toBe(
    '小梅 离线 45 秒',
  )
  i18n.global.locale.value = 'en'
  expect(reasonText({ code: 'all_busy', data: { online: 2, places: 10 } }, nameOf)).toBe(
    'All 2 who are online have their 10 places taken',
  )
})

it('targets, tags and stars are told with what they are about', () => {
  i18n.global.locale.value = 'en'
  const missed = { target: 'first_reply', limit_s: 120, moved_to: 'q2', queue: 'VIP' }
  expect(reasonText({ code: 'target_missed', data: missed }, nameOf)).toBe(
    'First reply: longer than 2 minutes, so it moved on into “VIP”',
  )
  expect(reasonText({ code: 'tags', data: { added: ['refund'], removed: ['tea', 'urgent'] } }, nameOf)).toBe(
    'Added: refund · Removed: tea, urgent',
  )
  expect(reasonText({ code: 'handed_over', data: { why: 'not_it' } }, nameOf)).toContain('not what they asked for')
  expect(reasonText({ code: 'handed_over', data: { why: 'by_moonlight' } }, nameOf)).toBe('Handed over by a bot')
})

it('a code of a newer server is shown as it is, and nonsense in its data does no harm', () => {
  expect(reasonText({ code: 'by_moonlight' }, nameOf)).toBe('by_moonlight')
  expect(reasonText({ code: 'rule', data: { by: 7, load: null } }, nameOf)).toBe('按规则：')
  expect(reasonText(null, nameOf)).toBe('')
})

it.each(schema.$defs.CaseEventKind.enum)('an event %s says who did what', (kind) => {
  for (const locale of ['zh-CN', 'en'] as const) {
    i18n.global.locale.value = locale
    const event = { case_id: 'k', seq: 1, at: 0, kind, actor_id: 'mei', agent_id: 'lin', queue_id: 'q1' } as CaseEvent
    const told = eventText(event, nameOf, queueName)
    expect(told).not.toMatch(/history\.|[a-z]+_[a-z]+|\{/)
    expect(told.length).toBeGreaterThan(3)
  }
})

it('who passed a case on to whom, or where, is in the line', () => {
  const base = { case_id: 'k', seq: 1, at: 0, kind: 'transferred', actor_id: 'mei' } as CaseEvent
  expect(eventText({ ...base, agent_id: 'lin' }, nameOf, queueName)).toBe('小梅 转给 阿林')
  expect(eventText({ ...base, queue_id: 'q1' }, nameOf, queueName)).toBe('小梅 转到「售后」')
})
