// Every host with the adapter that is meant for it. In mini programs both the host and the far side are fakes; browser
// and Node talk to a real server.
import { JSDOM } from 'jsdom'
import { vi } from 'vitest'
import WebSocket from 'ws'
import { alipayAdapter } from '../../src/adapters/alipay'
import { browserAdapter } from '../../src/adapters/browser'
import { douyinAdapter } from '../../src/adapters/douyin'
import { nodeAdapter } from '../../src/adapters/node'
import { uniAdapter } from '../../src/adapters/uni'
import { wxAdapter } from '../../src/adapters/wx'
import type { Adapter } from '../../src/core/adapter'
import { fakeMy } from './fakes/alipay'
import { fakeTt } from './fakes/douyin'
import { Phone } from './fakes/phone'
import { fakeUniOverMy, fakeUniOverTt, fakeUniOverWx } from './fakes/uni'
import { fakeWx } from './fakes/wechat'
import type { Seen } from './far-side'
import { startServer } from './real-server'

export interface World {
  adapter: Adapter
  seen: Seen
  /** Where the far side is. */
  http: string
  ws: string
  /** A file whose content is `la la la`. */
  file: unknown
  show?(): void
  hide?(): void
  network?(online: boolean): void
  /** From now on the host refuses to make sockets. */
  refuseSockets?(): void
  /** All sockets die, and nobody is told. */
  kill?(): void
  end(): Promise<void>
}

const MEGABYTE = 1024 * 1024
const CONTENT = 'la la la'

function onPhone(adapter: Adapter, phone: Phone): World {
  const { show, hide, network } = phone.listeners
  return {
    adapter,
    seen: phone.seen,
    http: 'https://im.example.com',
    ws: 'wss://im.example.com',
    file: 'tmp://voice.mp3',
    show: () => show.forEach((fn) => fn()),
    hide: () => hide.forEach((fn) => fn()),
    network: (online) => network.forEach((fn) => fn(online)),
    refuseSockets: () => (phone.suspended = true),
    kill: () => phone.sockets.forEach((socket) => socket.die()),
    end: () => Promise.resolve(),
  }
}

const phone = (bytesPerKey = MEGABYTE) => new Phone({ bytesPerKey, bytesInAll: 10 * MEGABYTE })
const ALIPAY_KEY = 200 * 1024

/** What adapters are made by; faulty ones take their place. */
export interface Makers {
  wxAdapter: typeof wxAdapter
  alipayAdapter: typeof alipayAdapter
  douyinAdapter: typeof douyinAdapter
  uniAdapter: typeof uniAdapter
}
const made: Makers = { wxAdapter, alipayAdapter, douyinAdapter, uniAdapter }

const over =
  <Fake>(fake: (phone: Phone) => Fake, make: (makers: Makers) => (host: Fake) => Adapter, bytesPerKey = MEGABYTE) =>
  (makers = made): Promise<World> => {
    const beneath = phone(bytesPerKey)
    return Promise.resolve(onPhone(make(makers)(fake(beneath)), beneath))
  }

/** The fake has what the adapter uses of `wx`, and nothing of the rest. */
const asWx = (phone: Phone) => fakeWx(phone) as unknown as WechatMiniprogram.Wx

export const WORLDS = {
  WeChat: over(asWx, ({ wxAdapter }) => wxAdapter),
  Alipay: over(
    (phone) => fakeMy(phone).my,
    ({ alipayAdapter }) => alipayAdapter,
    ALIPAY_KEY,
  ),
  Douyin: over(fakeTt, ({ douyinAdapter }) => douyinAdapter),
  'uni-app over WeChat': over(fakeUniOverWx, ({ uniAdapter }) => uniAdapter),
  'uni-app over Alipay': over(fakeUniOverMy, ({ uniAdapter }) => uniAdapter, ALIPAY_KEY),
  'uni-app over Douyin': over(fakeUniOverTt, ({ uniAdapter }) => uniAdapter),
  browser,
  Node: node,
}

export type Host = keyof typeof WORLDS

async function node(): Promise<World> {
  const { seen, http, ws, stop } = await startServer()
  const file = { data: new TextEncoder().encode(CONTENT), name: 'voice.mp3', mime: 'audio/mpeg' }
  let isRefused = false
  class Made extends WebSocket {
    constructor(url: string) {
      if (isRefused) throw new SyntaxError('not an address of a socket')
      super(url)
    }
  }
  const refuseSockets = () => void (isRefused = true)
  return { adapter: nodeAdapter({ WebSocket: Made }), seen, http, ws, file, refuseSockets, end: stop }
}

/** The page is jsdom's, with its own WebSocket, XMLHttpRequest, FormData and localStorage; fetch is Node's. */
async function browser(): Promise<World> {
  const { seen, http, ws, stop } = await startServer()
  const { window } = new JSDOM('', { url: `${http}/`, pretendToBeVisual: true, storageQuota: 5_000_000 })
  const names = ['window', 'document', 'WebSocket', 'XMLHttpRequest', 'FormData', 'Blob', 'File'] as const
  for (const name of names) vi.stubGlobal(name, window[name])
  vi.stubGlobal('URL', Object.assign(class extends URL {}, { createObjectURL: () => 'blob:this-page' }))
  const become = (state: string) => {
    Object.defineProperty(window.document, 'visibilityState', { value: state, configurable: true })
    window.document.dispatchEvent(new window.Event('visibilitychange'))
  }
  return {
    adapter: browserAdapter(),
    seen,
    http,
    ws,
    file: new window.File([CONTENT], 'voice.mp3'),
    show: () => become('visible'),
    hide: () => become('hidden'),
    network: (online) => void window.dispatchEvent(new window.Event(online ? 'online' : 'offline')),
    refuseSockets: () => {
      function Forbidden() {
        throw new Error('an insecure WebSocket in a secure page')
      }
      vi.stubGlobal('WebSocket', Forbidden)
    },
    end: async () => {
      window.close()
      vi.unstubAllGlobals()
      await stop()
    },
  }
}
