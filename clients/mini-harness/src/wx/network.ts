// Network state, and the refusals that follow from it.
import { lifeState } from '../runtime/app'
import { Emitter } from '../runtime/emitter'
import { api, Refusal } from './api'

interface NetworkStatus {
  isConnected: boolean
  networkType: string
}

let type = 'wifi'
export const networkChanged = new Emitter<NetworkStatus>()

export const networkType = (): string => type

/** 'none', 'wifi', '2g' … '5g', 'unknown'. Going to 'none' cuts sockets and pending requests. */
export function setNetwork(next: string): void {
  if (next === type) return
  type = next
  networkChanged.emit({ isConnected: next !== 'none', networkType: next })
}

/** Throws what a phone answers when there is no network, or the program is suspended. */
export function requireNetwork(): void {
  if (lifeState() === 'suspended') throw new Refusal('interrupted', { errno: 600003 })
  if (type === 'none')
    throw new Refusal('errcode:-2 cronet_error_code:-106 error_msg:net::ERR_INTERNET_DISCONNECTED', { errno: 600001 })
}

export const network = {
  getNetworkType: api('getNetworkType', () => ({ networkType: type, signalStrength: 4, hasSystemProxy: false })),
  onNetworkStatusChange: (listener: (status: NetworkStatus) => void) => networkChanged.on(listener),
  offNetworkStatusChange: (listener?: (status: NetworkStatus) => void) => networkChanged.off(listener),
  onNetworkWeakChange: () => undefined,
  offNetworkWeakChange: () => undefined,
}
