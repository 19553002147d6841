/** What the history of a case tells of targets, tags and ratings; empty for everything else. */
import { i18n } from '@/i18n'
import type { CaseEvent, Reason } from '@/im'
import { lasting } from './figures'

/** Their sentences say it all. */
export const SAID_WHOLE = new Set(['target_near', 'target_missed', 'tags', 'by_customer', 'left_message'])

const TARGETS = new Set(['wait', 'first_reply', 'resolution'])

export function qualityEvent(event: CaseEvent, actor: string): string {
  const { t } = i18n.global
  const data = event.reason?.data ?? {}
  switch (event.kind) {
    case 'warned':
      return t('events.warned', target(event.reason))
    case 'breached':
      return data['queue']
        ? t('events.breachedMoved', { ...target(event.reason), queue: String(data['queue']) })
        : t('events.breached', target(event.reason))
    case 'tagged':
      return tagged(actor, list(data['added']), list(data['removed']))
    case 'rated':
      return t('events.rated', { stars: Number(data['stars'] ?? 0) })
    case 'message_left':
      return t('events.messageLeft')
    default:
      return ''
  }
}

function target(reason: Reason | null | undefined): { what: string; limit: string } {
  const data = reason?.data ?? {}
  const name = String(data['target'] ?? '')
  return {
    what: TARGETS.has(name) ? i18n.global.t(`quality.${name}`) : name,
    limit: lasting(Number(data['limit_s'] ?? 0) * 1000),
  }
}

function tagged(actor: string, added: string, removed: string): string {
  const { t } = i18n.global
  if (added && removed) return t('events.retagged', { actor, added, removed })
  return added ? t('events.tagged', { actor, added }) : t('events.untagged', { actor, removed })
}

function list(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(i18n.global.t('common.listSeparator')) : ''
}
