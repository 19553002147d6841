/** What owners and administrators manage: staff, shops, apps, keys; and what they did, in the audit log. */
import type { User } from '@chaguan/protocol'
import type { StaffRole } from './auth'
import type { Authorized, Device } from './me'

export interface StaffMember {
  user: User
  email: string
  role: StaffRole
  disabled: boolean
  totp_enabled: boolean
  invited: boolean
  seen_at: number
}

export interface Link {
  token: string
  expires_at: number
  invite_url_path?: string
}

export interface Shop {
  id: string
  name: string
  avatar?: string
  context_url?: string
}

export type AppKind = 'wechat' | 'web' | 'app'

export interface App {
  id: string
  shop_id: string
  kind: AppKind
  name: string
  wechat_appid?: string
  /** Whether it takes WeChat's message push. */
  has_wechat_push?: boolean
}

export interface NewApp {
  shop_id: string
  kind: AppKind
  name: string
  wechat_appid?: string
  wechat_secret?: string
}

export interface Secret {
  secret: string
  previous_valid_until?: number
}

export const SCOPES = [
  'users:write',
  'conversations:write',
  'messages:write',
  'messages:read',
  'objects:write',
] as const
export type Scope = (typeof SCOPES)[number]

export interface ApiKey {
  id: string
  name: string
  scopes: string[]
  created_at: number
  expires_at?: number
  used_at?: number
}

export interface AuditRecord {
  id: number
  at: number
  /** An id when the user is gone. */
  actor: User | string
  /** One of `AuditAction`, or what a newer server wrote. */
  action: string
  object: string
  detail: Record<string, unknown>
}

export interface Report {
  id: string
  at: number
  /** An id when the user is gone. */
  reporter: User | string
  user: User | string
  reason: string
  conversation_id?: string
  seqs?: number[]
}

export interface Paged<T> {
  items: T[]
  /** Where the next page begins; empty on the last. */
  cursor: string
}

const path = encodeURIComponent

export function staffApi(call: Authorized) {
  return {
    list: () => call<{ staff: StaffMember[] }>('GET', '/v1/admin/staff').then((answer) => answer.staff),
    invite: (fields: { email: string; name: string; role: StaffRole }) => call<Link>('POST', '/v1/admin/staff', fields),
    change: (id: string, fields: { role?: StaffRole; disabled?: boolean; name?: string }) =>
      call<void>('PATCH', `/v1/admin/staff/${path(id)}`, fields),
    reset: (id: string) => call<Link>('POST', `/v1/admin/staff/${path(id)}/reset`, {}),
    devices: (id: string) =>
      call<{ devices: Device[] }>('GET', `/v1/admin/staff/${path(id)}/devices`).then((answer) => answer.devices),
    revokeDevice: (id: string, device: string) =>
      call<void>('DELETE', `/v1/admin/staff/${path(id)}/devices/${path(device)}`),
  }
}

export function shopsApi(call: Authorized) {
  return {
    shops: () => call<{ shops: Shop[] }>('GET', '/v1/admin/shops').then((answer) => answer.shops),
    createShop: (fields: { name: string; context_url?: string; context_secret?: string }) =>
      call<Shop>('POST', '/v1/admin/shops', fields),
    changeShop: (id: string, fields: { name?: string; context_url?: string; context_secret?: string }) =>
      call<Shop>('PATCH', `/v1/admin/shops/${path(id)}`, fields),
    apps: () => call<{ apps: App[] }>('GET', '/v1/admin/apps').then((answer) => answer.apps),
    createApp: (fields: NewApp) => call<App & Partial<Secret>>('POST', '/v1/admin/apps', fields),
    setWechatPush: (id: string, fields: { wechat_push_token: string | null; wechat_push_aes_key?: string }) =>
      call<App>('PATCH', `/v1/admin/apps/${path(id)}`, fields),
    rotateSecret: (id: string) => call<Secret>('POST', `/v1/admin/apps/${path(id)}/secret`, {}),
  }
}

export function keysApi(call: Authorized) {
  return {
    list: () => call<{ keys: ApiKey[] }>('GET', '/v1/admin/keys').then((answer) => answer.keys),
    create: (fields: { name: string; scopes: string[]; expires_at?: number }) =>
      call<ApiKey & { key: string }>('POST', '/v1/admin/keys', fields),
    rotate: (id: string) => call<{ key: string }>('POST', `/v1/admin/keys/${path(id)}/rotate`, {}),
    revoke: (id: string) => call<void>('DELETE', `/v1/admin/keys/${path(id)}`),
  }
}

type Answer<Name extends string, T> = { [key in Name]: T[] } & { next_cursor?: string }

export function auditApi(call: Authorized) {
  return {
    records: async (cursor: string): Promise<Paged<AuditRecord>> => {
      const answer = await call<Answer<'records', AuditRecord>>('GET', `/v1/admin/audit?cursor=${path(cursor)}`)
      return { items: answer.records, cursor: answer.next_cursor ?? '' }
    },
    reports: async (cursor: string): Promise<Paged<Report>> => {
      const answer = await call<Answer<'reports', Report>>('GET', `/v1/admin/reports?cursor=${path(cursor)}`)
      return { items: answer.reports, cursor: answer.next_cursor ?? '' }
    },
  }
}
