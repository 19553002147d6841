import { kit } from '@chaguan/mini-kit'
import { readConfig } from './config'

export interface Bilingual {
  zh: string
  en: string
}

export interface Product {
  id: string
  name: Bilingual
  category: string
  picture: string
  origin: Bilingual
  line: Bilingual
  story: Bilingual
  specs: { name: Bilingual; price: number }[]
  sold: number
  tag: Bilingual
}

export interface Line {
  product_id: string
  spec: number
  quantity: number
}

export interface Order {
  id: string
  lines: Line[]
  total: number
  status: 'paid' | 'shipped' | 'done'
  created_at: number
}

const SESSION = 'tea-shop:session'

let loggingIn: Promise<string> | null = null
let catalogue: Promise<Product[]> | null = null

/** The merchant's own session, by its own code: Chaguan's token is not the merchant's business. */
async function login(): Promise<string> {
  const { code } = await wx.login()
  const { session } = await send<{ session: string }>('POST', '/login', { code }, '')
  wx.setStorageSync(SESSION, session)
  return session
}

function session(renew: boolean): Promise<string> {
  const kept = wx.getStorageSync<string>(SESSION)
  if (kept && !renew) return Promise.resolve(kept)
  loggingIn = loggingIn ?? login().finally(() => (loggingIn = null))
  return loggingIn
}

class Refused extends Error {
  constructor(readonly status: number) {
    super(`the shop answered ${status}`)
  }
}

function send<T>(method: 'GET' | 'POST' | 'PUT', path: string, data: unknown, token: string): Promise<T> {
  return new Promise((resolve, reject) => {
    wx.request({
      method, url: readConfig().shopApi + path, data: data as object, timeout: 10_000,
      header: { 'Accept-Language': kit.language, ...(token && { Authorization: `Bearer ${token}` }) },
      success: (answer) => (answer.statusCode < 300 ? resolve(answer.data as T) : reject(new Refused(answer.statusCode))),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  })
}

async function call<T>(method: 'GET' | 'POST' | 'PUT', path: string, data?: unknown): Promise<T> {
  try {
    return await send<T>(method, path, data, await session(false))
  } catch (error) {
    // The shop forgot the session: once more with a fresh one.
    if (!(error instanceof Refused) || error.status !== 401) throw error
    return send<T>(method, path, data, await session(true))
  }
}

export function products(): Promise<Product[]> {
  catalogue = catalogue ?? send<Product[]>('GET', '/products', undefined, '').catch((error: unknown) => {
    catalogue = null
    throw error
  })
  return catalogue
}

export async function product(id: string): Promise<Product | undefined> {
  return (await products()).find((one) => one.id === id)
}

export const cart = () => call<Line[]>('GET', '/cart')
export const saveCart = (lines: Line[]) => call<Line[]>('PUT', '/cart', lines)
export const orders = () => call<Order[]>('GET', '/orders')
export const placeOrder = (lines: Line[]) => call<Order>('POST', '/orders', lines)

export async function order(id: string): Promise<Order> {
  const found = (await orders()).find((one) => one.id === id)
  if (!found) throw new Refused(404)
  return found
}

export async function addToCart(line: Line): Promise<void> {
  const lines = await cart()
  const same = lines.find((one) => one.product_id === line.product_id && one.spec === line.spec)
  if (same) same.quantity = Math.min(99, same.quantity + line.quantity)
  else lines.unshift(line)
  await saveCart(lines)
}
