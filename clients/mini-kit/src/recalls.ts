import type { Message } from '@chaguan/sdk'
import { kit } from './kit'

/** What an own text said before it was taken back, for writing it again. */
export interface Recalled {
  text: string
  mentions: string[]
  quoteSeq: number
  /** UTC milliseconds: until then it can be had back. */
  until: number
}

const KEPT_MS = 5 * 60_000

/** Held by this app alone and for as long as it runs: who took something back does not want it stored. */
const kept = new Map<string, Recalled>()

/** Call before the message is taken back: afterwards nobody knows what it said. */
export function keepRecalled({ content, client_msg_id: key, mentions, quote }: Message, now = Date.now()): void {
  forgetLate(now)
  if (content?.type !== 'text') return
  kept.set(key, { text: content.text, mentions: mentions ?? [], quoteSeq: quote?.seq ?? 0, until: now + KEPT_MS })
}

export function findRecalled(key: string, now = Date.now()): Recalled | undefined {
  const found = kept.get(key)
  return found && found.until > now ? found : undefined
}

kit.onForget(() => kept.clear())

function forgetLate(now: number): void {
  kept.forEach(({ until }, key) => until <= now && kept.delete(key))
}
