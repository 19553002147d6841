/** What became of a call, in words. A reason of a newer server is shown as it is, with the vendor's number. */
import type { Tried } from '@/api/notify'
import { i18n } from '@/i18n'

export function outcome(tried: Tried): string {
  const { t, te } = i18n.global
  const state = tried.state ?? ''
  if (!state) return t('notify.state.never')
  const said = te(`notify.state.${state}`) ? t(`notify.state.${state}`) : state
  const reason = tried.reason ?? ''
  if (!reason) return said
  const why = te(`notify.reason.${reason}`) ? t(`notify.reason.${reason}`) : reason
  return tried.vendor_code
    ? t('notify.becauseCode', { said, why, code: String(tried.vendor_code) })
    : t('notify.because', { said, why })
}

/** For the colour beside it. */
export function toneOf(tried: Tried): '' | 'brand' | 'amber' | 'danger' {
  switch (tried.state) {
    case 'sent':
      return 'brand'
    case 'waiting':
      return 'amber'
    case 'not_sent':
      return 'danger'
    default:
      return ''
  }
}
