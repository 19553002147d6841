/** What the wall shows, kept fresh for days: who watches, when it was last heard of, whether that is too long ago. */
import { computed, onBeforeUnmount, ref, shallowRef, watch } from 'vue'
import type { Agent, User, Wall } from '@/im'
import { problemOf } from '@/stores/problems'
import { useChat } from '@/stores/chat'
import { useNow } from '@/stores/now'

/** The server says something every 15 s at least. */
export const STALE_MS = 45_000

export type Freshness = 'connecting' | 'live' | 'offline' | 'stale'

export function useWall(shopId: () => string) {
  const chat = useChat()
  const now = useNow()
  const wall = shallowRef<Wall>()
  const agents = shallowRef<Map<string, Agent>>(new Map())
  const users = shallowRef<Map<string, User>>(new Map())
  const problem = ref('')
  const heardAt = ref(0)
  /** How far this clock is from the server's: screens on walls are often set wrong. */
  const ahead = ref(0)
  let stop = () => {}

  const freshness = computed<Freshness>(() => {
    if (heardAt.value && now.second - heardAt.value > STALE_MS) return 'stale'
    if (chat.connection !== 'online') return wall.value ? 'offline' : 'connecting'
    return wall.value ? 'live' : 'connecting'
  })
  const serverNow = computed(() => now.second - ahead.value)
  const silentMs = computed(() => (heardAt.value ? now.second - heardAt.value : 0))

  function begin(id: string): void {
    stop()
    wall.value = undefined
    stop = chat.client().watchWall(id, {
      wall: (next) => {
        wall.value = next
        heardAt.value = Date.now()
        ahead.value = heardAt.value - next.at
        problem.value = ''
      },
      agents: (changed, named) => {
        agents.value = new Map([...agents.value, ...changed.map((agent): [string, Agent] => [agent.user_id, agent])])
        users.value = new Map([...users.value, ...named.map((user): [string, User] => [user.id, user])])
      },
      failed: (error) => (problem.value = problemOf(error)),
    })
  }

  watch([() => chat.ready, shopId], ([ready, id]) => ready && id && begin(id), { immediate: true })
  onBeforeUnmount(() => stop())

  return { wall, agents, users, problem, freshness, serverNow, silentMs }
}
