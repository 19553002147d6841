/** What a new password must be before it is worth asking the server. */
import { i18n } from '@/i18n'

export const MIN_PASSWORD = 10

export function passwordProblem(password: string, again: string): string {
  if ([...password].length < MIN_PASSWORD) return i18n.global.t('invite.short')
  return password === again ? '' : i18n.global.t('invite.mismatch')
}
