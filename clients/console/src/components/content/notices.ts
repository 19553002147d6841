/** What the log tells that nobody said: who joined, who took the case. One sentence each, in our language. */
import type { ConversationKind, SystemNotice } from '@chaguan/protocol'
import { i18n } from '@/i18n'
import type { Entry } from '@/im'

type NameOf = (userId: string) => string

const SYSTEM: Record<string, string> = {
  case_opened: 'notice.caseOpened',
  case_taken: 'notice.caseTaken',
  case_resolved: 'notice.caseResolved',
  member_joined: 'notice.joined',
  member_left: 'notice.left',
  group_renamed: 'notice.renamed',
}

/** `sender` stands for the one who did it where the notice does not name them. */
export function noticeText(content: SystemNotice, sender = ''): string {
  const key = SYSTEM[content.name]
  const params = { name: content.params?.['agent_name'] || sender, ...content.params }
  return key ? i18n.global.t(key, params) : content.fallback || content.name
}

/**
 * Whether an entry is worth a line. In a service conversation the desk itself says who took and who ended a case, so
 * of the entries about it only its beginning is told; agents come and go with it.
 */
export function isTold(entry: Entry, kind: ConversationKind): boolean {
  if (kind === 'service') return entry.type === 'case_changed' && entry.status === 'waiting' && !entry.quiet
  return entry.type !== 'conversation_changed' || Boolean(entry.name || entry.avatar)
}

/** The sentence for an entry, or empty if it is not worth one. */
export function entryText(entry: Entry, nameOf: NameOf, customerId = ''): string {
  const { t } = i18n.global
  switch (entry.type) {
    case 'member_joined': {
      const name = nameOf(entry.user_id)
      if (entry.actor_id === entry.user_id) return t('notice.joined', { name })
      return t('notice.added', { actor: nameOf(entry.actor_id), name })
    }
    case 'member_left': {
      const name = nameOf(entry.user_id)
      if (entry.actor_id === entry.user_id) return t('notice.left', { name })
      return t('notice.removed', { actor: nameOf(entry.actor_id), name })
    }
    case 'member_changed':
      return t('notice.role', {
        actor: nameOf(entry.actor_id),
        name: nameOf(entry.user_id),
        role: t(`role.${entry.role}`),
      })
    case 'conversation_changed':
      if (entry.name) return t('notice.renamed', { actor: nameOf(entry.actor_id), name: entry.name })
      return entry.avatar ? t('notice.picture', { actor: nameOf(entry.actor_id) }) : ''
    case 'case_changed':
      return caseText(entry, nameOf, customerId)
    default:
      return ''
  }
}

function caseText(entry: Extract<Entry, { type: 'case_changed' }>, nameOf: NameOf, customerId: string): string {
  const { t } = i18n.global
  if (entry.status === 'resolved') return t('notice.caseResolved', { name: nameOf(entry.actor_id) })
  if (entry.status === 'open' && entry.agent_id) {
    const name = nameOf(entry.agent_id)
    if (entry.agent_id === entry.actor_id) return t('notice.caseTaken', { name })
    return t('notice.caseTakenOver', { actor: nameOf(entry.actor_id), name })
  }
  // A bot handed it over, a colleague passed it on to a queue, or nobody answered it: nothing begins there.
  if (entry.status === 'waiting') return t(entry.actor_id === customerId ? 'notice.caseOpened' : 'notice.caseWaiting')
  return ''
}
