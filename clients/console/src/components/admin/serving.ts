/** Who serves a queue, as the server decides it. Pure. */
import type { Agent, Queue } from '@/im'

type Can = Pick<Agent, 'user_id' | 'skills' | 'languages'>

export function serves(agent: Can, queue: Queue): boolean {
  if (queue.agents?.length) return queue.agents.includes(agent.user_id)
  const wanted = queue.match?.languages ?? []
  return (
    (queue.skills ?? []).every((skill) => agent.skills?.includes(skill)) &&
    (wanted.length === 0 || wanted.some((one) => agent.languages?.some((spoken) => speaks(spoken, one))))
  )
}

/** Whether one language tag is the other or a form of it: `zh` and `zh-CN`, in either direction. */
export function speaks(spoken: string, wanted: string): boolean {
  const [a, b] = [spoken.toLowerCase(), wanted.toLowerCase()]
  return a === b || a.startsWith(`${b}-`) || b.startsWith(`${a}-`)
}
