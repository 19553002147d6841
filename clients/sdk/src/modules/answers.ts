import type { SuggestedAnswers } from '@chaguan/protocol'
import type { Client } from '../core/client'

/** How long nothing is typed before it is asked about. */
const IDLE_MS = 350
/** Texts that are shorter say nothing yet, longer ones ask no question of a list. */
const LEAST = 2
const MOST = 300
/** After an error that does not say how long. */
const PAUSE_MS = 10_000

/** Answers of the shop's list for what is being typed into one service conversation. */
export interface Suggester {
  /** What stands in the field now: call it on every key stroke, and with '' once it was sent. */
  typed(text: string): void
  /** Asks and tells no more. */
  stop(): void
}

/**
 * Calls `tell` with the answers that fit what is typed, and with none once they do not fit any more. It asks when nothing
 * was typed for 350 ms, only while online, and not at all where the shop has nothing to suggest. Errors are told to
 * nobody: without suggestions one writes as before.
 */
export function suggestAnswers(
  client: Client,
  conversationId: string,
  tell: (found: SuggestedAnswers) => void,
): Suggester {
  let timer: ReturnType<typeof setTimeout> | undefined
  let current = ''
  let shown = false
  let notBefore = 0

  const show = (found: SuggestedAnswers) => {
    const had = shown
    shown = !!found.answers?.length
    if (had || shown) tell(found)
  }

  const ask = async (text: string): Promise<void> => {
    let found: SuggestedAnswers = {}
    if (client.state === 'online' && Date.now() >= notBefore)
      try {
        const asked = { type: 'suggest_answers', conversation_id: conversationId, text } as const
        found = await client.command<'suggest_answers'>(asked)
        if (found.off) notBefore = Infinity
      } catch (error) {
        notBefore = Date.now() + pauseAfter(error)
      }
    // Something else may stand there by now.
    if (text === current) show(found)
  }

  return {
    typed: (text) => {
      const said = text.trim()
      if (said === current) return
      current = said
      clearTimeout(timer)
      if (said.length < LEAST || said.length > MOST) show({})
      else if (notBefore < Infinity) timer = setTimeout(() => void ask(said), IDLE_MS)
    },
    stop: () => {
      clearTimeout(timer)
      current = ''
      shown = false
      notBefore = Infinity
    },
  }
}

/** What is refused will be refused again: an older server, or nobody's conversation any more. */
function pauseAfter(error: unknown): number {
  // Without the class of errors: it would be carried a second time.
  const { busy, retryAfterMs } = error as { busy?: boolean; retryAfterMs?: number }
  return busy ? retryAfterMs || PAUSE_MS : Infinity
}
