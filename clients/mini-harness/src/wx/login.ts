// Identity, consent and payment, as far as a stand-in can answer for the user.
import { config } from '../runtime/settings'
import { api, Refusal } from './api'

const randomCode = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const login = api('login', async () => {
  if (!config.loginUrl) return { code: `harness-${randomCode()}` }
  const response = await fetch(config.loginUrl, { credentials: 'omit' })
  const { code } = (await response.json()) as { code?: string }
  if (!response.ok || !code) throw new Refusal(`login service answered ${response.status}`)
  return { code }
})

const requestPayment = api('requestPayment', () => {
  if (config.payment !== 'ok') throw new Refusal(config.payment === 'cancel' ? 'cancel' : '此环境不支持支付')
})

const requestSubscribeMessage = api('requestSubscribeMessage', ({ tmplIds }: { tmplIds: string[] }) => {
  if (!Array.isArray(tmplIds) || tmplIds.length === 0) throw new Refusal("TmplIds can't be empty", { errCode: 10001 })
  if (tmplIds.length > 5) throw new Refusal('Templates count out of max bounds', { errCode: 20003 })
  return Object.fromEntries(tmplIds.map((id) => [id, config.subscribe]))
})

const authorize = api('authorize', ({ scope }: { scope: string }) => {
  if (scope === 'scope.record' && !config.recordPermission) throw new Refusal('auth deny')
})

export const account = {
  login,
  requestPayment,
  requestSubscribeMessage,
  authorize,
  checkSession: api('checkSession', () => undefined),
  getSetting: api('getSetting', () => ({ authSetting: { 'scope.record': config.recordPermission } })),
  openSetting: api('openSetting', () => ({ authSetting: { 'scope.record': config.recordPermission } })),
  getPrivacySetting: api('getPrivacySetting', () => ({
    needAuthorization: false,
    privacyContractName: '《小程序用户隐私保护指引》',
  })),
  requirePrivacyAuthorize: api('requirePrivacyAuthorize', () => undefined),
  openPrivacyContract: api('openPrivacyContract', () => undefined),
  onNeedPrivacyAuthorization: () => undefined,
  openCustomerServiceChat: api('openCustomerServiceChat', () => {
    throw new Refusal('not supported here')
  }),
  navigateToMiniProgram: api('navigateToMiniProgram', () => {
    throw new Refusal('not supported here')
  }),
  makePhoneCall: api('makePhoneCall', () => {
    throw new Refusal('not supported here')
  }),
  getLocation: api('getLocation', () => {
    throw new Refusal('auth deny')
  }),
  chooseLocation: api('chooseLocation', () => {
    if (!config.place) throw new Refusal('cancel')
    return config.place
  }),
  openLocation: api('openLocation', () => undefined),
  scanCode: api('scanCode', () => {
    throw new Refusal('cancel')
  }),
}
