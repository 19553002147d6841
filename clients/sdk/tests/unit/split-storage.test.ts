import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/adapters/browser'
import { splitStorage } from '../../src/adapters/split-storage'

const setUp = () => {
  const kept = new Map<string, string>()
  const inner = memoryStorage(kept)
  return { kept, inner, storage: splitStorage(inner, 4) }
}

test('no part ends between the two halves of one character', async () => {
  const { kept, storage } = setUp()
  await storage.set('a', 'abc🍵def🍵🍵')
  for (const part of kept.values()) expect(part).not.toMatch(/[\ud800-\udbff]$/)
  expect(await storage.get('a')).toBe('abc🍵def🍵🍵')
})

test('a writing that was cut short reads as nothing, never as a mixture', async () => {
  const value = (word: string) => word.repeat(4)
  for (let survive = 1; survive < 5; survive++) {
    const { inner, storage } = setUp()
    await storage.set('a', value('old.'))
    let writes = 0
    const killed = splitStorage(
      {
        ...inner,
        set: (key, text) => (++writes > survive ? Promise.reject(new Error('killed')) : inner.set(key, text)),
      },
      4,
    )
    await expect(killed.set('a', value('new.'))).rejects.toThrow('killed')
    expect(await storage.get('a')).toBeNull()
  }
})

test('parts without a head are listed under their key and go with it', async () => {
  const { kept, inner, storage } = setUp()
  await storage.set('a', 'a long value')
  await inner.remove('a')
  expect([await storage.keys(), await storage.get('a')]).toEqual([['a'], null])
  await storage.remove('a')
  expect(kept.size).toBe(0)
})

test('a key does not take the parts of another whose name it begins', async () => {
  const { storage } = setUp()
  await storage.set('a', 'a long value')
  await storage.set('ab', 'another long value')
  await storage.remove('a')
  expect([await storage.keys(), await storage.get('ab')]).toEqual([['ab'], 'another long value'])
})

test('a shorter value leaves no part of the longer one', async () => {
  const { kept, storage } = setUp()
  await storage.set('a', '0123456789abcdef')
  await storage.set('a', '01234567')
  expect(await storage.get('a')).toBe('01234567')
  expect(kept.size).toBe(3)
  await storage.set('a', 'x')
  expect([await storage.get('a'), kept.size]).toEqual(['x', 1])
})
