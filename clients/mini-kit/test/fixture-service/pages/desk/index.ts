import { kit } from '@chaguan/mini-kit'
import type { Client, Service } from '@chaguan/sdk'
import { FakeClient, gallery } from '../../../fixture/fake'
import { wear } from '../../../fixture/wear'

const held = { id: 'k', conversation_id: 'c1', shop_id: 's', customer_id: 'me' }
const agent = { id: 'mei', kind: 'staff', name: '小梅' } as const
const waiting = { conversation_id: 'c1', case_id: 'k', position: 3, expected_ms: 240_000, at: 1 }

const STATES: Record<string, () => Service> = {
  waiting: () => ({ conversation_id: 'c1', waiting, case: { ...held, status: 'waiting' } }),
  agent: () => ({
    conversation_id: 'c1',
    waiting: { conversation_id: 'c1' },
    agent,
    case: { ...held, status: 'open', agent_id: 'mei' },
  }),
  ended: () => ({
    conversation_id: 'c1',
    waiting: { conversation_id: 'c1' },
    agent,
    case: { ...held, status: 'resolved', outcome: 'resolved', agent_id: 'mei' },
    can_reopen: true,
    invitation: {
      case_id: 'k',
      until: Date.now() + 3_600_000,
      reasons: [
        { id: 'solved', texts: { 'zh-CN': '问题解决了', en: 'Problem solved' }, least: 4, most: 5 },
        { id: 'fast', texts: { 'zh-CN': '回复很快', en: 'Quick replies' }, least: 4, most: 5 },
        { id: 'friendly', texts: { 'zh-CN': '态度亲切', en: 'Friendly' }, least: 4, most: 5 },
        { id: 'expert', texts: { 'zh-CN': '很专业', en: 'Knew the answer' }, least: 4, most: 5 },
        { id: 'slow', texts: { 'zh-CN': '回复太慢', en: 'Slow replies' }, least: 1, most: 3 },
      ],
    },
  }),
}

const suggested = (question: string, answer: string) => ({ entry_id: question, question, answer, language: '' })
const SUGGESTED = {
  'zh-CN': {
    answers: [
      suggested('退款多久到账？', '退款会在三个工作日内原路退回；用储值卡付的，退回卡里。'),
      suggested('退货的运费谁出？', '质量问题由我们承担。'),
    ],
    human: '转人工',
  },
  en: {
    answers: [
      suggested('How long does a refund take?', 'Within three working days, by the way you paid.'),
      suggested('Who pays for sending something back, and how is the parcel picked up?', 'We do, if it is faulty.'),
    ],
    human: 'Talk to a person',
  },
}

/** A client whose consultation stands as the test says. */
class AtDesk extends FakeClient {
  private readonly service: Service
  private hear: (push: unknown) => void = () => undefined

  constructor(state: string) {
    super(gallery(), state === 'typing' ? 'service' : 'direct')
    this.service = (STATES[state] ?? STATES['waiting']!)()
    const conversation = { conversation: { id: 'c1' } }
    Object.assign(this.conversations, { openService: () => Promise.resolve(conversation) })
  }

  online(): Promise<void> {
    return Promise.resolve()
  }

  override on(name: string, listener: (payload: never) => void): () => void {
    if (name === 'push') this.hear = listener as (push: unknown) => void
    return super.on(name, listener as never)
  }

  override command(command: { type: string; stars?: number }): Promise<unknown> {
    this.commands.push({ ...command })
    if (command.type === 'get_service') return Promise.resolve(this.service)
    if (command.type === 'rate_case') return Promise.resolve({ case_id: 'k', stars: command.stars })
    if (command.type === 'suggest_answers') return Promise.resolve(SUGGESTED[kit.language])
    if (command.type === 'leave_message') return Promise.resolve({ case_id: 'k', due_at: 1 })
    return Promise.resolve({ case: this.service.case })
  }

  moved(position: number, expected_ms: number, at: number): void {
    this.hear({ type: 'waiting_moved', waiting: { ...waiting, position, expected_ms, at } })
  }
}

let client: AtDesk | null = null

Page({
  onLoad(query: { language?: string; state?: string }) {
    kit.setLanguage(query.language === 'en' ? 'en' : 'zh-CN')
    client = new AtDesk(query.state ?? '')
    kit.use(client as unknown as Client, { endpoint: '' })
  },
  /** For the test: the queue moves on. */
  moved(to: { position: number; expected_ms: number; at: number }) {
    client?.moved(to.position, to.expected_ms, to.at)
  },
  asked: () => client?.commands ?? [],
  wear,
})
