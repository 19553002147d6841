/** Being told of waiting customers: a shop's group robots and when they speak, and this device. */
import type { Authorized } from './me'

export type Vendor = 'wecom' | 'feishu' | 'dingtalk'
export type NoticeLanguage = 'zh-CN' | 'en'

export interface NotifySettings {
  after_s: number
  unattended_after_s: number
  again_s: number
  language: NoticeLanguage
  excerpt: boolean
  when_closed: boolean
  /** Whether they hear that a target was missed, or already that it comes near. */
  targets: '' | 'missed' | 'near'
}

/** What became of a call. `state`: `sent`, `waiting`, `not_sent`, `taken`; empty: there was none yet. */
export interface Tried {
  state?: string
  reason?: string
  vendor_code?: number
  at?: number
}

export interface Robot {
  id: string
  vendor: Vendor
  name: string
  keyword: string
  queues: string[]
  enabled: boolean
  has_secret: boolean
  last: Tried
}

export interface RobotFields {
  name: string
  address: string
  secret: string
  remove_secret: boolean
  keyword: string
  queues: string[]
  enabled: boolean
}

export interface PushState {
  public_key: string
  subscribed: boolean
  always: boolean
  devices: number
  last: Tried | null
}

export interface PushWish {
  endpoint: string
  p256dh: string
  auth: string
  language: NoticeLanguage
  always: boolean
}

const path = encodeURIComponent

export function notifyApi(call: Authorized, shop: string) {
  const base = `/v1/admin/shops/${path(shop)}`
  return {
    settings: () => call<NotifySettings>('GET', `${base}/notify`),
    settle: (settings: NotifySettings) => call<NotifySettings>('PUT', `${base}/notify`, settings),
    robots: () => call<{ robots: Robot[] }>('GET', `${base}/robots`).then((answer) => answer.robots),
    add: (fields: RobotFields) => call<Robot>('POST', `${base}/robots`, fields),
    change: (id: string, fields: RobotFields) => call<Robot>('PUT', `${base}/robots/${path(id)}`, fields),
    remove: (id: string) => call<void>('DELETE', `${base}/robots/${path(id)}`),
    test: (id: string) => call<Tried>('POST', `${base}/robots/${path(id)}/test`),
    queues: () =>
      call<{ queues: { id: string; name: string }[] }>('GET', `${base}/queues`).then((answer) => answer.queues),
  }
}

export function pushApi(call: Authorized) {
  return {
    state: () => call<PushState>('GET', '/v1/me/push'),
    subscribe: (wish: PushWish) => call<PushState>('PUT', '/v1/me/push', wish),
    unsubscribe: () => call<void>('DELETE', '/v1/me/push'),
    test: () => call<Tried>('POST', '/v1/me/push/test'),
  }
}
