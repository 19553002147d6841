import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { codeOf, dataOf, seat } from './seat'
import type { Words } from './words'
import { wordsOf } from './words'

const number = (value: unknown) => (typeof value === 'number' ? value : 0)
const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Why the desk could not be opened. */
export function openFailure(code: string, words: Words): string {
  return code === 'forbidden' ? words.notAgent : words.noNetwork
}

/** Why nobody is signed in any more; empty where they went by themselves. */
export function goneReason(reason: string, words: Words): string {
  switch (reason) {
    case '':
    case 'signed_out':
      return ''
    case 'disabled':
      return words.outDisabled
    case 'revoked':
      return words.outRevoked
    case 'password_changed':
      return words.outPassword
    default:
      return words.outOver
  }
}

/** What to tell who could not sign in; `asksCode`: the second factor is wanted, and nothing went wrong. */
export function signInFailure(error: unknown, words: Words): { asksCode: boolean; problem: string } {
  const reason = text(dataOf(error)['reason'])
  if (reason === 'totp_required') return { asksCode: true, problem: '' }
  if (reason === 'totp_wrong') return { asksCode: true, problem: words.totpWrong }
  const code = codeOf(error)
  const told: Record<string, string> = {
    unauthenticated: words.wrong,
    bad_request: words.wrong,
    rate_limited: words.tooOften,
    forbidden: words.disabled,
    must_change_password: words.changeFirst,
    unavailable: words.noNetwork,
    timeout: words.noNetwork,
  }
  return { asksCode: false, problem: told[code] ?? words.failed }
}

/** A colleague who was faster is no error: one quiet line. */
export function refusalText(error: unknown): string {
  const words = wordsOf(kit.language)
  const data = dataOf(error)
  const name = seat.nameOf(text(data['agent_id'])) || words.someone
  const places = { load: number(data['load']), of: number(data['capacity']) }
  const code = codeOf(error)
  if (code === 'forbidden') return words.forbidden
  if (code !== 'conflict') return code === 'unavailable' || code === 'timeout' ? words.noNetwork : words.failed
  if (data['reason'] === 'agent_gone') return fill(words.goneAgent, { name })
  if (data['reason'] === 'no_place') return fill(words.noPlace, places)
  if (data['agent_id']) return fill(words.takenBy, { name })
  return data['case_id'] ? words.another : words.changed
}

/** How full I am, where that is why I was refused. */
export function fullness(error: unknown): { load: number; of: number } | null {
  const data = dataOf(error)
  if (codeOf(error) !== 'conflict' || data['reason'] !== 'no_place') return null
  return { load: number(data['load']), of: number(data['capacity']) }
}
