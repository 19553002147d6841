// What stands above the messages, in both languages, and how often it is said aloud.
import { describe, expect, test } from 'vitest'
import type { RatingInvitation, Service } from '@chaguan/sdk'
import { ordinal, serviceTexts } from '../src/service-texts'
import { chipsOf, Hope, inLanguage, openingText, Quiet, stripOf, timeText, type Seen } from '../src/standing'

const NOW = new Date(2027, 0, 6, 21, 0).getTime() // a Wednesday
const held = { id: 'k', conversation_id: 'c', shop_id: 's', customer_id: 'me' }

const seen = (language: 'zh-CN' | 'en', more: Partial<Seen> = {}): Seen => ({
  language,
  now: NOW,
  hope: new Hope(),
  typing: false,
  ...more,
})

function waits(position: number, expected_ms: number, more: Partial<Service> = {}): Service {
  return {
    conversation_id: 'c',
    waiting: { conversation_id: 'c', case_id: 'k', position, expected_ms, at: NOW },
    case: { ...held, status: 'waiting' },
    ...more,
  }
}
const lines = (service: Service, more: Partial<Seen> = {}) =>
  (['zh-CN', 'en'] as const).map((language) => stripOf({ service, kept: null }, seen(language, more)).line)

describe('who waits reads', () => {
  test.each([
    [3, 240_000, '第 3 位，约 4 分钟', '3rd in line, about 4 min'],
    [2, 30_000, '第 2 位，不到 1 分钟', '2nd in line, less than a minute'],
    [1, 100_000, '您是下一位，约 2 分钟', 'You are next, about 2 min'],
    [1, 0, '您是下一位，马上为您接通', 'You are next, any moment now'],
    [12, -1, '第 12 位', '12th in line'],
    [101, 4_000_000, '第 101 位，超过 1 小时', '101st in line, more than an hour'],
    [0, -1, '正在为您安排客服', 'We are finding somebody for you'],
  ])('%i, %i ms', (position, expected, zh, en) => {
    expect(lines(waits(position, expected))).toEqual([zh, en])
  })

  test('that it takes longer, once it does by more than a minute, and no more once it does not', () => {
    const hope = new Hope()
    const at = (ms: number, expected_ms: number) => {
      const { waiting } = waits(2, expected_ms)
      hope.hear({ ...waiting, at: NOW + ms })
      return hope.longer
    }
    expect([at(0, 120_000), at(60_000, 70_000), at(70_000, 60_000)]).toEqual([false, false, false])
    expect(at(80_000, 200_000)).toBe(true)
    expect(lines(waits(2, 200_000), { hope })).toEqual([
      '第 2 位，比预计的久，约 3 分钟',
      '2nd in line; longer than we thought, about 3 min',
    ])
    expect(at(90_000, 190_000)).toBe(true)
    expect(at(100_000, 60_000)).toBe(false)
    hope.hear({ conversation_id: 'c', case_id: 'other', expected_ms: 900_000, at: NOW })
    expect(hope.longer).toBe(false)
  })

  test('that nobody is there, and that the desk is closed, in the words of the shop if it has some', () => {
    expect(lines(waits(1, -1, { nobody_there: true }))[1]).toMatch(/Nobody is here right now/)
    const opens_at = new Date(2027, 0, 7, 9, 0).getTime()
    const closed = waits(1, -1)
    closed.waiting.opens_at = opens_at
    expect(lines(closed)).toEqual([
      '现在是休息时间，明天 09:00开始服务',
      'We are closed now and back tomorrow at 09:00',
    ])
    expect(lines({ ...closed, out_of_hours: { 'zh-CN': '九点见', en: 'See you at nine' } })).toEqual([
      '九点见',
      'See you at nine',
    ])
    expect(lines(closed, { now: opens_at + 1 })).toEqual(['您是下一位', 'You are next'])
  })

  test('can leave the line, and nobody else can', () => {
    const strip = (service: Service) => stripOf({ service, kept: null }, seen('en'))
    expect(strip(waits(3, 1))).toMatchObject({ canLeave: true, canMessage: true })
    expect(strip(waits(0, -1, { case: { ...held, status: 'waiting', bot_id: 'b' } })).canLeave).toBe(false)
    expect(strip(waits(0, -1, { case: { ...held, status: 'open', agent_id: 'a' } })).canLeave).toBe(false)
  })
})

describe('with an agent', () => {
  const open = waits(0, -1, {
    case: { ...held, status: 'open', agent_id: 'mei' },
    agent: { id: 'mei', kind: 'staff', name: '小梅' },
  })
  test('one reads who it is and that they write, and hears only the first', () => {
    expect(lines(open)).toEqual(['小梅 正在为您服务', '小梅 is here for you'])
    const typing = stripOf({ service: open, kept: null }, seen('en', { typing: true }))
    expect([typing.line, typing.spoken]).toEqual(['小梅 is typing…', '小梅 is here for you'])
  })
  test('whose name is not known it is our team', () => {
    expect(lines({ ...open, agent: null })[1]).toBe('Our team is here for you')
  })
})

describe('at the end', () => {
  const ended = waits(0, -1, {
    case: { ...held, status: 'resolved', outcome: 'resolved' },
    can_reopen: true,
    invitation: { case_id: 'k', until: NOW + 1, reasons: [] },
  })
  const strip = (service: Service, kept: { stars: number } | null = null, now = NOW) =>
    stripOf({ service, kept }, seen('en', { now }))

  test('one is asked once, may change it, and may ask again', () => {
    expect(strip(ended)).toMatchObject({ line: 'It has ended. Was it solved?', rating: 'asks', canReopen: true })
    expect(strip({ ...ended, rating: { case_id: 'k', stars: 4 } })).toMatchObject({
      line: 'Thank you for rating',
      rating: 'changes',
    })
    expect(strip(ended, { stars: 3 })).toMatchObject({
      line: 'Your rating goes out when you are online',
      rating: 'changes',
    })
  })
  test('a time that is over is not offered', () => {
    expect(strip(ended, null, NOW + 2)).toMatchObject({ line: 'This consultation has ended', rating: '' })
    expect(strip({ ...ended, invitation: null })).toMatchObject({ rating: '' })
  })
  test('who left a message is told when it is answered', () => {
    const due_at = new Date(2027, 0, 7, 9, 0).getTime()
    const callback = { case_id: 'k', conversation_id: 'c', shop_id: 's', customer_id: 'me', seq: 1, at: NOW, due_at }
    const left = {
      ...ended,
      invitation: null,
      callback,
      case: { ...held, status: 'resolved', outcome: 'callback' } as const,
    }
    expect(lines(left)).toEqual([
      '已收到留言，明天 09:00后回复您',
      'We have your message and answer from tomorrow at 09:00',
    ])
    expect(lines(left, { now: due_at })[1]).toBe('We have your message and will answer soon')
  })
  test('who left the line is told so', () => {
    const left = { ...ended, invitation: null, case: { ...held, status: 'resolved', outcome: 'abandoned' } as const }
    expect(strip(left).line).toBe('You left the line')
  })
})

test('before anything is asked a closed desk takes messages, an open one needs none', () => {
  const none = { ...waits(0, -1), case: null }
  expect(stripOf({ service: none, kept: null }, seen('en'))).toMatchObject({
    line: 'Happy to help',
    canMessage: false,
  })
  none.waiting.opens_at = NOW + 1
  expect(stripOf({ service: none, kept: null }, seen('en')).canMessage).toBe(true)
})

test('before anything is known nothing is claimed', () => {
  expect(stripOf({ service: null, kept: null }, seen('en')).line).toBe('')
})

describe('aloud', () => {
  test('places are told at most every 20 seconds, the last of them in the end, and what matters at once', () => {
    const quiet = new Quiet(20_000)
    expect(quiet.next('4 before you', true, 0)).toBe('4 before you')
    expect(quiet.next('3 before you', true, 5_000)).toBe('4 before you')
    expect(quiet.waits('3 before you', true, 5_000)).toBe(15_000)
    expect(quiet.next('2 before you', true, 19_999)).toBe('4 before you')
    expect(quiet.next('2 before you', true, 20_000)).toBe('2 before you')
    expect(quiet.next('Mei is here', false, 20_001)).toBe('Mei is here')
    expect(quiet.waits('x', false, 20_001)).toBe(0)
    expect(quiet.next('1 before you', true, 20_002)).toBe('1 before you')
  })

  test('a new expectation for the same place says nothing', () => {
    const said = [60_000, 120_000, 600_000].map(
      (expected) => stripOf({ service: waits(3, expected), kept: null }, seen('en')).spoken,
    )
    expect(new Set(said)).toEqual(new Set(['2 before you in line']))
  })
})

describe('words', () => {
  test('are there in both languages, with the same blanks', () => {
    const [zh, en] = [serviceTexts('zh-CN'), serviceTexts('en')]
    const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort()
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      if (key === 'months') continue
      expect(en[key], key).toBeTruthy()
      expect(blanks(en[key]), key).toEqual(blanks(zh[key]))
    }
    expect(zh.starNames.split(',')).toHaveLength(5)
    expect(en.starNames.split(',')).toHaveLength(5)
  })

  test('for places in English', () => {
    expect([1, 2, 3, 4, 11, 12, 13, 21, 112].map((n) => ordinal(n, 'en')).join(' ')).toBe(
      '1st 2nd 3rd 4th 11th 12th 13th 21st 112th',
    )
  })

  test('for an opening, near and far', () => {
    const [zh, en] = [serviceTexts('zh-CN'), serviceTexts('en')]
    const on = (day: number, hour: number) => new Date(2027, 0, day, hour, 30).getTime()
    expect(openingText(on(6, 22), NOW, en)).toBe('today at 22:30')
    expect(openingText(on(7, 8), NOW, zh)).toBe('明天 08:30')
    expect(openingText(on(11, 8), NOW, en)).toBe('on Monday at 08:30')
    expect(openingText(on(11, 8), NOW, zh)).toBe('周一 08:30')
    expect(openingText(on(20, 8), NOW, en)).toBe('on 20 January at 08:30')
    expect(openingText(on(20, 8), NOW, zh)).toBe('1月20日 08:30')
  })

  test('for times stay true for a while', () => {
    const words = serviceTexts('en')
    expect([44_999, 45_000, 89_000, 91_000].map((ms) => timeText(ms, words))).toEqual([
      'less than a minute',
      'about 1 min',
      'about 1 min',
      'about 2 min',
    ])
  })

  test('of a shop come in the language there is', () => {
    expect(inLanguage({ 'zh-CN': '好', en: 'good' }, 'en')).toBe('good')
    expect(inLanguage({ zh: '好', en: 'good' }, 'zh-CN')).toBe('好')
    expect(inLanguage({ fr: 'bon' }, 'en')).toBe('bon')
    expect(inLanguage({}, 'en')).toBe('')
  })
})

test('chips are those of the stars, and what was tapped stays if it fits', () => {
  const invitation: RatingInvitation = {
    case_id: 'k',
    until: NOW,
    reasons: [
      { id: 'fast', texts: { 'zh-CN': '快', en: 'Fast' }, least: 4 },
      { id: 'slow', texts: { 'zh-CN': '慢', en: 'Slow' }, most: 3 },
      { id: 'tea', texts: { 'zh-CN': '茶' } },
    ],
  }
  const chips = (stars: number) =>
    chipsOf(invitation, stars, ['slow', 'tea'], 'en').map(({ text, on }) => `${text} ${on}`)
  expect(chips(0)).toEqual([])
  expect(chips(2)).toEqual(['Slow true', '茶 true'])
  expect(chips(5)).toEqual(['Fast false', '茶 true'])
})
