/** What a customer can take up on a card that the server draws: its buttons, and what a tap on one does. */
import type { CardOffer, ChaguanError } from '@chaguan/sdk'
import { kit } from './kit'
import { fill, type Language } from './texts'

const zh = {
  buy: '购买',
  pay: '付款',
  change_address: '修改地址',
  confirm_receipt: '确认收货',
  ask_refund: '申请退款',
  use_coupon: '使用',
  cancel: '取消订单',
  sure: '{action}？',
  address: '新的收货地址',
  why: '想告诉店家的（可不填）',
  yes: '确定',
  no: '返回',
  taken: '已提交给店家',
  late: '卡片已更新，请再看一眼',
  failed: '没有提交，请再试一次',
}

const en: typeof zh = {
  buy: 'Buy',
  pay: 'Pay',
  change_address: 'Change address',
  confirm_receipt: 'Confirm receipt',
  ask_refund: 'Ask for refund',
  use_coupon: 'Use',
  cancel: 'Cancel order',
  sure: '{action}?',
  address: 'The new address',
  why: 'Anything the shop should know',
  yes: 'OK',
  no: 'Back',
  taken: 'The shop has it',
  late: 'The card has changed. Please look again',
  failed: 'Not sent. Please try again',
}

const TEXTS: Record<Language, typeof zh> = { 'zh-CN': zh, en }
const LONGEST = 300
/** Asked about before they are done: a slip would cost something. */
const GRAVE = ['confirm_receipt', 'cancel']
const WRITTEN = ['ask_refund', 'change_address']

export interface OfferButton {
  id: string
  label: string
  page: string
  url: string
  intent: string
}

/** Agents see the card; what is offered on it is their customer's to take. */
export function buttonsOf(offers: readonly CardOffer[] = []): OfferButton[] {
  if (kit.client?.me?.kind !== 'customer') return []
  return offers.map(({ action, label = '', intent = '' }) => ({
    id: action,
    label: wordOf(action) || label || action,
    page: '',
    url: '',
    intent,
  }))
}

const wordOf = (action: string): string => (TEXTS[kit.language] as Record<string, string>)[action] ?? ''

/** The keys of what is on its way or was not answered: tapped again, it is the same tap. */
const keys = new Map<string, string>()
let busy = false

/** Asks back where a slip would cost something, tells the shop, and says how that went. One at a time. */
export async function takeUp(conversationId: string, action: string, intent: string): Promise<void> {
  if (busy) return
  busy = true
  try {
    const text = await confirmed(action)
    if (text !== null) await tell(conversationId, intent, text)
  } finally {
    busy = false
  }
}

/** What the customer wrote with it, perhaps nothing; null: they thought better of it. */
async function confirmed(action: string): Promise<string | null> {
  const texts = TEXTS[kit.language]
  const isWritten = WRITTEN.includes(action)
  if (!isWritten && !GRAVE.includes(action)) return ''
  const { confirm, content } = await wx.showModal({
    title: fill(texts.sure, { action: wordOf(action) }),
    ...(isWritten && { editable: true, placeholderText: action === 'change_address' ? texts.address : texts.why }),
    confirmText: texts.yes,
    cancelText: texts.no,
  })
  const text = isWritten ? (content ?? '').trim().slice(0, LONGEST) : ''
  return confirm && (text || action !== 'change_address') ? text : null
}

async function tell(conversationId: string, intent: string, text: string): Promise<void> {
  const { client } = kit
  if (!client) return
  const texts = TEXTS[kit.language]
  const tap = `${intent} ${text}`
  const key = keys.get(tap) ?? client.newKey()
  keys.set(tap, key)
  try {
    await client.command<'act_on_card'>({
      type: 'act_on_card',
      conversation_id: conversationId,
      client_msg_id: key,
      intent,
      text,
    })
    keys.delete(tap)
    void wx.showToast({ title: texts.taken, icon: 'none' })
  } catch (error) {
    const isLate = (error as Partial<ChaguanError>).code === 'conflict'
    if (isLate) keys.delete(tap)
    void wx.showToast({ title: isLate ? texts.late : texts.failed, icon: 'none' })
  }
}
