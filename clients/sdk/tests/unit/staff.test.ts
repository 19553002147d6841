/** Staff who sign in by themselves: tokens that are renewed once, kept, and forgotten when the server says so. */
import { expect, test } from 'vitest'
import type { Client } from '../../src/core/client'
import { createStaff, type StaffSession } from '../../src/modules/staff'

const session = (n: number, expires_at = Date.now() + 3_600_000): StaffSession => ({
  access_token: `access ${n}`,
  refresh_token: `refresh ${n}`,
  expires_at,
  user: { id: 'mei', kind: 'staff', name: '小梅' },
  role: 'agent',
})
const refused = (code: string) => Object.assign(new Error(code), { code })

/** A client whose server answers as the test says, and a phone that keeps one session. */
function stage(kept: StaffSession | null, answer: (path: string) => Promise<unknown>) {
  const asked: [string, unknown][] = []
  const phone = { session: kept }
  const client = {
    deviceId: () => Promise.resolve('phone'),
    http: (_method: string, path: string, body: unknown) => {
      asked.push([path, body])
      return answer(path)
    },
  } as unknown as Client
  const keep = { read: () => phone.session, write: (next: StaffSession | null) => void (phone.session = next) }
  return { asked, phone, staff: createStaff(client, keep) }
}

test('signing in names the device and keeps what came of it', async () => {
  const { asked, phone, staff } = stage(null, () => Promise.resolve(session(1)))
  await staff.signIn({ email: 'mei@tea.example', password: 'secret', keptToken: 'old' })
  expect(asked).toEqual([
    [
      '/v1/auth/staff',
      {
        email: 'mei@tea.example',
        password: 'secret',
        totp: '',
        device_id: 'phone',
        device_name: '',
        kept_token: 'old',
      },
    ],
  ])
  expect([phone.session?.access_token, staff.session?.user.name]).toEqual(['access 1', '小梅'])
})

test('a token that is good is given as it is, one that ends soon is renewed, once for all who ask', async () => {
  const good = stage(session(1), () => Promise.reject(refused('internal')))
  expect(await good.staff.token()).toBe('access 1')
  const { asked, phone, staff } = stage(session(1, Date.now() + 1_000), () => Promise.resolve(session(2)))
  expect(await Promise.all([staff.token(), staff.token(true)])).toEqual(['access 2', 'access 2'])
  expect(asked).toEqual([['/v1/auth/refresh', { refresh_token: 'refresh 1', device_id: 'phone' }]])
  expect(phone.session?.refresh_token).toBe('refresh 2')
})

test('a session that the server ended is forgotten, one it could not be asked about is not', async () => {
  const ended = stage(session(1), () => Promise.reject(refused('unauthenticated')))
  await expect(ended.staff.token(true)).rejects.toThrow('unauthenticated')
  expect([ended.phone.session, ended.staff.session]).toEqual([null, null])
  const away = stage(session(1), () => Promise.reject(refused('unavailable')))
  await expect(away.staff.token(true)).rejects.toThrow('unavailable')
  expect(away.phone.session?.access_token).toBe('access 1')
})

test('who is not signed in is told so by the server', async () => {
  const { asked, staff } = stage(null, () => Promise.reject(refused('unauthenticated')))
  await expect(staff.token()).rejects.toThrow('unauthenticated')
  expect(asked.map(([path]) => path)).toEqual(['/v1/auth/refresh'])
})
