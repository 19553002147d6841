/** Whether this browser is called when customers wait and nobody looks. Asks for permission only on a click. */
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { type PushWish, pushApi, type Tried } from '@/api/notify'
import { i18n } from '@/i18n'
import { codeOf, problemOf } from './problems'
import { useSession } from './session'

/** `insecure`: the page came without TLS, where browsers have no push. `denied`: only the browser's own settings help. */
export type PushMode = 'loading' | 'unsupported' | 'insecure' | 'denied' | 'off' | 'on' | 'failed'

/** Who turned it on here. Another person who signs in at this browser has not asked for anything. */
interface Wanted {
  user: string
  always: boolean
}

const STORED = 'chaguan.push'

export const usePush = defineStore('push', () => {
  const session = useSession()
  const api = pushApi(session.call)
  const mode = ref<PushMode>('loading')
  const always = ref(false)
  const busy = ref(false)
  const problem = ref('')

  /** Once, when the console opens: the same browser, perhaps another sign-in or a deployment with another key. */
  async function start(open: (path: string) => void): Promise<void> {
    if (!session.mayServe || impossible()) return
    navigator.serviceWorker.addEventListener('message', (event: MessageEvent<unknown>) => {
      const asked = (event.data as { open?: unknown } | null)?.open
      if (typeof asked === 'string' && asked.startsWith('/desk')) open(asked)
    })
    watch(i18n.global.locale, () => void resume())
    await resume()
  }

  /** Tells the server of the subscription that is there; makes none. */
  async function resume(): Promise<void> {
    const wanted = kept()
    if (wanted?.user !== session.user?.id || Notification.permission !== 'granted') return
    try {
      const held = await subscription()
      if (held) await tell(held, (await api.state()).public_key, wanted?.always === true)
    } catch (error) {
      // It is tried again at the next start; nobody asked for anything.
      if (!codeOf(error)) console.warn('this browser can’t be called', error)
    }
  }

  async function look(): Promise<void> {
    problem.value = ''
    const why = impossible()
    if (why) {
      mode.value = why
      return
    }
    try {
      const [held, state] = [await subscription(), await api.state()]
      always.value = state.always
      mode.value = Notification.permission === 'denied' ? 'denied' : held && state.subscribed ? 'on' : 'off'
    } catch (error) {
      mode.value = 'failed'
      problem.value = problemOf(error)
    }
  }

  const turnOn = () =>
    run(async () => {
      const permission = await Notification.requestPermission()
      if (permission !== 'granted') {
        mode.value = permission === 'denied' ? 'denied' : 'off'
        return
      }
      const state = await api.state()
      const worker = await navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`)
      await navigator.serviceWorker.ready
      const held = (await worker.pushManager.getSubscription()) ?? (await subscribe(worker, state.public_key))
      await tell(held, state.public_key, always.value)
      mode.value = 'on'
    })

  const turnOff = () =>
    run(async () => {
      localStorage.removeItem(STORED)
      await api.unsubscribe()
      await (await subscription())?.unsubscribe()
      mode.value = 'off'
    })

  const setAlways = (on: boolean) =>
    run(async () => {
      const held = await subscription()
      if (!held) return look()
      await tell(held, (await api.state()).public_key, on)
      always.value = on
    })

  async function test(): Promise<Tried> {
    const tried = await api.test()
    if (tried.reason === 'gone' || tried.reason === 'key_refused') await look()
    return tried
  }

  async function tell(held: PushSubscription, key: string, wantsAlways: boolean): Promise<void> {
    const used = same(held.options.applicationServerKey, key) ? held : await anew(held, key)
    await api.subscribe(wishOf(used, wantsAlways))
    const wanted: Wanted = { user: session.user?.id ?? '', always: wantsAlways }
    localStorage.setItem(STORED, JSON.stringify(wanted))
  }

  async function run(work: () => Promise<void>): Promise<void> {
    busy.value = true
    problem.value = ''
    try {
      await work()
    } catch (error) {
      problem.value = codeOf(error) ? problemOf(error) : i18n.global.t('notify.push.refused')
      if (!codeOf(error)) console.warn('the browser refused to subscribe', error)
    } finally {
      busy.value = false
    }
  }

  return { mode, always, busy, problem, start, look, turnOn, turnOff, setAlways, test }
})

function kept(): Wanted | null {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? 'null') as Wanted | null // written by `tell` alone
  } catch {
    return null
  }
}

function impossible(): 'insecure' | 'unsupported' | null {
  if (!window.isSecureContext) return 'insecure'
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window ? null : 'unsupported'
}

async function subscription(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker.getRegistration(import.meta.env.BASE_URL)
  return (await worker?.pushManager.getSubscription()) ?? null
}

function subscribe(worker: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) })
}

/** A subscription is good for one key; that of a deployment of before is given back. */
async function anew(held: PushSubscription, key: string): Promise<PushSubscription> {
  await held.unsubscribe()
  return subscribe(await navigator.serviceWorker.ready, key)
}

export function wishOf(held: PushSubscription, always: boolean): PushWish {
  const { endpoint, keys } = held.toJSON()
  return {
    endpoint: endpoint ?? '',
    p256dh: keys?.['p256dh'] ?? '',
    auth: keys?.['auth'] ?? '',
    language: i18n.global.locale.value,
    always,
  }
}

export function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

export function same(held: ArrayBuffer | null, key: string): boolean {
  if (!held) return false
  const [one, other] = [new Uint8Array(held), bytesOf(key)]
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
