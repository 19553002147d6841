import type { User } from '@chaguan/protocol'
import type { Client } from '../core/client'

export type StaffRole = 'admin' | 'agent' | 'member' | 'owner'

/** Who is signed in, and the tokens; what to keep on the device between two starts. */
export interface StaffSession {
  access_token: string
  /** UTC milliseconds. */
  expires_at: number
  /** Good once: keep what the next answer brings. */
  refresh_token: string
  user: User
  role: StaffRole
  /** The server refuses everything but a new password, which is set in the console. */
  must_change_password?: boolean
}

/** Where a session is kept. `write(null)` forgets it. */
export interface StaffKeep {
  read(): StaffSession | null
  write(session: StaffSession | null): void
}

export interface StaffSignIn {
  email: string
  password: string
  /** Of the second factor, or a recovery code, where the server asked for it. */
  totp?: string
  /** Shown in the list of devices. */
  deviceName?: string
  /** The last access token that this device had for the account: strangers who guess can't lock its owner out here. */
  keptToken?: string
}

export interface ServedShop {
  id: string
  name: string
  avatar?: string
  apps?: { id: string; name: string; kind: string }[]
}

/** Staff: signing in by e-mail and password, staying signed in, and the shops one serves. */
export interface StaffModule {
  readonly session: StaffSession | null
  /**
   * Errors: `unauthenticated` with `data.reason` `credentials`, `totp_required` (ask for the code and send everything
   * again), `totp_wrong`; `rate_limited`; `forbidden` (disabled).
   */
  signIn(fields: StaffSignIn): Promise<StaffSession>
  /** For `getToken` of `client.signIn`. A session that is over is forgotten, and the error is `unauthenticated`. */
  token(renew?: boolean): Promise<string>
  /** Forgets the session here; `client.signOut` ends it at the server. */
  forget(): void
  shops(): Promise<ServedShop[]>
}

/** Who has no session is told so by the server, in the one error that the client knows. */
const NOBODY: StaffSession = {
  access_token: '',
  expires_at: 0,
  refresh_token: '-',
  user: { id: '', kind: 'staff' },
  role: 'member',
}

/** Refresh so long before the end that a slow network does not meet an expired token. */
const EARLY_MS = 60_000

/** Make one per client. What `keep` has from the last time is the session at once. */
export function createStaff(client: Client, keep: StaffKeep): StaffModule {
  let session = keep.read()
  let refreshing: Promise<string> | null = null

  const begin = (next: StaffSession): StaffSession => {
    session = next
    keep.write(next)
    return next
  }

  const forget = () => {
    session = null
    keep.write(null)
  }

  const refresh = async (held: StaffSession): Promise<string> => {
    const asked = { refresh_token: held.refresh_token, device_id: await client.deviceId() }
    try {
      return begin(await client.http<StaffSession>('POST', '/v1/auth/refresh', asked)).access_token
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if ((session ?? NOBODY) === held && (code === 'unauthenticated' || code === 'forbidden')) forget()
      throw error
    }
  }

  return {
    get session() {
      return session
    },
    signIn: async ({ email, password, totp = '', deviceName = '', keptToken = '' }) => {
      const device_id = await client.deviceId()
      const fields = { email, password, totp, device_id, device_name: deviceName, kept_token: keptToken }
      return begin(await client.http<StaffSession>('POST', '/v1/auth/staff', fields))
    },
    token: async (renew = false) => {
      const held = session ?? NOBODY
      if (!renew && held.expires_at - Date.now() > EARLY_MS) return held.access_token
      refreshing = refreshing ?? refresh(held)
      try {
        return await refreshing
      } finally {
        refreshing = null
      }
    },
    forget,
    shops: async () => (await client.http<{ shops: ServedShop[] }>('GET', '/v1/me/shops')).shops,
  }
}
