import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Client } from '../../src/core/client'
import type { ClientOptions } from '../../src/core/types'
import { play, story } from './story'
import type { Step } from './story'

const core = fileURLToPath(new URL('../../src/core/', import.meta.url))
const RUNS = 4_000

interface Fault {
  what: string
  file: string
  find: string
  put: string
  /** For faults that chance rarely meets: a story that meets it. */
  story?: Step[]
}

const say = (where: number): Step => ({ do: 'say', where, which: 0, who: 0 })
const wait = (ms: number): Step => ({ do: 'wait', ms })
const at = { where: 0, which: 1 }
/** The window holds only the second of two messages. */
const HALF: Step[] = [say(0), say(0), { do: 'restart', where: 0 }, wait(400)]
const LATE_CHANGES: Step[] = [
  ...HALF,
  { do: 'link', mode: 'late' },
  { do: 'react', ...at, who: 1 },
  { do: 'edit', ...at, who: 0 },
  { do: 'older', ...at },
  wait(400),
]
const LATE_PAGE: Step[] = [
  ...HALF,
  { do: 'link', mode: 'slow' },
  { do: 'older', ...at },
  wait(7),
  { do: 'edit', ...at, who: 0 },
  wait(400),
]
/** Found by chance: a page is on its way while the window it was asked for moves on. */
const MOVED_WINDOW: Step[] = [
  say(2),
  wait(3000),
  { do: 'vanish', where: 5, which: 0, who: 0 },
  { do: 'open', where: 0, which: 0 },
  { do: 'join', where: 2, which: 0, who: 0 },
  say(0),
  say(0),
  say(0),
  wait(1),
  { do: 'send', where: 0, which: 0 },
]

const FAULTS: Fault[] = [
  {
    what: 'applies a change to a message that has a later one',
    file: 'log.ts',
    find: 'if (change.seq <= (message.changed_seq || 0)) return message',
    put: '',
    story: LATE_CHANGES,
  },
  { what: 'never pulls what is missing', file: 'sync.ts', find: 'if (pulling.has(id)) return', put: 'return' },
  {
    what: 'applies entries as they come, holes or not',
    file: 'log.ts',
    find: 'if (entry.seq !== Math.max(next.upTo + 1, firstSeq)) break',
    put: '',
  },
  {
    what: 'applies entries to a row that includes them',
    file: 'rows.ts',
    find: 'if (entry.seq <= (row.conversation.head_seq || 0)) return row',
    put: '',
  },
  {
    what: 'takes changed rows without looking at the version before',
    file: 'store.ts',
    find: 'if (push.previous !== store.userVersion) return false',
    put: '',
  },
  {
    what: 'sends again under a new key',
    file: 'engine.ts',
    find: "'send_message',\n          conversation_id,\n          client_msg_id,",
    put: "'send_message', conversation_id, client_msg_id: newKey(),",
  },
  {
    what: 'does not notice another epoch',
    file: 'store.ts',
    find: 'return store.epoch !== null && (',
    put: 'return false && (',
  },
  {
    what: 'takes an old page as it was read',
    file: 'log.ts',
    find: 'if (change.seq > readAt) shown',
    put: 'if (false) shown',
    story: LATE_PAGE,
  },
  {
    what: 'lets an older inbox row replace a newer one',
    file: 'rows.ts',
    find: 'incoming.version >= held.version',
    put: 'true',
  },
  {
    what: 'forgets unsent messages at a restart',
    file: 'cache.ts',
    find: 'return items.filter((item): item is OutboxItem => item !== null)',
    put: 'return []',
  },
  {
    what: 'keeps the old log at a reset',
    file: 'log.ts',
    find: 'return release(resetTo(log, sync), firstSeq)',
    put: 'return { log, entries: [] }',
  },
  {
    what: 'lets a page touch a window that has moved',
    file: 'messages.ts',
    find: 'if (edgeOf(conversationId, where) !== edge) return',
    put: '',
    story: MOVED_WINDOW,
  },
]

async function clientWith(fault: Fault): Promise<(options: ClientOptions) => Client> {
  const source = readFileSync(core + fault.file, 'utf8')
  expect(source.split(fault.find)).toHaveLength(2)
  const planted = source.replace(fault.find, fault.put)
  const built = await build({
    entryPoints: [`${core}client.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'silent',
    alias: { '@chaguan/protocol': fileURLToPath(new URL('../../../protocol/index.ts', import.meta.url)) },
    plugins: [
      {
        name: 'plant',
        setup: ({ onLoad }) =>
          onLoad({ filter: new RegExp(`core.${fault.file}$`) }, () => ({ contents: planted, loader: 'ts' })),
      },
    ],
  })
  const text = built.outputFiles[0]?.text ?? ''
  const made = (await import(
    /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
  )) as { createClient(options: ClientOptions): Client }
  return made.createClient
}

test.each([LATE_CHANGES, LATE_PAGE, MOVED_WINDOW])('the client as it is stands these stories', async (...steps) => {
  expect(await play(steps)).toEqual([])
})

test.each(FAULTS)('the stories find a client that $what', { timeout: 120_000 }, async (fault) => {
  const make = await clientWith(fault)
  if (fault.story) return expect(await play(fault.story, make)).not.toEqual([])
  const outcome = await fc.check(
    fc.asyncProperty(story, async (steps) => (await play(steps, make)).length === 0),
    { numRuns: RUNS, endOnFailure: true, seed: 20 },
  )
  expect(outcome.failed).toBe(true)
})
