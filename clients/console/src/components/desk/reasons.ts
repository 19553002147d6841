/** What happened to a case and why, as sentences. The server gives codes and figures; one that we don't know shows its code. */
import { i18n } from '@/i18n'
import { span } from '@/i18n/span'
import type { CaseEvent, Reason } from '@/im'

type NameOf = (userId: string) => string
type QueueName = (queueId: string) => string

const KINDS = new Set([
  'opened',
  'handed_over',
  'queued',
  'assigned',
  'taken',
  'transferred',
  'returned',
  'overflowed',
  'resolved',
  'abandoned',
  'reopened',
  'warned',
  'breached',
  'tagged',
  'rated',
  'message_left',
  'ruled',
])
const FACTS = new Set(['language', 'vip_level', 'app', 'page', 'category'])
const STATES = new Set(['online', 'busy', 'away', 'offline'])
const WHYS = new Set(['asked', 'not_found', 'not_it', 'not_text', 'keyword', 'too_fast', 'too_long', 'switched_off'])
const NOT_DONE = new Set(['agent_gone', 'no_place', 'no_queue', 'too_many_tags'])
const TARGETS = new Set(['first_reply', 'wait', 'resolution'])

/** Why a case is where it is; empty without a reason. */
export function reasonText(reason: Reason | null | undefined, nameOf: NameOf): string {
  if (!reason) return ''
  const { t, te } = i18n.global
  const data = reason.data ?? {}
  const key = `reason.${reason.code}`
  if (!te(key)) return reason.code
  switch (reason.code) {
    case 'rule':
      return t(key, { by: facts(data['by']) })
    case 'overflow':
      return t(key, { from: text(data['from']), time: seconds(data['after_s']) })
    case 'agent_gone':
      return t(`reason.gone.${known(STATES, data['state'], 'offline')}`, {
        name: nameOf(text(data['agent_id'])),
        time: seconds(data['for_s']),
      })
    case 'target_near':
    case 'target_missed':
      return t(data['queue'] ? 'reason.target_moved' : key, {
        target: TARGETS.has(text(data['target'])) ? t(`reason.targets.${text(data['target'])}`) : text(data['target']),
        limit: seconds(data['limit_s']),
        queue: text(data['queue']),
      })
    case 'rule_fired':
      return NOT_DONE.has(text(data['not_done']))
        ? t('reason.rule_in_vain', { rule: text(data['rule']), why: t(`reason.notDone.${text(data['not_done'])}`) })
        : t(key, { rule: text(data['rule']) })
    case 'tags':
      return tags(data['added'], data['removed'])
    case 'by_customer':
      return t(key, { stars: text(data['stars']) })
    case 'inactive':
    case 'silence':
      return t(key, { time: seconds(data['for_s']) })
    case 'handed_over':
      return t(`reason.bot.${known(WHYS, data['why'], 'other')}`)
    case 'picked':
      return t(data['by_force'] === true ? 'reason.forced' : key)
    case 'round_robin':
    case 'least_loaded':
    case 'weighted':
    case 'last_agent':
      return 'of' in data ? t('reason.load', { why: t(key), load: text(data['load']), of: text(data['of']) }) : t(key)
    case 'nobody_online':
      return t(key, { count: text(data['serve']) })
    case 'all_busy':
      return t(key, { count: text(data['online']), places: text(data['places']) })
    default:
      return t(key)
  }
}

/** One change of a case, as one line of its history. */
export function eventText(event: CaseEvent, nameOf: NameOf, queueName: QueueName): string {
  const { t } = i18n.global
  const actor = event.actor_id ? nameOf(event.actor_id) : t('history.desk')
  const agent = event.agent_id ? nameOf(event.agent_id) : ''
  const queue = queueName(event.queue_id ?? '')
  const names = { actor, agent, queue, former: event.former_agent_id ? nameOf(event.former_agent_id) : '' }
  switch (event.kind) {
    case 'opened':
      return t(queue ? 'history.openedIn' : 'history.opened', names)
    case 'transferred':
      return t(agent ? 'history.transferredTo' : 'history.transferredIn', names)
    case 'returned':
    case 'overflowed':
    case 'handed_over':
    case 'queued':
      return t(queue ? `history.${event.kind}` : 'history.waits', names)
    case 'reopened':
      return t(agent ? 'history.reopenedBy' : 'history.reopened', names)
    case 'taken':
      return t(names.former ? 'history.takenFrom' : 'history.taken', names)
    case 'resolved':
    case 'abandoned':
      return t(event.actor_id ? `history.${event.kind}` : `history.${event.kind}Alone`, names)
    default:
      return KINDS.has(event.kind) ? t(`history.${event.kind}`, names) : event.kind
  }
}

/** How a resolved case ended. */
export function outcomeText(outcome: string | undefined): string {
  const { t } = i18n.global
  return outcome === 'abandoned' || outcome === 'callback' ? t(`caseHead.${outcome}`) : t('desk.resolved')
}

function facts(by: unknown): string {
  const { t } = i18n.global
  const list = Array.isArray(by) ? by : []
  return list
    .map((one) => (FACTS.has(text(one)) ? t(`reason.facts.${text(one)}`) : text(one)))
    .join(t('common.listSeparator'))
}

function tags(added: unknown, removed: unknown): string {
  const { t } = i18n.global
  const list = (value: unknown) => (Array.isArray(value) ? value.map(text).join(t('common.listSeparator')) : '')
  const parts = [
    list(added) && t('reason.tagsAdded', { tags: list(added) }),
    list(removed) && t('reason.tagsRemoved', { tags: list(removed) }),
  ]
  return parts.filter(Boolean).join(' · ')
}

function seconds(value: unknown): string {
  return span(typeof value === 'number' ? value * 1000 : 0)
}

function known(values: Set<string>, value: unknown, otherwise: string): string {
  return values.has(text(value)) ? text(value) : otherwise
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
