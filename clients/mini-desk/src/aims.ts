import type { Agent, Case } from '@chaguan/sdk'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import type { Seat } from './seat'
import { spanText } from './timer'
import { wordsOf } from './words'

/** Somebody or some queue that a case can be passed on to, as the view gets it. */
export interface Aim {
  key: string
  name: string
  note: string
  avatar: string
  seed: string
  state: string
  stateWord: string
  /** The server passes nothing on to who is not there, or has no room. */
  off: boolean
}

const MINUTE_MS = 60_000
const free = ({ load = 0, capacity = 0 }: Agent) => capacity - load

const isOff = (agent: Agent) =>
  agent.state === undefined || agent.state === 'away' || agent.state === 'offline' || free(agent) <= 0

/** Colleagues, those who can take it first; not who has it already. */
export function colleagues(seat: Seat, one: Case): Aim[] {
  const words = wordsOf(kit.language)
  return (seat.desk?.agents() ?? [])
    .filter(({ user_id }) => user_id !== one.agent_id)
    .slice()
    .sort((a, b) => Number(isOff(a)) - Number(isOff(b)) || free(b) - free(a))
    .map((agent) => {
      const user = seat.client?.users.find(agent.user_id)
      const state = agent.state ?? 'offline'
      return {
        key: `agent:${agent.user_id}`,
        name: user?.name || words.someone,
        note: fill(words.load, { load: agent.load ?? 0, of: agent.capacity ?? 0 }),
        avatar: kit.link(user?.avatar),
        seed: agent.user_id,
        state,
        stateWord: words[state],
        off: isOff(agent),
      }
    })
}

/** Queues of its shop; not the one it waits in. */
export function queueAims(seat: Seat, one: Case): Aim[] {
  return seat
    .queues()
    .filter(({ shop_id }) => shop_id === one.shop_id)
    .filter(({ id }) => one.status === 'open' || id !== one.queue_id)
    .map(({ id, name }) => ({
      key: `queue:${id}`,
      name,
      note: waits(seat, id),
      avatar: '',
      seed: '',
      state: '',
      stateWord: '',
      off: false,
    }))
}

function waits(seat: Seat, queueId: string): string {
  const words = wordsOf(kit.language)
  const { waiting: n = 0, expected_ms = -1 } = seat.desk?.line(queueId) ?? {}
  if (expected_ms <= 0) return fill(words.queueWaiting, { n })
  const time = spanText(Math.ceil(expected_ms / MINUTE_MS) * MINUTE_MS, words)
  return fill(words.queueWaitingTime, { n, time })
}

export function targetOf(key: string): { agentId: string } | { queueId: string } {
  const at = key.indexOf(':')
  const id = key.slice(at + 1)
  return key.slice(0, at) === 'agent' ? { agentId: id } : { queueId: id }
}
