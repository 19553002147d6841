import { browserAdapter } from './adapters/browser'
import { nodeAdapter } from './adapters/node'
import { wxAdapter } from './adapters/wx'
import type { Adapter } from './core/adapter'
import { createClient as connect } from './core/client'
import type { Client } from './core/client'
import { ChaguanError } from './core/errors'
import type { ClientOptions } from './core/types'

export type * from '@chaguan/protocol'
export type * from './core/adapter'
export type * from './core/types'
export type { Notice } from './core/log'
export type { Client }
export type { ConnectionState, RequestOf } from './core/connection'
export type { UploadOptions } from './core/media'
export type { BrowserAdapterOptions } from './adapters/browser'
export type { NodeAdapterOptions, NodeFile } from './adapters/node'
export { ChaguanError } from './core/errors'
export { unreadOf } from './core/rows'
export { memoryStorage } from './adapters/browser'
export { browserAdapter, nodeAdapter, wxAdapter }

/**
 * Makes a client. Nothing is sent until `signIn`. The adapter is found by itself in WeChat mini programs, browsers
 * and Node; give one for another host, or to inject the WebSocket class of Node 20 (`nodeAdapter({WebSocket})`).
 */
export function createClient(options: Omit<ClientOptions, 'adapter'> & { adapter?: Adapter }): Client {
  return connect({ ...options, adapter: options.adapter ?? detectAdapter() })
}

function detectAdapter(): Adapter {
  if (typeof wx !== 'undefined' && typeof wx.connectSocket === 'function') return wxAdapter(wx)
  if (typeof window !== 'undefined' && typeof document !== 'undefined') return browserAdapter()
  if (typeof process !== 'undefined') return nodeAdapter()
  throw new ChaguanError('bad_request', 'no adapter for this host: give createClient one')
}
