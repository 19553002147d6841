import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { patience } from './asking'
import { PROMISES } from './promises'
import { isTableFresh } from './table'
import { LACKS } from './lacks'
import { WORLDS } from './worlds'
import type { Host, World } from './worlds'

const ALL = PROMISES.flatMap(([, promises]) => promises)
const HOSTS = Object.keys(WORLDS) as Host[]

async function inWorld(host: Host, look: (world: World) => Promise<void>): Promise<void> {
  const world = await WORLDS[host]()
  try {
    await look(world)
  } finally {
    await world.end()
  }
}

describe.each(HOSTS)('%s', (host) => {
  for (const { says, holds } of ALL) {
    if (LACKS[says]?.hosts.includes(host)) continue
    test(says, () => inWorld(host, holds))
  }
})

describe('an adapter that breaks it is found out', () => {
  const { ms } = patience
  beforeAll(() => void (patience.ms = 300))
  afterAll(() => void (patience.ms = ms))
  for (const { says, holds, broken } of ALL) {
    test(says, async () => {
      await inWorld('WeChat', async (world) => {
        const faulty = { ...world.adapter, ...broken(world.adapter) }
        await expect(holds({ ...world, adapter: faulty })).rejects.toThrow()
      })
    })
  }
})

test('what a host is excused from is something that it can be asked', () => {
  const unknown = Object.keys(LACKS).filter((name) => !ALL.some(({ says }) => says === name))
  expect(unknown).toEqual([])
})

test('the README shows this table', () => {
  expect(isTableFresh(), 'run the test with WRITE=1').toBe(true)
})
