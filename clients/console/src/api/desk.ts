/** How a desk is arranged: queues, agents, hours and texts. Agents may read all of it, administrators change it. */
import type { Agent, Queue, User } from '@chaguan/protocol'
import type { Authorized } from './me'

export type QueueSpec = Omit<Queue, 'id' | 'shop_id'>

/** From and until, in minutes of the day. */
export type Interval = [number, number]

export interface Holiday {
  date: string
  open?: Interval[]
  name?: string
}

export interface Hours {
  timezone?: string
  /** Monday to Sunday; empty: always. */
  week?: Interval[][]
  holidays?: Holiday[]
}

/** Something a customer can tap beside so many stars. */
export interface RatingReason {
  id: string
  texts: Record<string, string>
  least?: number
  most?: number
}

/** Whether and how customers are asked how it was; without reasons the server offers its own. */
export interface RatingSettings {
  on?: boolean
  outcomes?: string[]
  window_s?: number
  reasons?: RatingReason[]
}

/** Times in seconds, 0: never. Any field may be missing when it is as the server has it by itself. */
export interface DeskSettings {
  hours?: Hours
  idle_s?: number
  reassign_s?: number
  reopen_s?: number
  abandon_s?: number
  out_of_hours?: Record<string, string>
  ratings?: RatingSettings
}

export interface AgentChange {
  capacity?: number
  skills?: string[]
  languages?: string[]
}

const path = encodeURIComponent

export function deskApi(call: Authorized) {
  const shop = (id: string) => `/v1/admin/shops/${path(id)}`
  return {
    queues: (shopId: string) => call<{ queues: Queue[] }>('GET', `${shop(shopId)}/queues`).then(({ queues }) => queues),
    createQueue: (shopId: string, spec: QueueSpec) => call<Queue>('POST', `${shop(shopId)}/queues`, spec),
    changeQueue: (shopId: string, id: string, spec: QueueSpec) =>
      call<Queue>('PUT', `${shop(shopId)}/queues/${path(id)}`, spec),
    removeQueue: (shopId: string, id: string) => call<void>('DELETE', `${shop(shopId)}/queues/${path(id)}`),
    settings: (shopId: string) => call<DeskSettings>('GET', `${shop(shopId)}/desk`),
    changeSettings: (shopId: string, settings: DeskSettings) =>
      call<DeskSettings>('PUT', `${shop(shopId)}/desk`, settings),
    agents: () => call<{ agents: Agent[]; users: User[] }>('GET', '/v1/admin/agents'),
    changeAgent: (id: string, change: AgentChange) => call<Agent>('PATCH', `/v1/admin/agents/${path(id)}`, change),
  }
}
