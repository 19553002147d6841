import { expect } from 'vitest'
import type { Adapter, Socket, SocketHandlers } from '../../src/core/adapter'
import { settle, until } from './asking'
import type { Promised } from './asking'
import type { World } from './worlds'

const socketOf = (world: World, path = '/echo') => {
  const told: unknown[] = []
  const closes: [number, string][] = []
  const socket = world.adapter.socket?.(world.ws + path, {
    open: () => told.push('open'),
    message: (data) => told.push(data),
    close: (...end) => closes.push(end),
  }) as Socket
  return { socket, told, closes }
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

export const SOCKETS: Promised[] = [
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
