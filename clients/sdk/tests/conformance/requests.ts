import { expect } from 'vitest'
import type { UploadRequest } from '../../src/core/adapter'
import { asked, forgotten, withDone, within } from './asking'
import type { Promised } from './asking'
import { PAGE, PROBLEM } from './far-side'
import type { World } from './worlds'

const sent = (world: World, more: Partial<UploadRequest> = {}): UploadRequest => ({
  url: `${world.http}/media`,
  headers: { Authorization: 'Bearer t' },
  fields: { kind: 'voice' },
  file: world.file,
  timeout_ms: 5_000,
  onProgress: () => undefined,
  ...more,
})

export const REQUESTS: Promised[] = [
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

export const UPLOADS: Promised[] = [
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
