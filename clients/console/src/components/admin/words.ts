/** Names of the server's in words. One that this console does not know, of a newer server, is shown as it is. */
import { type AppKind, type Scope } from '@/api/admin'
import { i18n } from '@/i18n'
import { duration } from '@/i18n/format'

const SCOPES: Record<Scope, string> = {
  'users:write': 'keys.scopeUsersWrite',
  'conversations:write': 'keys.scopeConversationsWrite',
  'messages:write': 'keys.scopeMessagesWrite',
  'messages:read': 'keys.scopeMessagesRead',
  'objects:write': 'keys.scopeObjectsWrite',
}

export const KINDS: Record<AppKind, string> = {
  wechat: 'shops.kindWechat',
  web: 'shops.kindWeb',
  app: 'shops.kindApp',
}

export function scopeWord(scope: string): string {
  return worded(SCOPES[scope as Scope], scope)
}

export function actWord(action: string): string {
  return worded(`audit.actions.${action}`, action)
}

/** What belongs to an act: `Email: mei@shop.example, Role: Agent`. */
export function detailText(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([key, value]) =>
      i18n.global.t('audit.pair', { key: worded(`audit.details.${key}`, key), value: said(key, value) }),
    )
    .join(i18n.global.t('audit.separator'))
}

function said(key: string, value: unknown): string {
  const { t } = i18n.global
  if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no')
  if (value === '…') return t('audit.changed') // a secret: that it changed, not to what
  if (value === '') return t('audit.removed')
  if (Array.isArray(value)) return value.map((one) => scopeWord(String(one))).join(t('common.listSeparator'))
  if (key === 'overlap_ms') return duration(Number(value))
  if (key === 'role') return worded(`role.${String(value)}`, String(value))
  if (key === 'kind') return worded(KINDS[String(value) as AppKind], String(value))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function worded(key: string | undefined, name: string): string {
  return key && i18n.global.te(key) ? i18n.global.t(key) : name
}
