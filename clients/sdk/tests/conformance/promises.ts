// What an adapter promises the core (src/core/adapter.ts), each with a fault that breaks it.
import { expect } from 'vitest'
import type { Adapter, HttpRequest, Socket, SocketHandlers, UploadRequest } from '../../src/core/adapter'
import { PAGE, PROBLEM } from './far-side'
import type { World } from './worlds'

export interface Promised {
  says: string
  holds(world: World): Promise<void>
  /** An adapter that breaks it. */
  broken(adapter: Adapter): Partial<Adapter>
}

export const socketOf = (world: World, path = '/echo') => {
  const told: unknown[] = []
  const closes: [number, string][] = []
  const socket = world.adapter.socket?.(world.ws + path, {
    open: () => told.push('open'),
    message: (data) => told.push(data),
    close: (...end) => closes.push(end),
  }) as Socket
  return { socket, told, closes }
}

/** How long to wait for what was promised. */
export const patience = { ms: 5_000 }

export async function until(what: string, look: () => boolean): Promise<void> {
  const deadline = Date.now() + patience.ms
  while (!look()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const asked = (world: World, path: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: world.http + path,
  headers: {},
  timeout_ms: 5_000,
  ...more,
})

/** Time enough for whatever was under way to be told: three questions and their answers. */
async function settle(world: World): Promise<void> {
  for (let i = 0; i < 3; i++) await world.adapter.request(asked(world, '/mirror')).done
}

async function opened(world: World, path?: string) {
  const one = socketOf(world, path)
  await until('open', () => one.told.length > 0)
  return one
}

/** A socket that the server has closed. */
async function ended(world: World) {
  const one = await opened(world)
  one.socket.send('bye')
  await until('the end', () => one.closes.length > 0)
  await settle(world)
  return one
}

const sent = (world: World, more: Partial<UploadRequest> = {}): UploadRequest => ({
  url: `${world.http}/media`,
  headers: { Authorization: 'Bearer t' },
  fields: { kind: 'voice' },
  file: world.file,
  timeout_ms: 5_000,
  onProgress: () => undefined,
  ...more,
})

/** The same adapter, whose sockets are heard, and spoken to, in another way. */
const withSocket = (
  { socket }: Adapter,
  handlers: (own: SocketHandlers) => Partial<SocketHandlers>,
  methods: (own: Socket) => Partial<Socket> = () => ({}),
): Partial<Adapter> => ({
  socket: (url, own) => {
    const made = (socket as NonNullable<typeof socket>)(url, { ...own, ...handlers(own) })
    return { ...made, ...methods(made) }
  },
})

const withStorage = ({ storage }: Adapter, more: Partial<Adapter['storage']>): Partial<Adapter> => ({
  storage: { ...storage, ...more },
})

const forgotten = (): Promise<never> => new Promise(() => undefined)
const withDone = (done: () => Promise<never>) => () => ({ done: done(), abort: () => undefined })
const within = async <T>(what: string, promise: Promise<T>): Promise<T | 'refused'> => {
  let value: T | 'refused' | undefined
  promise.then(
    (it) => (value = it),
    () => (value = 'refused'),
  )
  await until(what, () => value !== undefined)
  return value as T | 'refused'
}

const SOCKETS: Promised[] = [
  {
    says: 'opens once and carries text both ways',
    holds: async (world) => {
      const { socket, told } = await opened(world)
      socket.send('{"text":"你好 🍵"}')
      await until('an echo', () => told.length > 1)
      await settle(world)
      expect(told).toEqual(['open', '{"text":"你好 🍵"}'])
    },
    broken: (adapter) => withSocket(adapter, ({ open }) => ({ open: () => (open(), open()) })),
  },
  {
    says: 'tells the end that the server makes, once',
    holds: async (world) => {
      const { closes } = await ended(world)
      expect(closes).toHaveLength(1)
    },
    broken: (adapter) => withSocket(adapter, ({ close }) => ({ close: (...end) => (close(...end), close(...end)) })),
  },
  {
    says: 'tells it with its code and reason',
    holds: async (world) => {
      const { closes } = await ended(world)
      expect(closes[0]).toEqual([4001, 'silence'])
    },
    broken: (adapter) => withSocket(adapter, ({ close }) => ({ close: () => close(1006, '') })),
  },
  {
    says: 'tells the end of a socket that was refused once, and no opening',
    holds: async (world) => {
      const { told, closes } = socketOf(world, '/refuse')
      await until('the end', () => closes.length > 0)
      await settle(world)
      expect([told, closes.map(([code]) => code)]).toEqual([[], [1006]])
    },
    broken: (adapter) => withSocket(adapter, ({ close }) => ({ close: (...end) => (close(...end), close(...end)) })),
  },
  {
    says: 'tells that no socket can be made, and not before the call has returned',
    holds: async (world) => {
      world.refuseSockets?.()
      const { closes } = socketOf(world)
      expect(closes).toEqual([])
      await until('the end', () => closes.length > 0)
      expect(closes.map(([code]) => code)).toEqual([1006])
    },
    broken: () => ({
      socket: () => {
        throw new Error('too many')
      },
    }),
  },
  {
    says: 'says nothing of a socket that never opens, and can close it',
    holds: async (world) => {
      const { socket, told } = socketOf(world, '/silent')
      await settle(world)
      expect(told).toEqual([])
      socket.close(1000, '')
      await settle(world)
      expect([told, world.seen.sockets]).toEqual([[], 0])
    },
    broken: (adapter) =>
      withSocket(
        adapter,
        () => ({}),
        () => ({
          close: () => {
            throw new Error('not open')
          },
        }),
      ),
  },
  {
    says: 'leaves nothing at the server when closed while it opens',
    holds: async (world) => {
      const { socket, told } = socketOf(world)
      socket.close(1000, '')
      await settle(world)
      await until('nothing left', () => world.seen.sockets === 0)
      expect(told).toEqual([])
    },
    broken: (adapter) =>
      withSocket(
        adapter,
        () => ({}),
        () => ({ close: () => undefined }),
      ),
  },
  {
    says: 'closes with the code it is given',
    holds: async (world) => {
      const { socket } = await opened(world)
      socket.close(1000, '')
      await until('the close', () => world.seen.closes.length > 0)
      expect(world.seen.closes).toEqual([1000])
    },
    broken: (adapter) =>
      withSocket(
        adapter,
        () => ({}),
        ({ close }) => ({ close: () => close(4999, '') }),
      ),
  },
  {
    says: 'throws, or tells an end, when something is sent on a dead socket',
    holds: async (world) => {
      const { socket, closes } = await opened(world)
      if (world.kill) world.kill()
      else {
        socket.send('bye')
        await until('the end', () => closes.length > 0)
      }
      const before = closes.length
      let threw = false
      try {
        socket.send('lost')
      } catch {
        threw = true
      }
      await settle(world)
      expect(threw || closes.length > before).toBe(true)
    },
    broken: (adapter) => {
      let isDead = false
      return withSocket(
        adapter,
        () => ({}),
        ({ send }) => ({
          send: (data) => {
            if (!isDead && data !== 'lost') send(data)
            isDead ||= data === 'bye'
          },
        }),
      )
    },
  },
  {
    says: 'does not take bytes for text',
    holds: async (world) => {
      const { socket, told } = await opened(world)
      socket.send('binary')
      await until('the text after it', () => told.includes('binary'))
      expect(told).toEqual(['open', 'binary'])
    },
    broken: (adapter) =>
      withSocket(adapter, ({ message }) => ({ message: (data) => (message('AQL/'), message(data)) })),
  },
]

const REQUESTS: Promised[] = [
  {
    says: 'answers with status and text, whatever the status',
    holds: async (world) => {
      for (const status of [200, 201, 401, 404, 409, 429, 503]) {
        expect(await world.adapter.request(asked(world, `/status/${status}`)).done).toEqual({ status, body: PROBLEM })
      }
    },
    broken: ({ request }) => ({
      request: (one) => {
        const { done, abort } = request(one)
        return {
          done: done.then((answer) => (answer.status < 400 ? answer : Promise.reject(new Error('http')))),
          abort,
        }
      },
    }),
  },
  {
    says: 'gives a page of some machine in between as it is',
    holds: async (world) => {
      expect(await world.adapter.request(asked(world, '/gateway')).done).toEqual({ status: 502, body: PAGE })
      expect(await world.adapter.request(asked(world, '/portal')).done).toEqual({ status: 200, body: PAGE })
    },
    broken: ({ request }) => ({
      request: (one) => {
        const { done, abort } = request(one)
        return { done: done.then(({ status, body }) => ({ status, body: JSON.stringify(body) })), abort }
      },
    }),
  },
  {
    says: 'sends method, headers and body as they are given',
    holds: async (world) => {
      const headers = { Authorization: 'Bearer t', 'Content-Type': 'application/json' }
      const body = '{"text":"茶"}'
      for (const method of ['POST', 'PUT'] as const) {
        const { done } = world.adapter.request(asked(world, '/mirror', { method, headers, body }))
        const seen = { method, authorization: 'Bearer t', type: 'application/json', body }
        expect(JSON.parse((await done).body)).toEqual(seen)
      }
      for (const method of ['GET', 'DELETE'] as const) {
        const { done } = world.adapter.request(asked(world, '/mirror', { method, headers }))
        expect(JSON.parse((await done).body)).toMatchObject({ method, authorization: 'Bearer t', body: '' })
      }
    },
    broken: ({ request }) => ({ request: ({ headers: _, ...one }) => request({ ...one, headers: {} }) }),
  },
  {
    says: 'sends PATCH',
    holds: async (world) => {
      const { done } = world.adapter.request(asked(world, '/mirror', { method: 'PATCH', body: '{}' }))
      expect(JSON.parse((await done).body)).toMatchObject({ method: 'PATCH', body: '{}' })
    },
    broken: ({ request }) => ({ request: (one) => request({ ...one, method: 'POST' }) }),
  },
  {
    says: 'rejects with words when there is no network',
    holds: async (world) => {
      const { done } = world.adapter.request(asked(world, '', { url: 'https://nowhere.invalid/' }))
      await expect(done).rejects.toThrow(/\w/)
    },
    broken: () => ({ request: withDone(() => Promise.reject(new Error(''))) }),
  },
  {
    says: 'rejects after its time when no answer comes',
    holds: async (world) => {
      const { done } = world.adapter.request(asked(world, '/never', { timeout_ms: 30 }))
      expect(await within('the rejection', done)).toBe('refused')
    },
    broken: () => ({ request: withDone(forgotten) }),
  },
  {
    says: 'rejects when it is stopped',
    holds: async (world) => {
      const { done, abort } = world.adapter.request(asked(world, '/never'))
      abort()
      expect(await within('the rejection', done)).toBe('refused')
    },
    broken: ({ request }) => ({ request: (one) => ({ done: request(one).done, abort: () => undefined }) }),
  },
  {
    says: 'answers all of thirty at once, where the host takes ten',
    holds: async (world) => {
      const all = Array.from({ length: 30 }, () => world.adapter.request(asked(world, '/mirror')).done)
      for (const { status } of await Promise.all(all)) expect(status).toBe(200)
    },
    broken: ({ request }) => {
      let running = 0
      return {
        request: (one) => {
          if (++running > 10) return withDone(() => Promise.reject(new Error('too many')))()
          const { done, abort } = request(one)
          return { done: done.finally(() => running--), abort }
        },
      }
    },
  },
  {
    says: 'makes room for others when those under way are stopped',
    holds: async (world) => {
      const all = Array.from({ length: 12 }, () => world.adapter.request(asked(world, '/never')))
      const ends = Promise.allSettled(all.map(({ done }) => done))
      for (const { abort } of all) abort()
      const last = world.adapter.request(asked(world, '/mirror'))
      expect(await within('an answer', last.done)).toMatchObject({ status: 200 })
      await ends
    },
    broken: ({ request }) => ({
      request: (one) => (one.url.endsWith('/never') ? request(one) : withDone(forgotten)()),
    }),
  },
]

const UPLOADS: Promised[] = [
  {
    says: 'uploads file, fields and headers',
    holds: async (world) => {
      const { status, body } = await world.adapter.upload(sent(world)).done
      const seen = { authorization: 'Bearer t', fields: { kind: 'voice' }, field: 'file', content: 'la la la' }
      expect([status, JSON.parse(body)]).toEqual([200, seen])
    },
    broken: ({ upload }) => ({ upload: (one) => upload({ ...one, fields: {} }) }),
  },
  {
    says: 'answers an upload with status and text, whatever the status',
    holds: async (world) => {
      const { done } = world.adapter.upload(sent(world, { url: `${world.http}/status/413` }))
      expect(await done).toEqual({ status: 413, body: PROBLEM })
    },
    broken: () => ({ upload: withDone(() => Promise.reject(new Error('http'))) }),
  },
  {
    says: 'tells how far an upload is, from 0 to 1',
    holds: async (world) => {
      const told: number[] = []
      await world.adapter.upload(sent(world, { onProgress: (fraction) => told.push(fraction) })).done
      expect(told.length).toBeGreaterThan(0)
      expect(told.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true)
      expect([told.at(-1), told]).toEqual([1, told.slice().sort((a, b) => a - b)])
    },
    broken: ({ upload }) => ({
      upload: (one) => upload({ ...one, onProgress: (fraction) => one.onProgress(fraction * 100) }),
    }),
  },
  {
    says: 'rejects an upload that is stopped',
    holds: async (world) => {
      const { done, abort } = world.adapter.upload(sent(world, { url: `${world.http}/never` }))
      abort()
      expect(await within('the rejection', done)).toBe('refused')
    },
    broken: ({ upload }) => ({ upload: (one) => ({ done: upload(one).done, abort: () => undefined }) }),
  },
]

const STORAGE: Promised[] = [
  {
    says: 'keeps strings by key, the last one',
    holds: async ({ adapter: { storage } }) => {
      for (const value of ['1', '{"a":"茶"}', '"quoted"', 'null']) {
        await storage.set('key', value)
        expect(await storage.get('key')).toBe(value)
      }
    },
    broken: (adapter) =>
      withStorage(adapter, {
        get: async (key) => String(JSON.parse((await adapter.storage.get(key)) ?? 'null')),
      }),
  },
  {
    says: 'gives null for a key that was never set',
    holds: async ({ adapter: { storage } }) => expect(await storage.get('nothing')).toBeNull(),
    broken: (adapter) => withStorage(adapter, { get: async (key) => (await adapter.storage.get(key)) ?? '' }),
  },
  {
    says: 'lists its keys, and removes one whether it is there or not',
    holds: async ({ adapter: { storage } }) => {
      await storage.set('a', '1')
      await storage.set('b', '2')
      await storage.remove('a')
      await storage.remove('nothing')
      expect([await storage.keys(), await storage.get('a'), await storage.get('b')]).toEqual([['b'], null, '2'])
    },
    broken: (adapter) => withStorage(adapter, { remove: () => Promise.resolve() }),
  },
  {
    says: 'keeps 600 kB under one key, and lets go of all of it',
    holds: async ({ adapter: { storage } }) => {
      const long = '茶🍵x'.repeat(75_000)
      await storage.set('long', long)
      expect([await storage.get('long'), await storage.keys()]).toEqual([long, ['long']])
      await storage.set('long', 'short')
      expect(await storage.get('long')).toBe('short')
      await storage.remove('long')
      expect(await storage.keys()).toEqual([])
    },
    broken: (adapter) =>
      withStorage(adapter, { set: (key, value) => adapter.storage.set(key, value.slice(0, 200_000)) }),
  },
  {
    says: 'rejects with words what does not fit',
    holds: async ({ adapter: { storage } }) => {
      await expect(storage.set('huge', 'x'.repeat(12_000_000))).rejects.toThrow(/\w/)
    },
    broken: (adapter) => withStorage(adapter, { set: () => Promise.resolve() }),
  },
]

const REST: Promised[] = [
  {
    says: 'calls a timer once after its delay, and not when it was cancelled',
    holds: async ({ adapter }) => {
      const told: string[] = []
      adapter.timer(() => told.push('cancelled'), 5)()
      const cancel = adapter.timer(() => told.push('done'), 5)
      await new Promise<void>((resolve) => adapter.timer(resolve, 20))
      cancel()
      expect(told).toEqual(['done'])
    },
    broken: ({ timer }) => ({ timer: (fn, ms) => (timer(fn, ms), () => undefined) }),
  },
  {
    says: 'tells the time, and gives as many random bytes as asked for, others each time',
    holds: async (world) => {
      const { now, random } = world.adapter
      expect(Math.abs(now() - Date.now())).toBeLessThan(1_000)
      await settle(world)
      for (const length of [1, 16, 300]) {
        const bytes = Array.from(random(length))
        expect(bytes).toHaveLength(length)
        expect(bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)).toBe(true)
      }
      expect(Array.from(random(16))).not.toEqual(Array.from(random(16)))
    },
    broken: () => ({ random: (length) => new Array<number>(length).fill(7) }),
  },
  {
    says: 'tells when it is shown and hidden, until that is not wanted any more',
    holds: async ({ adapter, show, hide }) => {
      const told: string[] = []
      const offs = [adapter.onShow(() => told.push('show')), adapter.onHide(() => told.push('hide'))]
      adapter.onShow(() => told.push('other'))
      hide?.()
      show?.()
      for (const off of offs) off()
      hide?.()
      show?.()
      expect(told).toEqual(['hide', 'show', 'other', 'other'])
    },
    broken: ({ onShow }) => ({ onShow: (fn) => (onShow(fn), () => undefined) }),
  },
  {
    says: 'tells when the network goes and comes, until that is not wanted any more',
    holds: async ({ adapter, network }) => {
      const told: boolean[] = []
      const off = adapter.onNetwork((online) => told.push(online))
      network?.(false)
      network?.(true)
      off()
      network?.(false)
      expect(told).toEqual([false, true])
    },
    broken: ({ onNetwork }) => ({ onNetwork: (fn) => onNetwork(() => fn(true)) }),
  },
  {
    says: 'shows a file that is not uploaded yet',
    holds: async ({ adapter, file }) => expect(adapter.preview(file)).toMatch(/^(tmp|blob):/),
    broken: () => ({ preview: () => '' }),
  },
]

export const PROMISES: [string, Promised[]][] = [
  ['Sockets', SOCKETS],
  ['Requests', REQUESTS],
  ['Uploads', UPLOADS],
  ['Storage', STORAGE],
  ['Host', REST],
]
