import { beforeEach, expect, test, vi } from 'vitest'

type GetToken = (renew: boolean) => Promise<string>

const asked: [string, string, unknown][] = []
let signIn: { account: string; getToken: GetToken }
let fails = false

vi.mock('@chaguan/sdk', () => ({
  createClient: ({ endpoint }: { endpoint: string }) => ({
    endpoint,
    on: () => () => undefined,
    deviceId: async () => 'd_1',
    http: async (method: string, path: string, body: unknown) => {
      asked.push([method, path, body])
      return path.startsWith('/sandbox') ? { code: 'of-the-sandbox' } : { access_token: 'token' }
    },
    signIn: async (options: typeof signIn) => {
      signIn = options
      if (fails) throw new Error('signed out')
    },
  }),
}))

const login = vi.fn(({ success }: { success(answer: { code: string }): void }) => success({ code: 'of-wechat' }))
Object.assign(globalThis, { wx: { login, getAppBaseInfo: () => ({ language: 'en' }) } })

const { start } = await import('../src/start')
const { kit } = await import('../src/kit')

beforeEach(() => {
  asked.length = 0
  fails = false
  login.mockClear()
})

test('the customer is who WeChat says, by a fresh code for every token', async () => {
  const client = start({ endpoint: 'https://im.example.com', appId: 'a_1', name: '张三' })
  expect(kit.client).toBe(client)
  expect(await signIn.getToken(false)).toBe('token')
  await signIn.getToken(true)
  const body = { app_id: 'a_1', code: 'of-wechat', device_id: 'd_1', name: '张三', avatar: '' }
  expect(asked).toEqual([
    ['POST', '/v1/auth/wechat', body],
    ['POST', '/v1/auth/wechat', body],
  ])
  expect(login).toHaveBeenCalledTimes(2)
})

test('in the sandbox WeChat is not asked', async () => {
  start({ endpoint: 'http://127.0.0.1:8080', appId: 'a_1', sandbox: 'wx1' })
  await signIn.getToken(false)
  expect(login).not.toHaveBeenCalled()
  expect(asked[0]).toEqual(['POST', '/sandbox/wechat/phone/login', { appid: 'wx1', phone_id: 'd_1' }])
  expect(asked[1]?.[2]).toMatchObject({ code: 'of-the-sandbox' })
})

test('what the sandbox kept is not shown to the customer whom WeChat signs in', () => {
  start({ endpoint: 'https://im.example.com', appId: 'a_1', sandbox: 'wx1' })
  const { account } = signIn
  start({ endpoint: 'https://im.example.com', appId: 'a_1' })
  expect(signIn.account).not.toBe(account)
})

test('a login that WeChat refuses is a refusal of the token, and a sign-in that ends is told, not thrown', async () => {
  login.mockImplementationOnce((({ fail }: { fail(error: { errMsg: string }): void }) =>
    fail({ errMsg: 'login:fail' })) as never)
  start({ endpoint: 'https://im.example.com', appId: 'a_1' })
  await expect(signIn.getToken(false)).rejects.toThrow('login:fail')

  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  fails = true
  start({ endpoint: 'https://im.example.com', appId: 'a_1' })
  await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce())
  warn.mockRestore()
})
