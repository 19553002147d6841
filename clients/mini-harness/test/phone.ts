// Starts the built fixture in Chromium, beside a small server for it to talk to.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import fs from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { WebSocketServer } from 'ws'
import { buildMiniProgram, serve, type HarnessServer } from '../src/build/index'
import type { Harness } from '../src/runtime/harness'

declare global {
  interface Window {
    __harness: Harness
  }
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]
const BROWSERS = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const browserPath = BROWSERS.find((file) => file !== undefined && fs.existsSync(file))

export interface Backend {
  http: string
  ws: string
  /** Requests under way now, and the most there were. */
  load: { now: number; most: number }
  /** Answers all that wait at /hold. */
  release(): void
  close(): Promise<void>
}

export async function startBackend(): Promise<Backend> {
  const held: http.ServerResponse[] = []
  const load = { now: 0, most: 0 }
  const server = http.createServer((request, response) => {
    const allowed = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*',
      'access-control-allow-methods': '*',
    }
    if (request.method === 'OPTIONS') return void response.writeHead(204, allowed).end()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      response.writeHead(request.url?.startsWith('/teapot') ? 418 : 200, {
        ...allowed,
        'content-type': 'application/json',
      })
      if (request.url?.startsWith('/hold')) {
        load.now += 1
        load.most = Math.max(load.most, load.now)
        return void held.push(response)
      }
      response.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          type: request.headers['content-type'] ?? '',
          size: body.length,
          text: body.toString('utf8').slice(0, 2000),
        }),
      )
    })
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`收到：${String(data)}`)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    load,
    release: () =>
      held.splice(0).forEach((response) => {
        load.now -= 1
        response.end('{}')
      }),
    close: () =>
      new Promise((resolve) => {
        sockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface Lab {
  browser: Browser
  site: HarnessServer
  backend: Backend
  close(): Promise<void>
}

export async function startLab(): Promise<Lab> {
  const outDir = fs.mkdtempSync(path.join(os.tmpdir(), 'mini-harness-'))
  await buildMiniProgram({
    root: path.join(import.meta.dirname, 'fixture'),
    outDir,
    npm: { '@demo/badge': path.join(import.meta.dirname, 'fixture-npm/badge') },
  })
  const site = await serve(outDir)
  const backend = await startBackend()
  const browser = await chromium.launch({ executablePath: browserPath!, args: FLAGS })
  return {
    browser,
    site,
    backend,
    close: async () => {
      await browser.close()
      await Promise.all([site.close(), backend.close()])
      fs.rmSync(outDir, { recursive: true })
    },
  }
}

/** Builds another program and serves it in place of the fixture. */
export async function serveProgram(lab: Lab, root: string): Promise<Lab> {
  const outDir = path.join(root, 'dist')
  await buildMiniProgram({ root, outDir })
  const site = await serve(outDir)
  return { ...lab, site, close: () => site.close() }
}

export interface Phone {
  page: Page
  /** Errors and warnings of the console. */
  complaints: string[]
}

export async function openPhone(
  lab: Lab,
  url = '',
  options: { config?: Record<string, unknown>; touch?: boolean } = {},
): Promise<Phone> {
  const context = await lab.browser.newContext({
    viewport: { width: 375, height: 812 },
    deviceScaleFactor: 2,
    hasTouch: options.touch ?? false,
    isMobile: options.touch ?? false,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  const config = { ext: { ws: lab.backend.ws, api: lab.backend.http }, ...options.config }
  const query = new URLSearchParams({ config: JSON.stringify(config), ...(url && { page: url }) })
  await page.goto(`${lab.site.url}?${query.toString()}`)
  await page.locator('.mp-page').first().waitFor()
  return { page, complaints }
}
