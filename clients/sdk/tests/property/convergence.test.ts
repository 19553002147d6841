import fc from 'fast-check'
import { expect, test } from 'vitest'
import { play, story } from './story'

const RUNS = Number(process.env['CHAGUAN_PROPERTY_RUNS'] ?? 300)

test('whatever happens, the client shows what a fresh client would load', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      expect(await play(steps)).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
