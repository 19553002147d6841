/** Rules: written as rows, refused where the server would, read as sentences, put in order. */
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { Rule } from '@/api/automation'
import {
  action,
  actionsFor,
  at,
  besides,
  type Condition,
  condition,
  conditionsFor,
  draftOf,
  EVENTS,
  isSound,
  problemsOf,
  ruleOf,
  wordsOf,
} from '@/components/rules/draft'
import { inOrderOf, landing, moved } from '@/components/rules/order'
import RuleActions from '@/components/rules/RuleActions.vue'
import RuleConditions from '@/components/rules/RuleConditions.vue'
import RuleItem from '@/components/rules/RuleItem.vue'
import RuleTry from '@/components/rules/RuleTry.vue'
import { ifTexts, thenTexts, whenText } from '@/components/rules/sentence'
import { i18n } from '@/i18n'

const LONG: Rule = {
  id: 'r_1',
  name: 'VIP waits',
  when: 'waiting',
  minutes: 5,
  enabled: false,
  if: { queues: ['q_1', 'q_2'], hours: 'open', languages: ['en'], apps: ['a_1'], pages: ['/vip'], tags: ['vip'] },
  then: { queue_id: 'q_2', reply: { en: 'Sorry', 'zh-CN': '抱歉' }, tags: ['late'], notify: ['robots', 'agents'] },
}
const NAMES = {
  queue: (id: string) => ({ q_1: 'Tea', q_2: 'Cups' })[id] ?? '',
  agent: () => 'Mei',
  app: () => 'Shop',
}

beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  )
  setActivePinia(createPinia())
  i18n.global.locale.value = 'en'
})

describe('a rule while it is written', () => {
  it.each<Rule>([
    LONG,
    { name: 'a', when: 'said', enabled: true, if: { words: ['发票'] }, then: { close: true } },
    { name: 'b', when: 'tagged', enabled: true, if: { tags: ['x'] }, then: { agent_id: 'u_1' } },
    { name: 'c', when: 'resolved', enabled: true, if: { hours: 'closed' }, then: { notify: ['agents'] } },
  ])('comes back as it was: $name', (rule) => {
    const draft = draftOf(rule)
    expect(isSound(problemsOf(draft))).toBe(true)
    expect(ruleOf(draft)).toEqual(rule)
  })

  it('has what its occasion needs and nothing that makes no sense there', () => {
    const draft = { ...draftOf(LONG), actions: [action('close'), action('reply')] }
    const said = at(draft, 'said')
    expect(said.conditions[0]?.kind).toBe('words')
    expect(at(said, 'opened').conditions.map(({ kind }) => kind)).not.toContain('words')
    expect(at(draft, 'resolved').actions.map(({ kind }) => kind)).toEqual(['reply'])
    expect(at(at(draft, 'tagged'), 'tagged').conditions.filter(({ kind }) => kind === 'tags')).toHaveLength(1)
  })

  it('goes to one place, and who just came to queues only', () => {
    expect(besides('waiting', [action('queue')])).toEqual(['reply', 'tags', 'notify'])
    expect(actionsFor('opened')).not.toContain('agent')
    expect(actionsFor('resolved')).toEqual(['reply', 'tags', 'notify'])
    for (const when of EVENTS) expect(conditionsFor(when).includes('words')).toBe(when === 'said')
  })

  it('is refused here where the server would refuse it', () => {
    const fresh = draftOf(null)
    expect(problemsOf(fresh)).toMatchObject({ name: 'name' })
    expect(Object.values(problemsOf(fresh).rows)).toEqual(['text'])
    const row = condition('pages', ['/'.repeat(201)])
    const queue = action('queue', { id: 'q_1' })
    const wrong = { ...fresh, name: ' ', conditions: [row, condition('tags')], actions: [queue, action('tags')] }
    const found = problemsOf(wrong)
    expect(found.rows[row.key]).toBe('tooLong')
    expect(Object.values(found.rows).sort()).toEqual(['empty', 'empty', 'tooLong'])
    expect(found.whole).toBe('tagsBesideQueue')
    expect(problemsOf({ ...fresh, actions: [] }).whole).toBe('nothing')
    expect(problemsOf({ ...at(fresh, 'waiting'), minutes: 0 }).minutes).toBe('minutes')
  })

  it('offers the words of other rules', () => {
    expect(wordsOf([LONG], 'tags')).toEqual(['late', 'vip'])
    expect(wordsOf([LONG, LONG], 'pages')).toEqual(['/vip'])
  })
})

describe('a sentence', () => {
  it('says when, if and then in the language shown', () => {
    expect(whenText(LONG)).toBe('A customer has waited for 5 minutes')
    expect(ifTexts(LONG, NAMES)).toContain('in queue Tea or Cups')
    expect(thenTexts(LONG, NAMES)).toEqual([
      'move to “Cups”',
      'reply “Sorry”',
      'add tags late',
      'notify group robots and agents’ devices',
    ])
    i18n.global.locale.value = 'zh-CN'
    expect(whenText(LONG)).toBe('客人已经等了 5 分钟')
    expect(thenTexts(LONG, NAMES)[1]).toBe('回复“抱歉”')
  })

  it('says that a queue is gone', () => {
    expect(thenTexts({ ...LONG, then: { queue_id: 'q_9' } }, NAMES)).toEqual(['move to “(removed)”'])
  })
})

describe('order', () => {
  it('a row lands where it was dropped', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect([landing(0, 2, false), landing(0, 2, true), landing(2, 0, false), landing(2, 0, true)]).toEqual([1, 2, 0, 1])
    expect(landing(1, 1, true)).toBe(1)
  })

  it('what a colleague added meanwhile is kept, at the end', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id }))
    expect(inOrderOf([a!, c!, b!], [b!, a!])).toEqual([b, a, c])
  })
})

describe('rows', () => {
  const props = { queues: [{ id: 'q_1', name: 'Tea' }], problems: {} }

  it('conditions are added with the keyboard in their select, and a needed one stays', async () => {
    const rows = mount(RuleConditions, {
      attachTo: document.body,
      global: { plugins: [i18n] },
      props: { ...props, when: 'said', apps: [], known: {}, modelValue: [condition('words', ['x'])] },
    })
    rows.setProps({ 'onUpdate:modelValue': (modelValue: Condition[]) => rows.setProps({ modelValue }) })
    await nextTick()
    expect(rows.find('select').attributes('disabled')).toBeDefined()
    expect(rows.findAll('.row > .icon-button')).toHaveLength(0)
    await rows.find('.el-button').trigger('click')
    await nextTick()
    await nextTick()
    const added = rows.findAll('.row')[1]!
    expect(document.activeElement).toBe(added.find('select').element)
    await added.find('select').setValue('hours')
    const hours = rows.findAll('.row')[1]!.findAll('select')[1]!
    await hours.setValue('closed')
    expect(rows.props('modelValue').map(({ kind, values }) => [kind, values])).toEqual([
      ['words', ['x']],
      ['hours', ['closed']],
    ])
    rows.unmount()
  })

  it('an action that moves leaves no other mover to choose, and what is missing stands in its row', async () => {
    const queue = action('queue')
    const rows = mount(RuleActions, {
      global: { plugins: [i18n] },
      props: {
        ...props,
        when: 'waiting',
        agents: [],
        tags: [],
        modelValue: [queue, action('notify')],
        problems: { [queue.key]: 'choose' },
      },
    })
    const kinds = rows
      .findAll('.row')[1]!
      .findAll('option')
      .map((one) => one.attributes('value'))
    expect(kinds).toEqual(['reply', 'tags', 'notify'])
    expect(rows.find('[role=alert]').text()).toBe('Choose one')
    await rows.findAll('select')[1]!.setValue('q_1')
    expect(rows.emitted('update:modelValue')?.at(-1)?.[0]).toMatchObject([{ kind: 'queue', id: 'q_1' }, {}])
    await rows.findAll('input[type=checkbox]')[1]!.setValue(true)
    const told = rows.emitted('update:modelValue')?.at(-1)?.[0] as { values: string[] }[]
    expect(told[1]!.values).toEqual(['robots', 'agents'])
  })

  it('a rule in the list says what it did, and that it went round', () => {
    const item = mount(RuleItem, {
      global: { plugins: [i18n] },
      props: {
        rule: LONG,
        names: NAMES,
        runs: { rule_id: 'r_1', runs: 3, at: Date.now() - 60_000, conversation_id: 's_1' },
        cut: { rule_id: 'r_1', case_id: 'k_1', at: Date.now() },
        isFirst: true,
        isLast: false,
        busy: false,
      },
    })
    expect(item.text()).toContain('3 times in 30 days')
    expect(item.find('a').attributes('href')).toBe('#/desk/s_1')
    expect(item.find('.tag.amber').text()).toContain('Went round')
    expect(item.find('[data-move="-1"]').attributes('disabled')).toBeDefined()
  })

  it('a trial says of each case why, and is forgotten when the rule changes', async () => {
    const one = { case_id: 'k_1', conversation_id: 's_1', customer_id: 'u_1', opened_at: 1_700_000_000_000 }
    const tryRule = vi.fn(async () => ({
      cases: [one, { ...one, case_id: 'k_2', unmet: ['words', 'new_one'] }],
      users: [{ id: 'u_1', kind: 'customer' as const, name: '顾长安' }],
    }))
    const tried = mount(RuleTry, { global: { plugins: [i18n] }, props: { rule: LONG, tryRule } })
    await tried.find('button').trigger('click')
    await vi.waitFor(() => expect(tried.findAll('li')).toHaveLength(2))
    expect(tried.find('[role=status]').text()).toBe('Of the last 2 cases it would fire in 1')
    expect(tried.findAll('li').map((row) => row.find('.why').text())).toEqual([
      'Fires',
      'No: none of the words, new_one',
    ])
    await tried.setProps({ rule: { ...LONG, name: 'other' } })
    expect(tried.findAll('li')).toHaveLength(0)
    await tried.setProps({ rule: null })
    expect(tried.find('button').attributes('disabled')).toBeDefined()
  })
})
