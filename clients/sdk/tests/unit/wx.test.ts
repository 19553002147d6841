import { expect, test, vi } from 'vitest'
import { wxAdapter } from '../../src/adapters/wx'

type Any = Record<string, (...args: never[]) => unknown>

interface Answers {
  success?(value: unknown): void
  fail?(value: unknown): void
  complete?(): void
}

/** `wx` as the base library behaves: callbacks later, storage by callbacks, sockets that end in several ways. */
function fakeWx() {
  const kept = new Map<string, string>()
  const app: Record<string, ((value?: unknown) => void)[]> = { show: [], hide: [], network: [] }
  const socket: Any & { sent: string[] } = { sent: [] as string[] } as never
  const running = { now: 0, most: 0 }
  const answer = (options: Answers, ok: unknown, error?: string) =>
    void Promise.resolve().then(() => {
      if (error) options.fail?.({ errMsg: error })
      else options.success?.(ok)
      options.complete?.()
    })
  const wx = {
    connectSocket: (options: { fail(v: unknown): void; url: string }) => {
      if (options.url.includes('suspended'))
        answer(options, null, 'connectSocket:fail network api interrupted in suspend state')
      for (const name of ['onOpen', 'onMessage', 'onClose', 'onError'])
        Object.assign(socket, {
          [name]: (fn: () => void) => Object.assign(socket, { [name.slice(2).toLowerCase()]: fn }),
        })
      Object.assign(socket, {
        send: ({ data }: { data: string }) => socket.sent.push(data),
        shut: vi.fn(),
        closeTask: vi.fn(),
      })
      return { ...socket, close: socket['shut'] }
    },
    getStorage: (o: Answers & { key: string }) =>
      kept.has(o.key) ? answer(o, { data: kept.get(o.key) }) : answer(o, null, 'getStorage:fail data not found'),
    setStorage: (o: Answers & { key: string; data: string }) =>
      o.data.length > 1_000_000
        ? answer(o, null, 'setStorage:fail entry size limit reached')
        : (kept.set(o.key, o.data), answer(o, {})),
    removeStorage: (o: Answers & { key: string }) => (kept.delete(o.key), answer(o, {})),
    getStorageInfo: (o: object) => answer(o, { keys: Array.from(kept.keys()) }),
    request: (o: { url: string; success(v: unknown): void; fail(v: unknown): void }) => {
      running.most = Math.max(running.most, ++running.now)
      setTimeout(
        () => (
          running.now--,
          o.url.includes('bad')
            ? o.fail({ errMsg: 'request:fail interrupted' })
            : o.success({ statusCode: 200, data: '{}' })
        ),
        1,
      )
      return { abort: () => undefined }
    },
    uploadFile: (o: { filePath: string; formData: object; success(v: unknown): void }) => {
      let progress: (v: { progress: number }) => void = () => undefined
      setTimeout(
        () => (
          progress({ progress: 40 }),
          o.success({ statusCode: 200, data: JSON.stringify(o.formData) + o.filePath })
        ),
        1,
      )
      return { onProgressUpdate: (fn: typeof progress) => (progress = fn), abort: () => undefined }
    },
    getRandomValues: (o: Answers & { length: number }) =>
      answer(o, { randomValues: new Uint8Array(o.length).fill(7).buffer }),
    onAppShow: (fn: () => void) => app['show']?.push(fn),
    offAppShow: (fn: () => void) => (app['show'] = app['show']?.filter((other) => other !== fn) ?? []),
    onAppHide: (fn: () => void) => app['hide']?.push(fn),
    offAppHide: (fn: () => void) => (app['hide'] = app['hide']?.filter((other) => other !== fn) ?? []),
    onNetworkStatusChange: (fn: () => void) => app['network']?.push(fn),
    offNetworkStatusChange: () => undefined,
  }
  return { wx: wx as unknown as WechatMiniprogram.Wx, app, socket, running }
}

test('a socket opens, carries text and tells its end once', () => {
  const { wx, socket } = fakeWx()
  const heard: unknown[] = []
  const opened = wxAdapter(wx).socket?.('wss://im', {
    open: () => heard.push('open'),
    message: (text) => heard.push(text),
    close: (code, reason) => heard.push([code, reason]),
  })
  socket['open']?.()
  socket['message']?.({ data: '{"a":1}' } as never)
  socket['message']?.({ data: new ArrayBuffer(2) } as never)
  opened?.send('hello')
  socket['close']?.({ code: 4001, reason: 'silence' } as never)
  socket['error']?.({ errMsg: 'gone' } as never)
  expect([heard, socket.sent]).toEqual([['open', '{"a":1}', [4001, 'silence']], ['hello']])
})

test('a socket that may not open in the suspended state ends like any other', async () => {
  const { wx } = fakeWx()
  const close = vi.fn()
  wxAdapter(wx).socket?.('wss://suspended', { open: vi.fn(), message: vi.fn(), close })
  await Promise.resolve()
  expect(close.mock.calls[0]?.[0]).toBe(1006)
})

test('storage gives back what was put, nothing for unknown keys, and rejects what does not fit', async () => {
  const { storage } = wxAdapter(fakeWx().wx)
  await storage.set('a', '茶')
  expect([await storage.get('a'), await storage.get('b'), await storage.keys()]).toEqual(['茶', null, ['a']])
  await storage.remove('a')
  expect(await storage.get('a')).toBeNull()
  await expect(storage.set('big', 'x'.repeat(1_000_001))).rejects.toThrow(/limit/)
})

test('no more than eight requests run at once, a failed one makes room', async () => {
  const { wx, running } = fakeWx()
  const { request } = wxAdapter(wx)
  const all = Array.from({ length: 25 }, (_, i) =>
    request({ method: 'GET', url: i % 3 ? 'https://im/ok' : 'https://im/bad', headers: {}, timeout_ms: 1 }).done.catch(
      () => 'failed',
    ),
  )
  await Promise.all(all)
  expect(running.most).toBe(8)
})

test('an upload tells how far it is and sends its fields', async () => {
  const progress: number[] = []
  const task = wxAdapter(fakeWx().wx).upload({
    url: 'https://im/v1/media',
    headers: {},
    fields: { kind: 'voice' },
    file: 'wxfile://1.mp3',
    timeout_ms: 9,
    onProgress: (f) => progress.push(f),
  })
  expect((await task.done).body).toBe('{"kind":"voice"}wxfile://1.mp3')
  expect(progress).toEqual([0.4])
})

test('random bytes come at once, from the host as soon as it has given some', async () => {
  const { random } = wxAdapter(fakeWx().wx)
  expect(random(10)).toHaveLength(10)
  await Promise.resolve()
  expect(Array.from(random(3))).toEqual([7, 7, 7])
})

test('show, hide and network are heard until they are not wanted any more', () => {
  const { wx, app } = fakeWx()
  const adapter = wxAdapter(wx)
  const heard: unknown[] = []
  const off = adapter.onShow(() => heard.push('show'))
  adapter.onNetwork((online) => heard.push(online))
  app['show']?.forEach((fn) => fn())
  app['network']?.forEach((fn) => fn({ isConnected: false }))
  off()
  app['show']?.forEach((fn) => fn())
  expect(heard).toEqual(['show', false])
})
