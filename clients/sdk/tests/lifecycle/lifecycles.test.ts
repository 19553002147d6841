import { expect, test } from 'vitest'
import { createClient } from '../../src/core/client'
import type { Adapter } from '../../src/core/adapter'
import { live } from './life'
import type { Outcome, Return } from './life'
import { AGAIN_MS, RTT_MS } from './phone'

const LIVES = Number(process.env['CHAGUAN_LIVES'] ?? 500)
/** Three round trips, and what the network of an application that just came back may need before it can be asked. */
const BOUND_MS = 3 * RTT_MS + 300
/** Enough for a fault to show. */
const SOME = 40

/** A lost packet costs what it takes to send it again; that is the network's, not ours. */
const isLate = ({ ms, lost }: Return) => ms > BOUND_MS + lost * AGAIN_MS

test(`${LIVES} lives lose, double and reorder nothing, and nobody waits`, { timeout: 3_600_000 }, async () => {
  const returns: Return[] = []
  let said = 0
  for (let seed = 1; seed <= LIVES; seed++) {
    const outcome = await live(seed)
    expect(outcome.complaints, `seed ${seed}`).toEqual([])
    expect(outcome.returns.filter(isLate), `seed ${seed}`).toEqual([])
    returns.push(...outcome.returns)
    said += outcome.said
  }
  expect(said).toBeGreaterThan(LIVES * 10)
  expect(returns.length).toBeGreaterThan(LIVES)
  console.log(`${LIVES} lives, ${said} messages, ${returns.length} returns: ${spread(returns)}`)
})

test('a client that trusts its socket after a pocket is late', async () => {
  const outcomes = await livesWith({ suspends: false })
  expect(outcomes.flatMap(({ returns }) => returns).filter(isLate)).not.toEqual([])
})

test('a client whose outbox is not kept loses what was written', async () => {
  const outcomes = await livesWith({
    storage: {
      get: () => Promise.resolve(null),
      set: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      keys: () => Promise.resolve([]),
    },
  })
  expect(outcomes.flatMap(({ complaints }) => complaints).join()).toMatch(/the log has/)
})

async function livesWith(fault: Partial<Adapter>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let seed = 1; seed <= SOME; seed++) {
    const make = (options: Parameters<typeof createClient>[0]) =>
      createClient({ ...options, adapter: { ...options.adapter, ...fault } })
    outcomes.push(await live(seed, make))
  }
  return outcomes
}

function spread(returns: Return[]): string {
  const sorted = returns.map(({ ms }) => ms).sort((a, b) => a - b)
  const at = (share: number) => `${sorted[Math.floor((sorted.length - 1) * share)]} ms`
  const lossy = returns.filter(({ lost }) => lost > 0).length
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}; in ${lossy} of them packets were lost`
}
