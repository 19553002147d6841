/** One's own account. */
import type { User } from '@chaguan/protocol'
import type { AppKind } from './admin'
import type { StaffRole } from './auth'
import type { Method } from './http'

/** A call in the name of whoever is signed in; the session store makes it. */
export type Authorized = <T>(method: Method, path: string, body?: unknown) => Promise<T>

export interface Me {
  user: User
  email: string
  role: StaffRole
  totp_enabled: boolean
}

export interface Device {
  id: string
  name: string
  platform: string
  created_at: number
  seen_at: number
  address: string
  current?: boolean
}

export interface ServedShop {
  id: string
  name: string
  avatar?: string
  /** Where its customers come from. */
  apps?: { id: string; name: string; kind: AppKind }[]
}

export interface TotpSetUp {
  secret: string
  otpauth_url: string
  recovery_codes: string[]
}

export function meApi(call: Authorized) {
  return {
    read: () => call<Me>('GET', '/v1/me'),
    update: (fields: { name?: string; avatar?: string }) => call<Me>('PATCH', '/v1/me', fields),
    changePassword: (old_password: string, new_password: string) =>
      call<void>('POST', '/v1/me/password', { old_password, new_password }),
    setUpTotp: () => call<TotpSetUp>('POST', '/v1/me/totp', {}),
    confirmTotp: (code: string) => call<void>('POST', '/v1/me/totp/confirm', { code }),
    disableTotp: (password: string) => call<void>('DELETE', '/v1/me/totp', { password }),
    shops: () => call<{ shops: ServedShop[] }>('GET', '/v1/me/shops').then((answer) => answer.shops),
    devices: () => call<{ devices: Device[] }>('GET', '/v1/me/devices').then((answer) => answer.devices),
    revokeDevice: (id: string) => call<void>('DELETE', `/v1/me/devices/${encodeURIComponent(id)}`),
  }
}
