/** A rule while it is being written: its conditions and actions as rows, and what is still wrong with them. Pure. */
import type { Rule, RuleEvent, RuleIf, RuleThen, Texts, Told } from '@/api/automation'

export const EVENTS: readonly RuleEvent[] = ['opened', 'waiting', 'said', 'tagged', 'resolved']

const CONDITIONS = ['words', 'queues', 'hours', 'languages', 'apps', 'pages', 'tags'] as const
const ACTIONS = ['queue', 'agent', 'close', 'reply', 'tags', 'notify'] as const
const TOLD: readonly Told[] = ['robots', 'agents']

export type ConditionKind = (typeof CONDITIONS)[number]
export type ActionKind = (typeof ACTIONS)[number]

/** `values`: of `hours` the one that must be, `open` or `closed`. */
export interface Condition {
  key: number
  kind: ConditionKind
  values: string[]
}

/** `id` of a queue or agent, `values` of tags or who is told, `texts` of a reply. */
export interface Action {
  key: number
  kind: ActionKind
  id: string
  values: string[]
  texts: Texts
}

export interface Draft {
  id: string
  name: string
  when: RuleEvent
  minutes: number
  enabled: boolean
  conditions: Condition[]
  actions: Action[]
}

/** What is wrong, as a name of `rules.problem`: of the name, the minutes, rows by their key, or the whole. */
export interface Problems {
  name?: string
  minutes?: string
  whole?: string
  rows: Record<number, string>
}

const MOVES: readonly ActionKind[] = ['queue', 'agent', 'close']
const NEEDED: Partial<Record<RuleEvent, ConditionKind>> = { said: 'words', tagged: 'tags' }
const LONGEST: Partial<Record<ConditionKind | ActionKind, number>> = { pages: 200, words: 100 }
const LONGEST_WORD = 64
let keys = 0

export function condition(kind: ConditionKind, values: string[] = []): Condition {
  return { key: ++keys, kind, values: kind === 'hours' && values.length === 0 ? ['open'] : values }
}

export function action(kind: ActionKind, more: Partial<Action> = {}): Action {
  const values = kind === 'notify' ? ['robots'] : []
  return { key: ++keys, kind, id: '', values, texts: {}, ...more }
}

export function isNeeded(when: RuleEvent, kind: ConditionKind): boolean {
  return NEEDED[when] === kind
}

/** What can be asked about when this happens. */
export function conditionsFor(when: RuleEvent): ConditionKind[] {
  return CONDITIONS.filter((kind) => kind !== 'words' || when === 'said')
}

/** What can be done then: who just came goes to a queue, and what has ended goes nowhere. */
export function actionsFor(when: RuleEvent): ActionKind[] {
  if (when === 'resolved') return ACTIONS.filter((kind) => !MOVES.includes(kind))
  return ACTIONS.filter((kind) => kind !== 'agent' || when !== 'opened')
}

/** Of these actions, those that may stand beside the others: a case goes to one place. */
export function besides(when: RuleEvent, others: readonly Action[]): ActionKind[] {
  const taken = others.map(({ kind }) => kind)
  const moves = taken.some((kind) => MOVES.includes(kind))
  return actionsFor(when).filter((kind) => !taken.includes(kind) && !(moves && MOVES.includes(kind)))
}

/** The same rule at another occasion: rows that make no sense there go, those it needs come. */
export function at(draft: Draft, when: RuleEvent): Draft {
  const conditions = draft.conditions.filter(({ kind }) => conditionsFor(when).includes(kind))
  const needed = NEEDED[when]
  if (needed && !conditions.some(({ kind }) => kind === needed)) conditions.unshift(condition(needed))
  const actions = draft.actions.filter(({ kind }) => actionsFor(when).includes(kind))
  return { ...draft, when, conditions, actions, minutes: draft.minutes || 5 }
}

export function draftOf(rule: Rule | null): Draft {
  if (!rule) {
    const fresh = { id: '', name: '', when: 'opened' as const, minutes: 5, enabled: true }
    return { ...fresh, conditions: [], actions: [action('reply')] }
  }
  const { id = '', name, when, minutes = 0, enabled = true } = rule
  const wanted = rule.if ?? {}
  const conditions = conditionsFor(when).flatMap((kind) => {
    const values = kind === 'hours' ? (wanted.hours ? [wanted.hours] : []) : (wanted[kind] ?? [])
    return values.length || isNeeded(when, kind) ? [condition(kind, [...values])] : []
  })
  return { id, name, when, minutes: minutes || 5, enabled, conditions, actions: actionsOf(rule.then) }
}

function actionsOf(then: RuleThen): Action[] {
  return [
    ...(then.queue_id ? [action('queue', { id: then.queue_id })] : []),
    ...(then.agent_id ? [action('agent', { id: then.agent_id })] : []),
    ...(then.close ? [action('close')] : []),
    ...(has(then.reply) ? [action('reply', { texts: { ...then.reply } })] : []),
    ...(then.tags?.length ? [action('tags', { values: [...then.tags] })] : []),
    ...(then.notify?.length ? [action('notify', { values: [...then.notify] })] : []),
  ]
}

export function ruleOf(draft: Draft): Rule {
  const { id, when, enabled } = draft
  const wanted: RuleIf = {}
  for (const { kind, values } of draft.conditions) {
    if (kind === 'hours') wanted.hours = values[0] === 'closed' ? 'closed' : 'open'
    else wanted[kind] = [...values]
  }
  return {
    ...(id && { id }),
    name: draft.name.trim(),
    when,
    enabled,
    ...(when === 'waiting' && { minutes: draft.minutes }),
    if: wanted,
    then: thenOf(draft.actions),
  }
}

function thenOf(actions: readonly Action[]): RuleThen {
  const then: RuleThen = {}
  for (const { kind, id, values, texts } of actions) {
    if (kind === 'queue') then.queue_id = id
    else if (kind === 'agent') then.agent_id = id
    else if (kind === 'close') then.close = true
    else if (kind === 'reply') then.reply = { ...texts }
    else if (kind === 'tags') then.tags = [...values]
    else then.notify = TOLD.filter((one) => values.includes(one))
  }
  return then
}

/** As the server would refuse it, said where it stands. */
export function problemsOf(draft: Draft): Problems {
  const found: Problems = { rows: {} }
  if (!draft.name.trim()) found.name = 'name'
  if (draft.when === 'waiting' && !(draft.minutes >= 1)) found.minutes = 'minutes'
  for (const row of draft.conditions) {
    const wrong = ofWords(row.kind, row.values)
    if (wrong) found.rows[row.key] = wrong
  }
  for (const row of draft.actions) {
    const wrong = ofAction(row)
    if (wrong) found.rows[row.key] = wrong
  }
  const kinds = draft.actions.map(({ kind }) => kind)
  if (kinds.length === 0) found.whole = 'nothing'
  if (draft.when === 'opened' && kinds.includes('queue') && kinds.includes('tags')) found.whole = 'tagsBesideQueue'
  return found
}

export function isSound({ name, minutes, whole, rows }: Problems): boolean {
  return !name && !minutes && !whole && Object.keys(rows).length === 0
}

function ofAction({ kind, id, values, texts }: Action): string {
  if (kind === 'queue' || kind === 'agent') return id ? '' : 'choose'
  if (kind === 'reply') return has(texts) ? '' : 'text'
  return kind === 'tags' || kind === 'notify' ? ofWords(kind, values) : ''
}

function ofWords(kind: ConditionKind | ActionKind, values: readonly string[]): string {
  if (values.length === 0) return 'empty'
  const longest = LONGEST[kind] ?? LONGEST_WORD
  return values.some((word) => word.length > longest) ? 'tooLong' : ''
}

function has(texts: Texts | undefined): boolean {
  return Object.values(texts ?? {}).some((text) => text.trim())
}

/** What the conditions of all rules name, for suggestions. */
export function wordsOf(rules: readonly Rule[], kind: Exclude<ConditionKind, 'hours'>): string[] {
  const given = rules.flatMap((rule) => [
    ...(rule.if?.[kind] ?? []),
    ...(kind === 'tags' ? (rule.then.tags ?? []) : []),
  ])
  return [...new Set(given)].sort()
}
