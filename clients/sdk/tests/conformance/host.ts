import { expect } from 'vitest'
import { settle } from './asking'
import type { Promised } from './asking'

export const HOST: Promised[] = [
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
