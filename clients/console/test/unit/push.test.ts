/** The service worker, run as it ships, and what the page tells the server of a subscription. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { bytesOf, same, wishOf } from '@/stores/push'

const SOURCE = readFileSync(join(import.meta.dirname, '../../public/sw.js'), 'utf8')

type Listener = (event: { waitUntil: (work: unknown) => void; data?: unknown; notification?: unknown }) => void

function worker(windows: { url: string; focus?: () => void; postMessage?: (message: unknown) => void }[] = []) {
  const listeners = new Map<string, Listener>()
  const self = {
    location: { href: 'https://im.shop.example/console/sw.js' },
    addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
    registration: { showNotification: vi.fn() },
    clients: { matchAll: vi.fn(() => Promise.resolve(windows)), openWindow: vi.fn(), claim: vi.fn() },
    skipWaiting: vi.fn(),
  }
  runInNewContext(SOURCE, { self, URL, String })
  async function send(name: string, event: Record<string, unknown>): Promise<void> {
    const work: unknown[] = []
    listeners.get(name)?.({ ...event, waitUntil: (one) => work.push(one) })
    await Promise.all(work)
  }
  return { self, listeners, send }
}

const click = (path: unknown) => ({ notification: { close: () => undefined, data: path } })

describe('the service worker', () => {
  it('answers no requests, so nothing is ever older than the server', () => {
    expect([...worker().listeners.keys()].sort()).toEqual(['activate', 'install', 'notificationclick', 'push'])
    expect(SOURCE).not.toMatch(/caches|fetch\(|importScripts/)
  })

  it('shows what was pushed, one note in place of the former', async () => {
    const { self, send } = worker()
    const note = { title: '有顾客在等待', text: '茶铺 · 已等 1 分钟', path: '/console/#/desk/s_1' }
    await send('push', { data: { json: () => note } })
    expect(self.registration.showNotification).toHaveBeenCalledWith(
      note.title,
      expect.objectContaining({ body: note.text, tag: 'waiting', data: note.path }),
    )
  })

  it('leaves what has a tag of its own beside those who wait', async () => {
    const { self, send } = worker()
    const note = { title: 'Rule “VIP”', text: 'Tea', path: '/console/#/desk/s_1', tag: 'a1b2' }
    await send('push', { data: { json: () => note } })
    expect(self.registration.showNotification).toHaveBeenCalledWith(
      note.title,
      expect.objectContaining({ tag: 'a1b2' }),
    )
  })

  it('shows something, too, when it does not understand what was pushed', async () => {
    const { self, send } = worker()
    await send('push', { data: null })
    expect(self.registration.showNotification).toHaveBeenCalledTimes(1)
  })

  it('opens the case in the console that is open, without loading it anew', async () => {
    const console = { url: 'https://im.shop.example/console/#/me', focus: vi.fn(), postMessage: vi.fn() }
    const { self, send } = worker([{ url: 'https://im.shop.example/demo/' }, console])
    await send('notificationclick', click('/console/#/desk/s_1'))
    expect(console.postMessage).toHaveBeenCalledWith({ open: '/desk/s_1' })
    expect(console.focus).toHaveBeenCalled()
    expect(self.clients.openWindow).not.toHaveBeenCalled()
  })

  it.each([
    ['/console/#/desk/s_1', 'https://im.shop.example/console/#/desk/s_1'],
    ['https://evil.example/console/#/desk', 'https://im.shop.example/console/'],
    ['//evil.example/console/', 'https://im.shop.example/console/'],
    ['javascript:alert(1)', 'https://im.shop.example/console/'],
    ['/v1/media/x', 'https://im.shop.example/console/'],
    [undefined, 'https://im.shop.example/console/'],
  ])('opens %s as %s', async (path, place) => {
    const { self, send } = worker()
    await send('notificationclick', click(path))
    expect(self.clients.openWindow).toHaveBeenCalledWith(place)
  })
})

describe('a subscription', () => {
  const key = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'

  it('is made with the key as 65 bytes', () => {
    const bytes = bytesOf(key)
    expect([bytes.length, bytes[0]]).toEqual([65, 4])
  })

  it('is known to fit the key or not', () => {
    expect(same(bytesOf(key).buffer, key)).toBe(true)
    expect(same(bytesOf(key).slice(1).buffer, key)).toBe(false)
    expect(same(null, key)).toBe(false)
  })

  it('is told with the browser’s keys and the language shown', () => {
    const held = { toJSON: () => ({ endpoint: 'https://push.example/x', keys: { p256dh: 'P', auth: 'A' } }) }
    expect(wishOf(held as unknown as PushSubscription, true)).toMatchObject({
      endpoint: 'https://push.example/x',
      p256dh: 'P',
      auth: 'A',
      always: true,
    })
  })
})
