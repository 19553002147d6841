import { expect } from 'vitest'
import type { Adapter } from '../../src/core/adapter'
import type { Promised } from './asking'

const withStorage = ({ storage }: Adapter, more: Partial<Adapter['storage']>): Partial<Adapter> => ({
  storage: { ...storage, ...more },
})

export const STORAGE: Promised[] = [
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
