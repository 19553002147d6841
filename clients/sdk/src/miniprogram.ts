import { wxAdapter } from './adapters/wx'
import type { Adapter } from './core/adapter'
import { createClient as connect } from './core/client'
import type { Client } from './core/client'
import type { ClientOptions } from './core/types'

export { ChaguanError } from './core/errors'
export { unreadOf } from './core/rows'
export { wxAdapter }

/** The same as in `index`, for mini programs: without the adapters of browsers and Node. */
export function createClient(options: Omit<ClientOptions, 'adapter'> & { adapter?: Adapter }): Client {
  return connect({ ...options, adapter: options.adapter ?? wxAdapter(wx) })
}
