// button with its open-types, and navigator.
import { tellParent } from '../harness'
import { tap } from '../gestures'
import { define, keyboardOperable, onTap, type Host } from './define'

type Props = {
  type: string
  size: string
  plain: boolean
  disabled: boolean
  loading: boolean
  formType: string
  openType: string
  hoverClass: string
  sessionFrom: string
  businessId: string
}

const phoneCode = () => Math.random().toString(36).slice(2).padEnd(16, '0')

/** What the phone would do on its own: the event a test or program waits for, without the phone's dialog. */
const OPEN_TYPES: Record<string, (host: Host<Props>) => void | Promise<void>> = {
  contact(host) {
    tellParent({ type: 'contact', sessionFrom: host.props.sessionFrom })
    host.emit('contact', { errMsg: 'enterContact:ok', path: '', query: {} })
  },
  getPhoneNumber: (host) => host.emit('getphonenumber', { errMsg: 'getPhoneNumber:ok', code: phoneCode() }),
  getRealtimePhoneNumber: (host) =>
    host.emit('getrealtimephonenumber', { errMsg: 'getRealtimePhoneNumber:ok', code: phoneCode() }),
  agreePrivacyAuthorization: (host) =>
    host.emit('agreeprivacyauthorization', { errMsg: 'agreePrivacyAuthorization:ok' }),
  openSetting: (host) => host.emit('opensetting', { errMsg: 'openSetting:ok', authSetting: {} }),
  getUserInfo: (host) =>
    host.emit('getuserinfo', { errMsg: 'getUserInfo:ok', userInfo: { nickName: '微信用户', avatarUrl: '' } }),
  feedback: () => undefined,
  share: () => tellParent({ type: 'share' }),
  async chooseAvatar(host) {
    const { wx } = globalThis as unknown as {
      wx: { chooseImage(options: object): Promise<{ tempFilePaths: string[] }> }
    }
    const chosen = await wx.chooseImage({ count: 1 }).catch(() => undefined)
    if (chosen) host.emit('chooseavatar', { avatarUrl: chosen.tempFilePaths[0] })
  },
}

function actOnTap(host: Host<Props>, event: Event): void {
  const { disabled, loading, formType, openType } = host.props
  if (disabled || loading) {
    if (disabled) event.stopPropagation()
    return
  }
  if (formType) host.dom.closest('wx-form')?.dispatchEvent(new CustomEvent(`mp:${formType}`, { detail: host.dom }))
  void OPEN_TYPES[openType]?.(host)
}

function mountButton(host: Host<Props>) {
  const { dom } = host
  const draw = () => {
    const { type, size, plain, disabled, loading, hoverClass } = host.props
    dom.setAttribute('type', type)
    dom.setAttribute('size', size)
    for (const [name, on] of Object.entries({ plain, disabled, loading })) dom.toggleAttribute(name, on)
    dom.setAttribute('aria-disabled', String(disabled))
    dom.setAttribute('hover-class', hoverClass)
  }
  draw()
  keyboardOperable(dom, 'button', () => dom.__wxElement && tap(dom.__wxElement, dom))
  onTap(dom, (event) => actOnTap(host, event))
  return { changed: draw }
}

const text = (value: string) => ({ type: String, value })
const buttonProperties = {
  type: text('default'),
  size: text('default'),
  plain: Boolean,
  disabled: Boolean,
  loading: Boolean,
  formType: String,
  openType: String,
  hoverClass: text('button-hover'),
  hoverStopPropagation: Boolean,
  hoverStartTime: Number,
  hoverStayTime: Number,
  lang: String,
  sessionFrom: String,
  sendMessageTitle: String,
  sendMessagePath: String,
  sendMessageImg: String,
  showMessageCard: Boolean,
  appParameter: String,
  businessId: String,
  phoneNumberNoQuotaToast: Boolean,
  activityType: Number,
  entrancePath: String,
  needShowEntrance: Boolean,
  createLiveActivity: Boolean,
  originalId: String,
  groupId: String,
  guildId: String,
  publicId: String,
}

type NavigatorProps = { url: string; openType: string; delta: number; hoverClass: string; target: string }

function mountNavigator(host: Host<NavigatorProps>) {
  const { dom } = host
  dom.setAttribute('hover-class', host.props.hoverClass)
  const go = () => {
    const { openType, url, delta } = host.props
    const name = openType === 'navigate' ? 'navigateTo' : openType === 'redirect' ? 'redirectTo' : openType
    const { wx } = globalThis as unknown as { wx: Record<string, (options: object) => unknown> }
    wx[name]?.({
      url,
      delta,
      fail: ({ errMsg }: { errMsg: string }) => host.emit('fail', { errMsg }),
      success: () => host.emit('success'),
    })
  }
  keyboardOperable(dom, 'link', () => dom.__wxElement && tap(dom.__wxElement, dom))
  onTap(dom, go)
}

export function defineButtons(): void {
  define<Props>('button', { properties: buttonProperties, mount: mountButton })
  define<NavigatorProps>('navigator', {
    properties: {
      url: String,
      openType: text('navigate'),
      delta: { type: Number, value: 1 },
      hoverClass: text('navigator-hover'),
      target: String,
      appId: String,
      path: String,
    },
    mount: mountNavigator,
  })
}
