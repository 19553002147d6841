import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Client } from '../../src'
import { customerToken, until, url } from './deployment'

/** What the page under test puts in its window. */
declare global {
  interface Window {
    im: Client
    chat: string
    via: string
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url))
// The page is put in by the test and so has no address; its socket to this machine would be refused for that.
const LOCAL = '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets'
const FLAGS = [LOCAL, '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking']
const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/sdk-test/page.js"></script>'
const SCRIPT = `
import { browserAdapter, createClient } from '/sdk-test/index.js'
const ticker = location.hash === '#ticker' ? new Worker('/sdk-test/ticker.js', { type: 'module' }) : undefined
const im = createClient({ endpoint: location.origin, adapter: browserAdapter(ticker ? { ticker } : {}) })
im.on('connection', ({ state, reason }) => state === 'online' && (window.via = reason))
const device = 'sdk-e2e-' + (sessionStorage.device ??= String(Math.random()).slice(2))
await im.signIn({ token: ${JSON.stringify(customerToken)}, account: 'li', deviceId: device })
window.im = im
`

async function bundle(entry: string): Promise<string> {
  const built = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    alias: { '@chaguan/protocol': `${root}../protocol/index.ts` },
  })
  return built.outputFiles[0]?.text ?? ''
}

let browser: Browser
let context: BrowserContext
let page: Page
let files: Record<string, string>
const faults: string[] = []

beforeAll(async () => {
  files = {
    '/sdk-test/': PAGE,
    '/sdk-test/page.js': SCRIPT,
    '/sdk-test/index.js': await bundle('src/index.ts'),
    '/sdk-test/ticker.js': await bundle('src/ticker.ts'),
  }
  const executablePath = process.env['CHAGUAN_CHROMIUM'] ?? '/usr/bin/chromium'
  browser = await chromium.launch({ executablePath, args: FLAGS })
})
afterAll(() => browser.close())

beforeEach(async () => {
  faults.length = 0
  context = await browser.newContext()
  page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  // Served as the deployment's own pages are: from its origin, under the strict policy.
  await context.route('**/sdk-test/**', (route) => {
    const path = new URL(route.request().url()).pathname
    const contentType = path.endsWith('.js') ? 'text/javascript' : 'text/html'
    return route.fulfill({
      body: files[path] ?? '',
      contentType,
      headers: { 'Content-Security-Policy': "default-src 'self'" },
    })
  })
})
afterEach(async () => {
  await context.close()
  expect(faults).toEqual([])
})

async function visit(hash = ''): Promise<void> {
  await page.goto(`${url}/sdk-test/${hash}`)
  await until('the client', () => page.evaluate(() => Boolean(window.im)))
}

async function openChat(): Promise<void> {
  await page.evaluate(async () => {
    await window.im.online()
    window.chat = (await window.im.conversations.openService()).conversation.id
  })
}

const stateOf = () => page.evaluate(() => window.im.state)
const say = (text: string) =>
  page.evaluate((text) => window.im.messages.send(window.chat, { type: 'text', text }).client_msg_id, text)
const statusOf = (key: string) =>
  page.evaluate(
    (key) => window.im.messages.list(window.chat).messages.find((one) => one.client_msg_id === key)?.status,
    key,
  )

test('a page connects, and what one tab says another tab shows', async () => {
  await visit()
  await openChat()
  expect(await page.evaluate(() => window.via)).toBe('socket')
  const other = await context.newPage()
  await other.goto(`${url}/sdk-test/`)
  await until('the other client', () => other.evaluate(() => window.im?.state === 'online'))
  const key = await say('你好')
  await until('the acknowledgement', async () => (await statusOf(key)) === 'sent')
  const chat = await page.evaluate(() => window.chat)
  await until('the message in the other tab', () =>
    other.evaluate(({ chat, key }) => window.im.messages.list(chat).messages.some((one) => one.client_msg_id === key), {
      chat,
      key,
    }),
  )
})

test('what was written without a network survives a reload and goes out once', async () => {
  await visit()
  await openChat()
  const chat = await page.evaluate(() => window.chat)
  await page.evaluate(() => window.im.settled())
  // The page itself comes from `route`; all else of the deployment is out of reach, as behind a lift's doors.
  await context.setOffline(true)
  const key = await say('从电梯里')
  await page.evaluate(() => window.im.settled())
  await page.reload()
  await until('the client', () => page.evaluate(() => Boolean(window.im)))
  await page.evaluate((chat) => (window.chat = chat), chat)
  expect(await statusOf(key)).toBe('sending')
  await context.setOffline(false)
  await until('the message in the log', async () => (await statusOf(key)) === 'sent')
  const copies = await page.evaluate(
    (key) => window.im.messages.list(window.chat).messages.filter((one) => one.client_msg_id === key).length,
    key,
  )
  expect(copies).toBe(1)
})

test('a network that goes and comes back is noticed at once', async () => {
  await visit()
  await openChat()
  await context.setOffline(true)
  const key = await say('等一下')
  await context.setOffline(false)
  await until('online again', async () => (await stateOf()) === 'online')
  await until('the message', async () => (await statusOf(key)) === 'sent')
})

test('with a ticker a page whose timers are throttled keeps its heartbeat', async () => {
  // As browsers treat a page that was hidden for five minutes: no timer fires before a minute has passed.
  await page.addInitScript(() => {
    const own = window.setTimeout
    window.setTimeout = ((fn: () => void, ms: number) => own(fn, Math.max(ms, 60_000))) as typeof setTimeout
  })
  let heartbeats = 0
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => String(payload).includes('"heartbeat"') && heartbeats++),
  )
  await visit('#ticker')
  await openChat()
  await expect.poll(() => heartbeats, { timeout: 45_000, interval: 200 }).toBeGreaterThan(0)
  expect(await stateOf()).toBe('online')
})
