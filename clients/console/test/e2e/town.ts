/** The people and talks that the mock server starts with: a small tea house on an ordinary afternoon. */
import type { Content } from '@chaguan/protocol'
import { type Model, ModelServer } from '@chaguan/sdk/testing'
import { randomUUID } from 'node:crypto'

export const ME = 'u-lin'
export const LONG = 'g-long'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export class Town {
  readonly server = new ModelServer()
  private command = 0

  constructor(readonly now = Date.now()) {
    this.people()
    this.talks()
    this.customers()
  }

  get model(): Model {
    return this.server.model
  }

  /** The model's clock goes by ticks; the town lives at real times. */
  private at(ms: number): void {
    ;(this.model as unknown as { clock: number }).clock = ms
  }

  say(
    who: string,
    where: string,
    content: Content | string,
    ago: number,
    more: { quote_seq?: number; mentions?: string[] } = {},
  ): number {
    this.at(this.now - ago)
    const said: Content = typeof content === 'string' ? { type: 'text', text: content } : content
    const key = randomUUID()
    const sent = this.model.send(who, {
      type: 'send_message',
      id: ++this.command,
      conversation_id: where,
      client_msg_id: key,
      content: said,
      ...more,
    }) as { seq: number }
    return sent.seq
  }

  react(who: string, where: string, seq: number, emoji: string): void {
    const command = {
      type: 'set_reaction',
      id: ++this.command,
      conversation_id: where,
      client_msg_id: randomUUID(),
      target_seq: seq,
      emoji,
      on: true,
    } as const
    this.model.changeMessage(who, command)
  }

  recall(who: string, where: string, seq: number): void {
    const command = {
      type: 'recall_message',
      id: ++this.command,
      conversation_id: where,
      client_msg_id: randomUUID(),
      target_seq: seq,
    } as const
    this.model.changeMessage(who, command)
  }

  private people(): void {
    const staff = {
      [ME]: '林晚秋',
      'u-chen': '陈一舟',
      'u-zhou': '周明远',
      'u-su': '苏荔',
      'u-may': 'May Lee',
      'u-he': '何田',
    }
    for (const [id, name] of Object.entries(staff)) this.model.addUser(id, 'staff', name)
    const customers = { 'c-ye': '叶小满', 'c-gu': '顾长安', 'c-tang': '唐棠', 'c-ming': '明前', 'c-anna': 'Anna K.' }
    for (const [id, name] of Object.entries(customers)) this.model.addUser(id, 'customer', name)
  }

  private talks(): void {
    this.at(this.now - 20 * DAY)
    const spring = this.model.create(
      'group',
      ['u-chen', ME, 'u-zhou', 'u-su', 'u-may'],
      { id: 'g-spring', name: '春茶上新' },
      true,
    )
    this.say('u-chen', spring, '明前龙井今早到仓了,一共 240 罐,先拍照再上架。', DAY + 3 * HOUR)
    this.say('u-su', spring, '我下午两点去拍,需要一套白瓷盖碗。', DAY + 3 * HOUR - 4 * MINUTE)
    const leaf = this.say('u-su', spring, { type: 'image', media_id: 'leaf', width: 900, height: 640 }, 5 * HOUR)
    this.say('u-su', spring, '样片,光线可以吗?', 5 * HOUR - MINUTE)
    this.say(ME, spring, '很好看,主图就用这张吧。', 5 * HOUR - 3 * MINUTE, { quote_seq: leaf })
    const price = this.say('u-zhou', spring, '定价表更新了,大家看一下第二页。', 3 * HOUR)
    this.say(
      'u-zhou',
      spring,
      { type: 'file', media_id: 'price', name: '2026春茶定价表_v3.xlsx', size: 86_432 },
      3 * HOUR - 10_000,
    )
    this.react(ME, spring, leaf, '🍵')
    this.react('u-chen', spring, leaf, '🍵')
    this.react('u-may', spring, price, '👍')
    this.recall('u-may', spring, this.say('u-may', spring, 'wrong window', 2 * HOUR))
    this.say(
      'u-may',
      spring,
      'English copy is in the shared folder: https://docs.example.com/spring-tea',
      2 * HOUR - MINUTE,
    )
    this.say('u-chen', spring, '@林晚秋 客服话术里把「包邮门槛」改成 88 元,谢谢', 12 * MINUTE, { mentions: [ME] })
    this.say('u-chen', spring, { type: 'voice', media_id: 'note', duration_ms: 9_400, waveform: wave() }, 11 * MINUTE)

    this.at(this.now - 10 * DAY)
    const zhou = this.model.create('direct', [ME, 'u-zhou'], { id: 'd-zhou' })
    this.say('u-zhou', zhou, '晚班我替你,你周五早点走。', 26 * HOUR)
    this.say(ME, zhou, '太好了,回头请你喝茶 🍵', 26 * HOUR - MINUTE)
    this.model.mark('u-zhou', zhou, 2)
    const may = this.model.create('direct', [ME, 'u-may'], { id: 'd-may' })
    this.say(ME, may, 'Could you check the wording of the shipping page?', 50 * HOUR)
    this.say('u-may', may, 'Done. Two small changes, see the last paragraph.', 49 * HOUR)
    const night = this.model.create('group', ['u-zhou', ME, 'u-he'], { id: 'g-night', name: '晚班交接' })
    this.say('u-he', night, '三号柜的封口机又卡了,明早报修。', 9 * HOUR)
    this.long()
    this.model.updateInbox(ME, { type: 'update_inbox', id: 0, conversation_id: spring, pinned: true })
    this.model.updateInbox(ME, { type: 'update_inbox', id: 0, conversation_id: night, muted: true })
    this.model.mark(ME, zhou, 2)
    this.model.mark(ME, may, 2)
    this.model.mark(ME, spring, 11)
  }

  /** Ten thousand messages, for the window of the list. */
  private long(): void {
    this.at(this.now - 30 * DAY)
    const id = this.model.create('group', ['u-he', ME, 'u-su'], { id: LONG, name: '仓库流水' }, true)
    const people = ['u-he', 'u-su', ME]
    for (let i = 1; i <= 10_000; i += 1) {
      const extra = i % 7 === 0 ? ',箱号与面单已核对,外箱有轻微压痕但不影响,照片稍后补到流水表里。' : ''
      this.say(people[Math.floor(i / 3) % 3]!, id, `第 ${i} 件出库${extra}`, 29 * DAY - i * 4 * MINUTE)
    }
    this.model.mark(ME, id, 10_000)
  }

  private customers(): void {
    this.service('c-gu', { page: '/pages/product/product?id=longjing', product_id: 'longjing' }, 30 * MINUTE)
    const mine = 's-c-gu'
    this.say('c-gu', mine, '你好,想送长辈,龙井和白茶哪个合适?', 26 * MINUTE)
    this.take(mine, ME, 25 * MINUTE)
    this.say(ME, mine, '您好!长辈平时喝得淡还是浓呢?肠胃偏寒的话,更推荐三年以上的白茶,温和不刺激。', 24 * MINUTE)
    this.say('c-gu', mine, '喝得淡,晚上也会喝一点', 22 * MINUTE)
    this.say(ME, mine, card(), 21 * MINUTE)
    this.say('c-gu', mine, '这个不错,有礼盒吗', 3 * MINUTE)
    this.say('c-gu', mine, { type: 'image', media_id: 'box', width: 640, height: 800 }, 2 * MINUTE)
    this.service('c-ye', { page: '/pages/order/order?id=20260322', product_id: 'order-20260322' }, 7 * MINUTE)
    this.say('c-ye', 's-c-ye', '我的订单显示已发货,但是物流两天没更新了', 6 * MINUTE)
    this.say('c-ye', 's-c-ye', '麻烦帮我查一下', 5.5 * MINUTE)
    this.service('c-anna', { page: '/pages/index/index' }, 2 * MINUTE)
    this.say('c-anna', 's-c-anna', 'Hi, do you ship to Singapore?', 50_000)
    this.service('c-tang', { page: '/pages/cart/cart' }, 40 * MINUTE)
    this.say('c-tang', 's-c-tang', '优惠券用不了', 38 * MINUTE)
    this.take('s-c-tang', 'u-zhou', 37 * MINUTE)
    this.say('u-zhou', 's-c-tang', '我看一下您的购物车,稍等。', 36 * MINUTE)
  }

  service(customer: string, context: Record<string, unknown>, ago: number): void {
    this.at(this.now - ago)
    const id = `s-${customer}`
    const staff = [ME, 'u-zhou']
    this.model.create('service', [customer, ...staff], { id, shop_id: 'shop', customer_id: customer })
    const place = this.model.places.get(id)!
    place.case = {
      id: `case-${customer}`,
      conversation_id: id,
      shop_id: 'shop',
      customer_id: customer,
      status: 'resolved',
      context,
      opened_at: this.now - ago,
    }
  }

  private take(conversation: string, agent: string, ago: number): void {
    this.at(this.now - ago)
    const case_id = this.model.places.get(conversation)!.case!.id
    this.model.changeCase(agent, { type: 'take_case', id: ++this.command, case_id })
  }
}

function wave(): number[] {
  return Array.from({ length: 48 }, (_, i) => Math.round(28 + 60 * Math.abs(Math.sin(i * 0.55) * Math.cos(i * 0.13))))
}

function card(): Content {
  return {
    type: 'card',
    title: '福鼎老白茶 · 寿眉 2019',
    object_type: 'product',
    object_id: 'shoumei',
    lines: [
      { label: '规格', value: '200 g 礼盒装' },
      { label: '价格', value: '¥168.00' },
      { label: '口感', value: '枣香温润,耐泡' },
    ],
    actions: [{ id: 'open', label: '查看商品', page: '/pages/product/product?id=shoumei' }],
    fallback: '福鼎老白茶',
  }
}

export const BUSINESS = {
  profile: { 会员: '金叶会员', 积分: 2360, 常购: '绿茶、白茶' },
  cart: [
    { title: '明前龙井 50 g', quantity: 2, price: 25_600 },
    { title: '福鼎老白茶礼盒', quantity: 1, price: 16_800 },
  ],
  orders: [
    { title: '茉莉银针 100 g', status: '已完成', note: '3 月 2 日', amount: 8_800 },
    { title: '白瓷盖碗套装', status: '已发货', note: '3 月 18 日', amount: 12_900 },
  ],
  sections: [{ title: '备注', rows: [{ label: '偏好', value: '淡口,忌浓香型' }] }],
}
