/** Canned replies of who is signed in: read once, kept fresh, and made ready for one customer. */
import type { Card, Image } from '@chaguan/protocol'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { filesOf } from '@/api/files'
import { type CannedReply, repliesApi } from '@/api/replies'
import { findReplies, textFor } from '@/components/replies/find'
import { fill, type Values, variablesIn } from '@/components/replies/variables'
import { i18n } from '@/i18n'
import type { Case, CustomerContext } from '@/im'
import { useChat } from './chat'
import { useDesk } from './desk'
import { deviceId } from './device'
import { useSession } from './session'

/** Older than this they are read again when somebody types `/`; what is held is offered meanwhile. */
const FRESH_MS = 60_000
/** The business's server may be slow: who writes is not kept waiting for an order's number. */
const FACTS_MS = 1_500

/** A reply as it goes into an answer. */
export interface Ready {
  text: string
  cards: Card[]
  pictures: File[]
  /** Pictures that could not be fetched. */
  lost: number
}

export const useReplies = defineStore('replies', () => {
  const chat = useChat()
  const desk = useDesk()
  const session = useSession()
  const api = repliesApi(session.call, filesOf(session.token, deviceId()))
  const all = shallowRef<readonly CannedReply[]>([])
  const state = ref<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  let readAt = 0

  async function load(): Promise<void> {
    if (state.value !== 'ready') state.value = 'loading'
    try {
      all.value = await api.list()
      readAt = Date.now()
      state.value = 'ready'
    } catch {
      // What is held is still worth something; without any the palette says that it failed.
      if (state.value !== 'ready') state.value = 'failed'
    }
  }

  function refresh(): void {
    if (state.value !== 'loading' && Date.now() - readAt > FRESH_MS) void load()
  }

  function find(query: string, shopId: string): CannedReply[] {
    return findReplies(
      all.value.filter((one) => !one.shop_id || one.shop_id === shopId),
      query,
    )
  }

  /** Counted here at once and there in a moment, so that the next `/` offers it first. */
  function used(reply: CannedReply): void {
    all.value = all.value.map((one) => (one.id === reply.id ? { ...one, score: (one.score ?? 0) + 1_000 } : one))
    api.used(reply.id).catch(() => undefined) // a use that is not counted harms nobody
  }

  /** For the customer of a case. Without orders or pictures in it nothing is waited for. */
  async function ready(reply: CannedReply, about: Case | undefined, conversationId: string): Promise<Ready> {
    const language = about?.context?.['language']
    const text = textFor(reply.texts, [typeof language === 'string' ? language : '', i18n.global.locale.value])
    const contents = reply.contents ?? []
    const images = contents.filter((one): one is Image => one.type === 'image')
    const needsOrder = variablesIn(text).some((name) => name.startsWith('order.'))
    const [values, pictures] = await Promise.all([
      valuesOf(about, conversationId, needsOrder),
      Promise.all(images.map(fetchPicture)),
    ])
    const found = pictures.filter((one): one is File => one !== null)
    return {
      text: fill(text, values),
      cards: contents.filter((one): one is Card => one.type === 'card'),
      pictures: found,
      lost: pictures.length - found.length,
    }
  }

  async function valuesOf(about: Case | undefined, conversationId: string, needsOrder: boolean): Promise<Values> {
    const shop = desk.shops.find(({ id }) => id === about?.shop_id)
    const values: Values = {
      'customer.name': chat.user(about?.customer_id ?? '')?.name ?? '',
      'agent.name': session.user?.name ?? '',
      'shop.name': shop?.name ?? '',
      'case.subject': about?.subject ?? '',
    }
    return needsOrder ? { ...values, ...(await orderOf(conversationId)) } : values
  }

  async function orderOf(conversationId: string): Promise<Values> {
    const asked = chat.client().customerContext(conversationId, i18n.global.locale.value)
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), FACTS_MS))
    // Whatever the business does not say stays a variable, which the agent sees.
    return latestOrder(await Promise.race([asked, late]).catch(() => null))
  }

  function reset(): void {
    all.value = []
    state.value = 'idle'
    readAt = 0
  }

  return { api, all, state, load, refresh, find, used, ready, reset }
})

/** The business's own JSON, read leniently: the first of its orders is the latest. */
export function latestOrder(context: CustomerContext | null): Values {
  const orders = (context?.business as { orders?: unknown } | null | undefined)?.orders
  const order: unknown = Array.isArray(orders) ? orders[0] : null
  if (typeof order !== 'object' || order === null) return {}
  const read = (...names: string[]): string => {
    for (const name of names) {
      const value = (order as Record<string, unknown>)[name]
      if (typeof value === 'string' || typeof value === 'number') return String(value)
    }
    return ''
  }
  return {
    'order.number': read('number', 'order_no', 'id'),
    'order.status': read('status_text', 'status'),
    'order.total': read('total_text', 'amount_text'),
  }
}

/** A picture of a shared reply is the administrator's: the agent sends a copy of their own. */
async function fetchPicture(image: Image): Promise<File | null> {
  try {
    const response = await fetch(image.url ?? '', { credentials: 'omit' })
    if (!response.ok) return null
    const bytes = await response.blob()
    return new File([bytes], `${image.media_id}.${bytes.type.split('/')[1] ?? 'jpg'}`, { type: bytes.type })
  } catch {
    return null
  }
}
