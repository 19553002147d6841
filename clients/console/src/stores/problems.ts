/** Any error as the sentence a person reads. It comes from the code, never from a developer's detail. */
import { ElMessage } from 'element-plus'
import { i18n } from '@/i18n'

const KNOWN = new Set([
  'bad_request',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'rate_limited',
  'unavailable',
  'timeout',
  'internal',
  'network',
])

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && KNOWN.has(code) ? code : ''
}

/** Does it, and says so if it failed. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    ElMessage.error(problemOf(error))
  }
}

export function problemOf(error: unknown): string {
  const code = codeOf(error)
  // An error without a code is our own mistake: the console of the browser shall show it whole.
  if (!code) console.error(error)
  return i18n.global.t(`error.${code || 'internal'}`)
}
