import { kit, type Language } from '@chaguan/mini-kit'
import { createClient, type Card, type Client } from '@chaguan/sdk'
import { readConfig } from './config'
import { yuan } from './money'
import type { Order, Product } from './shop'
import { customerName, pick, texts } from './texts'

interface SignedIn {
  access_token: string
  expires_at: number
  /** Of the name that was given with it. */
  language?: Language
}

const TOKEN = 'tea-shop:chat-token'
const EARLY_MS = 60_000

let client: Client | null = null

/** A token of the deployment for a fresh `wx.login` code; kept until shortly before its end. */
async function chatToken(made: Client, renew: boolean): Promise<string> {
  const kept = wx.getStorageSync<SignedIn | ''>(TOKEN)
  const { appId, customer } = readConfig()
  const { language } = kit
  if (kept && !renew && kept.language === language && kept.expires_at - EARLY_MS > Date.now()) return kept.access_token
  const { code } = await wx.login()
  const who = { name: customerName(), avatar: customer?.avatar ?? '' }
  const body = { app_id: appId, code, device_id: await made.deviceId(), ...who }
  const signed = await made.http<SignedIn>('POST', '/v1/auth/wechat', body)
  wx.setStorageSync(TOKEN, { access_token: signed.access_token, expires_at: signed.expires_at, language })
  return signed.access_token
}

/** The app's one client. Made on the first call; signing in goes on in the background and repeats by itself. */
export function startChat(): Client {
  if (client) return client
  const { endpoint, appId } = readConfig()
  const made = createClient({ endpoint })
  client = made
  kit.use(made, { endpoint })
  made.on('unread', ({ total }) => showBadge(total))
  made.signIn({ account: appId || 'tea-shop', getToken: (renew) => chatToken(made, renew) }).catch((error: unknown) => console.warn('chat sign-in', error))
  return made
}

export function showBadge(total = client?.conversations.totalUnread ?? 0): void {
  // Fails where no tab bar is on screen; the next tab page shows it.
  if (total > 0) wx.setTabBarBadge({ index: 1, text: total > 99 ? '99+' : String(total), fail: () => undefined })
  else wx.removeTabBarBadge({ index: 1, fail: () => undefined })
}

/** Opens the conversation with the shop; `context` tells the agent where the customer comes from. */
export async function openService(context: Record<string, unknown>): Promise<string> {
  const made = startChat()
  await made.online(15_000)
  const item = await made.conversations.openService({ context })
  return item.conversation.id
}

/** Whether it is the conversation with the shop, in which one waits, is answered, and says how it was. */
export function isService(id: string): boolean {
  return startChat().conversations.find(id)?.conversation.kind === 'service'
}

/** Agents have no files of this program: what a card shows comes from the shop's server. */
const published = (picture: string) => readConfig().shopApi.replace(/\/api$/, '') + picture

export function productCard(product: Product): Card {
  const page = `/pages/product/index?id=${product.id}`
  const price = `¥${yuan(product.specs[0]?.price ?? 0)}`
  return {
    type: 'card', object_type: 'product', object_id: product.id, title: pick(product.name), picture: published(product.picture),
    lines: [{ label: '', value: price }, { label: texts().origin, value: pick(product.origin) }], page, fallback: `${pick(product.name)} ${price}`,
  }
}

export function orderCard(order: Order, first: Product | undefined): Card {
  const t = texts()
  const page = `/pages/order/index?id=${order.id}`
  return {
    type: 'card', object_type: 'order', object_id: order.id, title: first ? pick(first.name) : order.id, picture: first ? published(first.picture) : '',
    lines: [{ label: '', value: `¥${yuan(order.total)}` }, { label: t.orderNo, value: order.id }, { label: '', value: t[order.status] }].slice(0, 2),
    page, fallback: `${t.orderNo} ${order.id}`,
  }
}
