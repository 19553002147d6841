import { kit, type Language } from '@chaguan/mini-kit'
import { readConfig } from './config'

const zh = {
  shop: '云岫茶铺', slogan: '云出山岫，春在壶中', home: '首页', messages: '消息', cart: '购物车', me: '我的',
  hero: '明前春茶', heroLine: '云雾深处，一芽一叶', heroGo: '去看看', season: '时令好茶', all: '全部', more: '查看全部',
  askTitle: '不知道喝什么？', askLine: '茶师在线，陪你挑一款合口味的', ask: '问问茶师', sold: '已售 {n}',
  green: '绿茶', oolong: '乌龙', black: '红茶', white: '白茶', dark: '普洱', scented: '花茶', ware: '茶器',
  origin: '产地', spec: '规格', quantity: '数量', story: '关于这款茶', service: '联系客服', addCart: '加入购物车', buy: '立即购买',
  brewTitle: '冲泡', added: '已加入购物车', emptyCart: '购物车还是空的', emptyCartLine: '挑一款茶，慢慢喝', goShopping: '去逛逛',
  total: '合计', checkout: '结算', remove: '移除', ordered: '下单成功', orders: '我的订单', allOrders: '全部订单',
  paid: '待发货', shipped: '待收货', done: '已完成', order: '订单详情', orderNo: '订单号', orderedAt: '下单时间', pay: '实付',
  noOrders: '还没有订单', noOrdersLine: '下单后在这里查看进度', askOrder: '咨询这笔订单', pieces: '共 {n} 件',
  failed: '网络不太顺', failedLine: '请检查网络后再试', retry: '再试一次', language: 'English', languageLabel: '语言',
  textSize: '聊天字号', normalText: '标准', largeText: '大字',
  guest: '茶友', welcome: '欢迎来喝茶', contact: '联系客服', contactLine: '每天 9:00–22:00', about: '关于我们', devices: '登录设备',
  devicesLine: '本机', version: '版本', paidLine: '掌柜正在备货，48 小时内发出', shippedLine: '包裹在路上了', doneLine: '愿这杯茶合你心意',
  orderTag: '发送订单', productTag: '发送商品', from: '起', chat: '在线客服', opening: '正在接通客服…', chatFailed: '暂时接不通客服',
  minus: '减一件', plus: '加一件', staff: '接待台', staffDoor: '店铺员工', staffDoorLine: '接待顾客',
  pages: { home: '首页', me: '我的', messages: '消息', order: '订单详情', product: '商品详情' } as Record<string, string>,
}

export type Texts = typeof zh

const en: Texts = {
  shop: 'Yunxiu Tea', slogan: 'From the mountain clouds to your cup', home: 'Home', messages: 'Chats', cart: 'Cart', me: 'Me',
  hero: 'Spring tea', heroLine: 'From deep in the mist, one bud, one leaf', heroGo: 'See it', season: 'In season', all: 'All', more: 'See all',
  askTitle: 'Not sure what to drink?', askLine: 'Our tea masters help you find the one', ask: 'Ask us', sold: '{n} sold',
  green: 'Green', oolong: 'Oolong', black: 'Black', white: 'White', dark: "Pu'er", scented: 'Scented', ware: 'Teaware',
  origin: 'Origin', spec: 'Size', quantity: 'Quantity', story: 'About it', service: 'Chat', addCart: 'Add to cart', buy: 'Buy now',
  brewTitle: 'Brewing', added: 'In your cart', emptyCart: 'Your cart is empty', emptyCartLine: 'Pick a tea and take your time', goShopping: 'Browse teas',
  total: 'Total', checkout: 'Check out', remove: 'Remove', ordered: 'Order placed', orders: 'My orders', allOrders: 'All orders',
  paid: 'To ship', shipped: 'On its way', done: 'Done', order: 'Order', orderNo: 'Number', orderedAt: 'Placed', pay: 'Paid',
  noOrders: 'No orders yet', noOrdersLine: 'Once you order, you follow it here', askOrder: 'Ask about this order', pieces: 'Pieces: {n}',
  failed: 'The network is slow', failedLine: 'Please check it and try again', retry: 'Try again', language: '中文', languageLabel: 'Language',
  textSize: 'Text size in chats', normalText: 'Standard', largeText: 'Large',
  guest: 'Tea friend', welcome: 'Come in for a cup', contact: 'Customer service', contactLine: '9:00 to 22:00, every day', about: 'About us', devices: 'Devices',
  devicesLine: 'This phone', version: 'Version', paidLine: 'We are packing it; it leaves within 48 hours', shippedLine: 'The parcel is on its way', doneLine: 'May this cup suit you',
  orderTag: 'Send order', productTag: 'Send product', from: '+', chat: 'Customer service', opening: 'Connecting you…', chatFailed: 'We cannot be reached right now',
  minus: 'One less', plus: 'One more', staff: 'Desk', staffDoor: 'For staff', staffDoorLine: 'Answer customers',
  pages: { home: 'Home', me: 'Me', messages: 'Chats', order: 'Order', product: 'Product' },
}

const KEPT = 'tea-shop:language'

interface Choice {
  language: Language
  /** The phone's language when the choice was made: once that is another, the shop speaks it again. */
  phone: string
}

export function restoreLanguage(): void {
  const kept = wx.getStorageSync<Choice | ''>(KEPT)
  if (kept && kept.phone === wx.getAppBaseInfo().language) kit.setLanguage(kept.language)
}

export function switchLanguage(): void {
  const language: Language = kit.language === 'en' ? 'zh-CN' : 'en'
  kit.setLanguage(language)
  wx.setStorageSync(KEPT, { language, phone: wx.getAppBaseInfo().language })
}

/** How the customer is called until they say it themselves. */
export function customerName(): string {
  return readConfig().customer?.name || texts().guest
}

export function texts(): Texts {
  return kit.language === 'en' ? en : zh
}

/** Which of a product's texts to show. */
export function pick(text: { zh: string; en: string }): string {
  return kit.language === 'en' ? text.en : text.zh
}

export function fill(text: string, n: number | string): string {
  return text.replace('{n}', String(n))
}
