// How a promise is asked for, and waited for.
import type { Adapter, HttpRequest } from '../../src/core/adapter'
import type { World } from './worlds'

/** What an adapter promises the core (src/core/adapter.ts), with a fault that breaks it. */
export interface Promised {
  says: string
  holds(world: World): Promise<void>
  /** What of an adapter breaks it. */
  broken(adapter: Adapter): Partial<Adapter>
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

export const asked = (world: World, path: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: world.http + path,
  headers: {},
  timeout_ms: 5_000,
  ...more,
})

/** Time enough for whatever was under way to be told: three questions and their answers. */
export async function settle(world: World): Promise<void> {
  for (let i = 0; i < 3; i++) await world.adapter.request(asked(world, '/mirror')).done
}

export const forgotten = (): Promise<never> => new Promise(() => undefined)

export const withDone = (done: () => Promise<never>) => () => ({ done: done(), abort: () => undefined })

/** What it comes to; it may not stay open. */
export const within = async <T>(what: string, promise: Promise<T>): Promise<T | 'refused'> => {
  let value: T | 'refused' | undefined
  promise.then(
    (it) => (value = it),
    () => (value = 'refused'),
  )
  await until(what, () => value !== undefined)
  return value as T | 'refused'
}
