import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Client } from '../../src/core/client'
import type { ClientOptions } from '../../src/core/types'
import { play, story } from './story'

const root = fileURLToPath(new URL('../../', import.meta.url))

test(
  'the one file for mini programs, with its shortened names, behaves like its source',
  { timeout: 120_000 },
  async () => {
    execFileSync(process.execPath, [`${root}build/miniprogram.mjs`])
    const built = createRequire(import.meta.url)(`${root}miniprogram_dist/index.js`) as {
      createClient(options: ClientOptions): Client
    }
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        expect(await play(steps, (options) => built.createClient(options))).toEqual([])
      }),
      { numRuns: 300 },
    )
  },
)
