import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '@/api/http'
import { useSession } from '@/stores/session'

const HOUR = 3_600_000

function signedIn(token: string, life = HOUR) {
  return {
    access_token: token,
    expires_at: Date.now() + life,
    refresh_token: `r-${token}`,
    device_id: 'd',
    user: { id: 'u', kind: 'staff', name: 'Lin' },
    role: 'agent',
  }
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
}

const refused = (code: string, data = {}) => ({ error: { code, data } })
let asked: ReturnType<typeof vi.fn>

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  asked = vi.fn()
  vi.stubGlobal('fetch', asked)
})
afterEach(() => vi.unstubAllGlobals())

it('refreshes once for everybody who asks at the same time', async () => {
  const session = useSession()
  session.begin(signedIn('old', 1_000) as never)
  asked.mockImplementation(async () => answer(200, signedIn('new')))
  expect(await Promise.all([session.token(), session.token(), session.token()])).toEqual(['new', 'new', 'new'])
  expect(asked).toHaveBeenCalledTimes(1)
})

it('takes the token that another tab has fetched instead of using up the refresh token again', async () => {
  const session = useSession()
  session.begin(signedIn('old', 1_000) as never)
  localStorage.setItem('chaguan.session', JSON.stringify(signedIn('theirs')))
  expect(await session.token()).toBe('theirs')
  expect(asked).not.toHaveBeenCalled()
})

it('tries a refused call once more with a fresh token', async () => {
  const session = useSession()
  session.begin(signedIn('old') as never)
  asked
    .mockResolvedValueOnce(answer(401, refused('unauthenticated')))
    .mockResolvedValueOnce(answer(200, signedIn('new')))
    .mockResolvedValueOnce(answer(200, { ok: true }))
  expect(await session.call('GET', '/v1/me')).toEqual({ ok: true })
  expect(asked.mock.calls[2]?.[1].headers.Authorization).toBe('Bearer new')
})

it('ends with a reason when the refresh is refused, and keeps the session when only the network is gone', async () => {
  const session = useSession()
  session.begin(signedIn('old', 1_000) as never)
  asked.mockRejectedValueOnce(new TypeError('offline'))
  await expect(session.token()).rejects.toMatchObject({ code: 'network' })
  expect(session.session).not.toBeNull()
  asked.mockResolvedValueOnce(answer(401, refused('unauthenticated', { reason: 'refresh_expired' })))
  await expect(session.token()).rejects.toBeInstanceOf(ApiError)
  expect(session.session).toBeNull()
  expect(session.signedOutReason).toBe('expired')
})

it('signs out here even when the server cannot be told', async () => {
  const session = useSession()
  session.begin(signedIn('t') as never)
  asked.mockRejectedValueOnce(new TypeError('offline'))
  await session.signOut()
  expect(session.session).toBeNull()
  expect(localStorage.getItem('chaguan.session')).toBeNull()
})

it('says which device it is when the same account signs in again, and keeps quiet about other accounts', async () => {
  const session = useSession()
  asked.mockImplementation(async () => answer(200, signedIn('first')))
  await session.signIn('Lin@shop.example', 'password', '')
  session.end('')
  const sent = () => JSON.parse(asked.mock.lastCall?.[1].body as string) as Record<string, unknown>
  expect(sent()).not.toHaveProperty('kept_token')
  await session.signIn('mei@shop.example', 'password', '')
  expect(sent()).not.toHaveProperty('kept_token')
  await session.signIn(' lin@shop.example', 'password', '')
  expect(sent()['kept_token']).toBe('first')
})

it('keeps no token that the server was not told is over', async () => {
  const session = useSession()
  asked.mockResolvedValueOnce(answer(200, signedIn('t')))
  await session.signIn('lin@shop.example', 'password', '')
  asked.mockRejectedValueOnce(new TypeError('offline'))
  await session.signOut()
  expect(JSON.stringify(localStorage)).not.toContain('"t"')
  expect(localStorage.getItem('chaguan.kept')).toBeNull()
})
