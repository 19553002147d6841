import { createClient, type Client } from '@chaguan/sdk'
import { kit } from './kit'

export interface StartOptions {
  /** The deployment: `https://im.example.com`. */
  endpoint: string
  /** Id of this app in the deployment, from the console's Shops & apps: `a_…`. */
  appId: string
  /** What agents see of the customer, where the shop knows it. */
  name?: string
  avatar?: string
  /**
   * The WeChat AppID that the deployment's sandbox knows. Codes then come from the sandbox and not from `wx.login`:
   * for the developer tools without an AppID. Leave it out for real customers.
   */
  sandbox?: string
}

interface SignedIn {
  access_token: string
}

/**
 * All that `app.ts` needs: makes the app's one client, gives it to the kit, and signs the customer in by WeChat. Signing
 * in goes on in the background and repeats by itself; for an own server's tokens use `createClient` and `kit.use`.
 */
export function start(options: StartOptions): Client {
  const { endpoint, appId } = options
  const client = createClient({ endpoint })
  kit.use(client, { endpoint })
  client
    .signIn({ account: `${appId} ${options.sandbox ?? ''}`, getToken: () => tokenFor(client, options) })
    .catch((error: unknown) => console.warn('chat sign-in', error))
  return client
}

async function tokenFor(client: Client, { appId, name = '', avatar = '', sandbox }: StartOptions): Promise<string> {
  const device_id = await client.deviceId()
  const code = sandbox ? await sandboxCode(client, sandbox, device_id) : await hostCode()
  const body = { app_id: appId, code, device_id, name, avatar }
  return (await client.http<SignedIn>('POST', '/v1/auth/wechat', body)).access_token
}

async function sandboxCode(client: Client, appid: string, phone_id: string): Promise<string> {
  return (await client.http<{ code: string }>('POST', '/sandbox/wechat/phone/login', { appid, phone_id })).code
}

function hostCode(): Promise<string> {
  return new Promise((resolve, reject) => {
    wx.login({ success: ({ code }) => resolve(code), fail: ({ errMsg }) => reject(new Error(errMsg)) })
  })
}
