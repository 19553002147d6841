/** What customers see, as forms have it: ratings, the look, all that is said by itself. */
import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { kitCalls, PLAIN, scriptTag } from '@/components/side/look'
import { another, formOf, problemOf, settingsOf } from '@/components/side/ratings'
import RatingsPanel from '@/components/side/RatingsPanel.vue'
import { isHalf, saidRows } from '@/components/side/said'
import { i18n } from '@/i18n'

beforeEach(() => {
  i18n.global.locale.value = 'en'
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = () => undefined
      unobserve = () => undefined
      disconnect = () => undefined
    },
  )
})

describe('ratings', () => {
  const settled = {
    on: true,
    outcomes: ['resolved', 'newer'],
    window_s: 7_200,
    reasons: [{ id: 'cold', texts: { 'zh-CN': '茶凉了', fr: 'Froid' }, least: 1, most: 3 }],
  }

  it('come back as they were, with what the form does not show', () => {
    expect(settingsOf(formOf(settled), settled)).toEqual(settled)
    expect(settingsOf(formOf({}), {})).toEqual({ on: true, outcomes: ['resolved'], window_s: 259_200, reasons: [] })
  })

  it('are refused without an occasion, words, or an order of stars', () => {
    const form = formOf(settled)
    expect(problemOf(form)).toBe('')
    expect(problemOf({ ...form, resolved: false })).toBe('outcomes')
    expect(problemOf({ ...form, on: false, resolved: false })).toBe('')
    expect(problemOf({ ...form, reasons: [another([], 1)] })).toBe('text')
    expect(problemOf({ ...form, reasons: [{ ...form.reasons[0]!, least: 5 }] })).toBe('stars')
    expect(another([], 1_700_000_000_000).id).toMatch(/^[a-z0-9_]{1,32}$/)
  })

  it('are saved only when something changed and nothing is wrong', async () => {
    const panel = mount(RatingsPanel, { global: { plugins: [i18n] }, props: { ratings: settled, busy: false } })
    const save = () => panel.find('form').trigger('submit')
    expect(panel.find('button[type=submit]').attributes('disabled')).toBeDefined()
    await panel.findAll('.el-checkbox input')[0]!.setValue(false)
    await save()
    expect(panel.find('[role=alert]').text()).toContain('at least one occasion')
    expect(panel.emitted('save')).toBeUndefined()
    await panel.findAll('.el-checkbox input')[1]!.setValue(true)
    await save()
    expect(panel.emitted('save')?.[0]).toEqual([{ ...settled, outcomes: ['abandoned', 'newer'] }])
  })
})

describe('the look', () => {
  const place = { origin: 'https://im.shop.example', app: 'a_1', tokenUrl: '', shop: '' }

  it('says only what is not as it is anyway', () => {
    expect(scriptTag(PLAIN, place)).toBe(
      '<script src="https://im.shop.example/widget.js" data-app="a_1" data-token-url="/chat-token" async></script>',
    )
    const look = { ...PLAIN, theme: 'ink' as const, large: true, left: true, bubble: 'round' as const }
    expect(scriptTag(look, { ...place, shop: 's_1' })).toContain(
      'data-shop="s_1" data-theme="ink" data-text-size="large" data-bubble="round" data-side="left"',
    )
    expect(kitCalls(PLAIN)).toBe("kit.setTheme('tea'); kit.setScheme('auto')")
    expect(kitCalls(look)).toContain("kit.setShapes({ bubble: 'round', avatar: '' })")
  })

  it('lets no name out of its attribute', () => {
    const tag = scriptTag({ ...PLAIN, title: '"><script>alert(1)</script>' }, place)
    expect(tag).toContain('data-title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
    expect(tag.match(/<script/g)).toHaveLength(1)
  })
})

it('all that is said stands in one list, and what is written in one language only is told apart', () => {
  const greeting = {
    texts: { en: 'Hi' },
    closed_texts: { en: 'Closed', 'zh-CN': '关门' },
    apps: ['a_1'],
    pages: ['/x'],
  }
  const rows = saidRows(
    { out_of_hours: {} },
    { greetings: [greeting] },
    { farewell: { 'zh-CN': '再见' } },
    () => 'Mini',
  )
  expect(rows.map(({ name }) => name)).toEqual([
    'greeting',
    'closedGreeting',
    'handingOver',
    'notUnderstood',
    'outOfHours',
    'warning',
    'farewell',
  ])
  expect(rows[0]).toMatchObject({ of: 'Mini, /x', place: 'bot' })
  expect(rows.filter(isHalf).map(({ name }) => name)).toEqual(['greeting', 'farewell'])
})
