/** Who is signed in, and the tokens. Refreshes silently, once for all who ask at the same time. */
import type { User } from '@chaguan/protocol'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { refreshSession, type SignedIn, signInStaff, signOutDevice } from '@/api/auth'
import { ApiError, type Method, request } from '@/api/http'
import { deviceId, deviceName } from './device'
import { forgetTokens, keepToken, keptToken } from './kept'

const STORED = 'chaguan.session'
/** Refresh this long before the end, so that a slow network does not meet an expired token. */
const EARLY_MS = 60_000

export type SignedOutReason = '' | 'revoked' | 'disabled' | 'password_changed' | 'expired'

export const useSession = defineStore('session', () => {
  const session = shallowRef<SignedIn | null>(restore())
  const signedOutReason = shallowRef<SignedOutReason>('')
  const user = computed<User | null>(() => session.value?.user ?? null)
  const role = computed(() => session.value?.role ?? 'member')
  const isAdmin = computed(() => role.value === 'owner' || role.value === 'admin')
  const mayServe = computed(() => role.value !== 'member')
  const mustChangePassword = computed(() => session.value?.must_change_password === true)
  let refreshing: Promise<string> | null = null

  /** `email`: the account that came in by its own words, not by a token. */
  function begin(signedIn: SignedIn, email = ''): void {
    if (email) keepToken(email, signedIn.access_token)
    session.value = signedIn
    signedOutReason.value = ''
    localStorage.setItem(STORED, JSON.stringify(signedIn))
  }

  function end(reason: SignedOutReason): void {
    session.value = null
    signedOutReason.value = reason
    localStorage.removeItem(STORED)
  }

  async function signIn(email: string, password: string, totp: string): Promise<void> {
    const device = { device_id: deviceId(), device_name: deviceName() }
    const kept_token = keptToken(email)
    const given = { email, password, ...(totp ? { totp } : {}), ...(kept_token ? { kept_token } : {}), ...device }
    begin(await signInStaff(given), email)
  }

  /** A token that is still good; refreshed first if need be. The SDK asks for it at every connection. */
  async function token(renewed = false): Promise<string> {
    const current = session.value
    if (!current) throw new ApiError('unauthenticated')
    if (!renewed && current.expires_at - Date.now() > EARLY_MS) return current.access_token
    return renew()
  }

  function renew(): Promise<string> {
    refreshing ??= refresh().finally(() => (refreshing = null))
    return refreshing
  }

  async function refresh(): Promise<string> {
    // Another tab may have refreshed meanwhile, which used the refresh token up.
    const stored = restore()
    if (stored && stored.access_token !== session.value?.access_token) {
      session.value = stored
      if (stored.expires_at - Date.now() > EARLY_MS) return stored.access_token
    }
    if (!session.value) throw new ApiError('unauthenticated')
    try {
      begin(await refreshSession(session.value.refresh_token, deviceId()))
    } catch (error) {
      if (error instanceof ApiError && error.code === 'unauthenticated') end('expired')
      if (error instanceof ApiError && error.code === 'forbidden') end('disabled')
      throw error
    }
    return session.value.access_token
  }

  async function call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const once = (bearer: string) => request<T>({ method, path, body, token: bearer, device: deviceId() })
    try {
      return await once(await token())
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.reason === 'must_change_password') changeFirst()
      if (error.code !== 'unauthenticated' || error.reason) throw error
      return once(await renew())
    }
  }

  async function signOut(): Promise<void> {
    const current = session.value
    end('')
    // Signing out must work without a network; the server forgets the device when the token expires.
    if (current) await signOutDevice(current.access_token, deviceId()).catch(signedOutAlone)
  }

  /** The server refuses everything else until then; the router leads to the one screen that is left. */
  function changeFirst(): void {
    if (session.value) begin({ ...session.value, must_change_password: true })
  }

  function passwordChanged(): void {
    if (session.value) begin({ ...session.value, must_change_password: false })
  }

  function renamed(changed: User): void {
    if (session.value) begin({ ...session.value, user: changed })
  }

  /** Another tab signed in or out. */
  function follow(event: StorageEvent): void {
    if (event.key === STORED) session.value = restore()
  }

  return {
    session,
    user,
    role,
    isAdmin,
    mayServe,
    mustChangePassword,
    signedOutReason,
    begin,
    end,
    signIn,
    signOut,
    token,
    call,
    passwordChanged,
    renamed,
    follow,
  }
})

function restore(): SignedIn | null {
  const stored = localStorage.getItem(STORED)
  if (!stored) return null
  try {
    return JSON.parse(stored) as SignedIn // written by `begin` alone
  } catch {
    localStorage.removeItem(STORED)
    return null
  }
}

function signedOutAlone(error: unknown): void {
  if (!(error instanceof ApiError)) throw error
  forgetTokens()
}
