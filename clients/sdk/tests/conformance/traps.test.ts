// Every trap that an adapter says it avoids: without the line that avoids it, the fake of that host springs it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeMy } from './fakes/alipay'
import { Phone } from './fakes/phone'
import { patience } from './asking'
import { PROMISES } from './promises'
import { WORLDS } from './worlds'
import type { Host, Makers } from './worlds'
import { alipayAdapter } from '../../src/adapters/alipay'

interface Trap {
  what: string
  host: Host
  file: string
  find: string
  put: string
  /** Promise that is broken then. */
  breaks: string
}

const BOTH_WAYS = 'opens once and carries text both ways'
const ANSWERS = 'answers with status and text, whatever the status'
const UPLOADS = 'uploads file, fields and headers'

const TRAPS: Trap[] = [
  {
    what: 'believes every end that WeChat tells',
    host: 'WeChat',
    file: 'mini-program',
    find: 'isOver = true',
    put: '',
    breaks: 'tells the end of a socket that was refused once, and no opening',
  },
  {
    what: 'has no task where WeChat refuses a socket',
    host: 'WeChat',
    file: 'mini-program',
    find: 'if (!task) return { send: () => undefined, close: () => undefined }',
    put: '',
    breaks: 'tells that no socket can be made, and not before the call has returned',
  },
  {
    what: 'does not hear what a send says',
    host: 'WeChat',
    file: 'mini-program',
    find: 'task.send({ data, fail: end })',
    put: 'task.send({ data, fail: () => undefined })',
    breaks: 'throws, or tells an end, when something is sent on a dead socket',
  },
  {
    what: 'asks WeChat for more than ten answers at once',
    host: 'WeChat',
    file: 'mini-program',
    find: 'const REQUESTS_AT_ONCE = 8',
    put: 'const REQUESTS_AT_ONCE = 11',
    breaks: 'answers all of thirty at once, where the host takes ten',
  },
  {
    what: 'lets WeChat parse what it can',
    host: 'WeChat',
    file: 'wx',
    find: "dataType: 'text',",
    put: '',
    breaks: ANSWERS,
  },
  {
    what: "takes Alipay's one socket",
    host: 'Alipay',
    file: 'alipay',
    find: 'multiple: true, timeout',
    put: 'multiple: false as true, timeout',
    breaks: BOTH_WAYS,
  },
  {
    what: "does not unwrap Alipay's messages",
    host: 'Alipay',
    file: 'alipay-traps',
    find: 'fn({ data: textOf(event) })',
    put: 'fn(event)',
    breaks: BOTH_WAYS,
  },
  {
    what: "takes Alipay's base64 for text",
    host: 'Alipay',
    file: 'alipay-traps',
    find: 'if (isBuffer) return null',
    put: '',
    breaks: 'does not take bytes for text',
  },
  {
    what: 'says `header` to Alipay',
    host: 'Alipay',
    file: 'alipay',
    find: `              headers,
              ...(body`,
    put: `              header: headers,
              ...(body`,
    breaks: 'sends method, headers and body as they are given',
  },
  {
    what: "knows only Alipay's newer `statusCode`",
    host: 'Alipay',
    file: 'alipay-traps',
    find: 'Number(statusCode || status)',
    put: 'Number(statusCode)',
    breaks: ANSWERS,
  },
  {
    what: "takes Alipay's error 19 for a failure",
    host: 'Alipay',
    file: 'alipay-traps',
    find: 'if (!take(error)) fail(error)',
    put: 'fail(error)',
    breaks: ANSWERS,
  },
  {
    what: 'lets Alipay parse what is no JSON',
    host: 'Alipay',
    file: 'alipay',
    find: "dataType: 'text',\n              ...answers",
    put: '...answers',
    breaks: 'gives a page of some machine in between as it is',
  },
  {
    what: 'waits for Alipay to stop a request',
    host: 'Alipay',
    file: 'tasks',
    find: "stop('stopped')",
    put: 'abort()',
    breaks: 'rejects when it is stopped',
  },
  {
    what: 'gives Alipay no `fileType`',
    host: 'Alipay',
    file: 'alipay',
    find: "fileType: FILE_TYPES[fields['kind'] ?? ''] ?? 'image',",
    put: '',
    breaks: UPLOADS,
  },
  {
    what: 'keeps all under one key in Alipay',
    host: 'Alipay',
    file: 'alipay',
    find: 'storage: splitStorage(adapter.storage, MOST_UNITS)',
    put: '',
    breaks: 'keeps 600 kB under one key, and lets go of all of it',
  },
  {
    what: 'speaks to Douyin before it has said success',
    host: 'Douyin',
    file: 'douyin',
    find: 'lateTask((success) => tt.connectSocket({ url, success, fail }))',
    put: 'tt.connectSocket({ url, fail })',
    breaks: BOTH_WAYS,
  },
  {
    what: 'leaves a socket to Douyin that was closed too early',
    host: 'Douyin',
    file: 'tasks',
    find: 'close: (call) => later((task) => task.close(call)),',
    put: 'close: (call) => void (waiting || task.close(call)),',
    breaks: 'leaves nothing at the server when closed while it opens',
  },
  {
    what: "takes Douyin's empty string for a value",
    host: 'Douyin',
    file: 'mini-program',
    find: "typeof data === 'string' && data ? data : null",
    put: "typeof data === 'string' ? data : null",
    breaks: 'gives null for a key that was never set',
  },
  {
    what: 'counts on Douyin to end a request in time',
    host: 'Douyin',
    file: 'tasks',
    find: "const timer = setTimeout(() => stop('timeout'), timeout_ms)",
    put: 'const timer = undefined',
    breaks: 'rejects after its time when no answer comes',
  },
  {
    what: 'takes a promise of uni-app for a task',
    host: 'uni-app over WeChat',
    file: 'uni',
    find: 'multiple: true, success, fail })',
    put: 'multiple: true })',
    breaks: BOTH_WAYS,
  },
  {
    what: 'does not ask uni-app for a task of its own over Alipay',
    host: 'uni-app over Alipay',
    file: 'uni',
    find: 'multiple: true, ',
    put: '',
    breaks: BOTH_WAYS,
  },
  {
    what: "takes uni-app's messages as they are over Alipay",
    host: 'uni-app over Alipay',
    file: 'uni',
    find: 'return task && unwrapped(task)',
    put: 'return task',
    breaks: BOTH_WAYS,
  },
  {
    what: 'speaks to uni-app over Douyin at once',
    host: 'uni-app over Douyin',
    file: 'uni',
    find: "beneath === 'mp-toutiao' ? lateTask(connect) : connect",
    put: 'connect',
    breaks: BOTH_WAYS,
  },
  {
    what: 'asks uni-app over Douyin whether it is connected',
    host: 'uni-app over Douyin',
    file: 'uni',
    find: "isConnected ?? networkType !== 'none'",
    put: 'isConnected',
    breaks: 'tells when the network goes and comes, until that is not wanted any more',
  },
]

const sources = fileURLToPath(new URL('../../src/adapters/', import.meta.url))
const ALL = `export * from './wx'; export { alipayAdapter } from './alipay'
  export { douyinAdapter } from './douyin'; export { uniAdapter } from './uni'`

async function adaptersWith({ file, find, put }: Trap): Promise<Makers> {
  const source = readFileSync(`${sources}${file}.ts`, 'utf8')
  expect(source.split(find)).toHaveLength(2)
  const built = await build({
    stdin: { contents: ALL, resolveDir: sources, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'silent',
    plugins: [
      {
        name: 'plant',
        setup: ({ onLoad }) =>
          onLoad({ filter: new RegExp(`adapters.${file}\\.ts$`) }, () => ({
            contents: source.replace(find, put),
            loader: 'ts',
          })),
      },
    ],
  })
  const code = Buffer.from(built.outputFiles[0]?.text ?? '').toString('base64')
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)) as Makers
}

const { ms } = patience
beforeAll(() => void (patience.ms = 300))
afterAll(() => void (patience.ms = ms))

test.each(TRAPS)('an adapter falls into a trap that $what', async (trap) => {
  const promise = PROMISES.flatMap(([, promises]) => promises).find(({ says }) => says === trap.breaks)
  if (!promise) throw new Error(`no such promise: ${trap.breaks}`)
  const world = await WORLDS[trap.host](await adaptersWith(trap))
  await expect(promise.holds(world)).rejects.toThrow()
})

test('an upload to Alipay does not cover the page with a spinner', async () => {
  const { my, screen } = fakeMy(new Phone({ bytesPerKey: 1, bytesInAll: 1 }))
  const { upload } = alipayAdapter(my)
  const url = 'https://im.example.com/media'
  const file = 'tmp://voice.mp3'
  const task = upload({
    url,
    headers: {},
    fields: { kind: 'file' },
    file,
    timeout_ms: 1_000,
    onProgress: () => undefined,
  })
  expect((await task.done).status).toBe(200)
  expect(screen.spinner).toBe(false)
})
