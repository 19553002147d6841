/** Signing in, staying signed in, joining by a link. These calls need no access token, but for signing out. */
import type { User } from '@chaguan/protocol'
import { request } from './http'

export type StaffRole = 'owner' | 'admin' | 'agent' | 'member'

export interface SignedIn {
  access_token: string
  expires_at: number
  refresh_token: string
  device_id: string
  user: User
  role: StaffRole
  must_change_password?: boolean
}

export interface Invitation {
  email: string
  role: StaffRole
  kind?: 'invite' | 'reset'
}

export function signInStaff(fields: {
  email: string
  password: string
  totp?: string
  /** See `stores/kept.ts`. */
  kept_token?: string
  device_id: string
  device_name: string
}): Promise<SignedIn> {
  return request({ method: 'POST', path: '/v1/auth/staff', body: fields })
}

export function refreshSession(refresh_token: string, device_id: string): Promise<SignedIn> {
  return request({ method: 'POST', path: '/v1/auth/refresh', body: { refresh_token, device_id } })
}

export function signOutDevice(token: string, device: string): Promise<void> {
  return request({ method: 'POST', path: '/v1/auth/sign_out', token, device })
}

export function readInvitation(token: string): Promise<Invitation> {
  return request({ method: 'GET', path: `/v1/auth/invite/${encodeURIComponent(token)}` })
}

export function acceptInvitation(fields: {
  token: string
  name: string
  password: string
  device_id: string
}): Promise<SignedIn> {
  return request({ method: 'POST', path: '/v1/auth/invite', body: fields })
}
