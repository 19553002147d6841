import type { Case, ConversationView, Message, MessageSent, Queue } from '@chaguan/sdk'
import { unreadOf } from '@chaguan/sdk'
import { bodyOf } from '@chaguan/mini-kit/bodies'
import { draftOf } from '@chaguan/mini-kit/drafts'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { shortText } from '@chaguan/mini-kit/times'
import type { Seat } from './seat'
import { timerOf, type Timer } from './timer'
import { Unanswered } from './unanswered'
import { wordsOf, type Words } from './words'

export type Tab = 'mine' | 'waiting' | 'all'
export const TABS: readonly Tab[] = ['mine', 'waiting', 'all']

/** A case in the list as the view gets it. */
export interface Line {
  id: string
  room: string
  name: string
  subject: string
  avatar: string
  seed: string
  mark: string
  text: string
  where: string
  unread: string
  /** What only signs show, in words. */
  spoken: string
  /** The clock of the last words, where nothing waits for an answer. */
  time: string
  timer: Timer | null
}

interface Found {
  case: Case
  view: ConversationView | undefined
  since: number
}

export function isIn(tab: Tab, one: Case, me: string): boolean {
  if (one.status === 'resolved') return false
  if (tab === 'all') return true
  return tab === 'waiting' ? one.status === 'waiting' : one.status === 'open' && one.agent_id === me
}

const lastAt = ({ case: one, view }: Found) => view?.conversation.last_at ?? one.taken_at ?? one.opened_at ?? 0

/** Who waits longest first, then what is answered, the latest first. */
export function byWait(a: Found, b: Found): number {
  if (a.since && b.since) return a.since - b.since || (a.case.id < b.case.id ? -1 : 1)
  if (a.since || b.since) return b.since - a.since
  return lastAt(b) - lastAt(a) || (a.case.id < b.case.id ? -1 : 1)
}

/** The lists of the desk, and what one case looks like, of who sits at `seat`. */
export class Lines {
  private readonly unanswered: Unanswered

  constructor(private readonly seat: Seat) {
    this.unanswered = new Unanswered((id) =>
      seat.client?.conversations.find(id) ? seat.client.messages.list(id).messages : [],
    )
  }

  /** How many cases each list has. */
  counts(): Record<Tab, number> {
    const cases = this.seat.cases()
    const me = this.seat.me?.id ?? ''
    const count = (tab: Tab) => cases.filter((one) => isIn(tab, one, me)).length
    return { mine: count('mine'), waiting: count('waiting'), all: count('all') }
  }

  list(tab: Tab, now: number): Line[] {
    const me = this.seat.me?.id ?? ''
    const found = this.seat
      .cases()
      .filter((one) => isIn(tab, one, me))
      .map((one) => this.find(one))
    return found.sort(byWait).map((each) => this.line(each, now))
  }

  timer(one: Case, now: number): Timer | null {
    return this.timerAt(this.find(one), now)
  }

  /** Where a case stands: who has it, in which queue, of which shop where there are several. */
  where(one: Case): string {
    const { seat } = this
    const shop = seat.shops.length > 1 ? seat.shops.find(({ id }) => id === one.shop_id)?.name : ''
    return [this.standing(one), this.queueOf(one)?.name, shop, ...(one.tags ?? [])].filter(Boolean).join(' · ')
  }

  queueOf(one: Case): Queue | undefined {
    return one.queue_id ? this.seat.queues().find(({ id }) => id === one.queue_id) : undefined
  }

  private find(one: Case): Found {
    const view = this.seat.desk?.view(one.conversation_id)
    return { case: one, view, since: this.unanswered.since(one, view) }
  }

  private standing(one: Case): string {
    const words = wordsOf(kit.language)
    if (one.status === 'resolved') return words.resolvedState
    if (one.status === 'waiting') return one.bot_id ? words.withBot : words.unassigned
    if (one.agent_id === this.seat.me?.id) return words.you
    return fill(words.agent, { name: this.seat.nameOf(one.agent_id ?? '') || words.someone })
  }

  private timerAt({ case: one, since }: Found, now: number): Timer | null {
    if (!since) return null
    return timerOf(Math.max(0, now - since), one.status === 'waiting', this.queueOf(one), wordsOf(kit.language))
  }

  private line(found: Found, now: number): Line {
    const { case: one, view } = found
    const words = wordsOf(kit.language)
    const customer = this.seat.client?.users.find(one.customer_id)
    const unread = one.status === 'open' && view ? unreadOf(view) : 0
    const draft = draftOf(one.conversation_id).text.replace(/\s+/g, ' ').slice(0, 60)
    const timer = this.timerAt(found, now)
    const at = lastAt(found)
    return {
      id: one.id,
      room: one.conversation_id,
      name: customer?.name || words.customer,
      subject: one.subject ?? '',
      avatar: kit.link(customer?.avatar),
      seed: one.customer_id,
      mark: draft ? words.draft : '',
      text: draft || this.said(this.unanswered.words(one, view), one, words),
      where: this.where(one),
      unread: unread ? (unread > 99 ? '99+' : String(unread)) : '',
      spoken: [unread ? fill(words.unread, { n: unread }) : '', timer?.said ?? '']
        .filter(Boolean)
        .join(words.separator),
      time: at ? shortText(at, now, kit.texts) : '',
      timer,
    }
  }

  private said(last: MessageSent | undefined, one: Case, words: Words): string {
    if (!last) return ''
    const message: Message = { ...last, status: 'sent', error: null, progress: 1, local_path: '' }
    const nameOf = (id: string) => this.seat.nameOf(id)
    const { plain, kind } = bodyOf(message, this.seat.me?.id ?? '', nameOf, kit.texts)
    const byStaff = kind !== 'system' && kind !== 'recalled' && last.sender_id !== one.customer_id
    const name = byStaff ? nameOf(last.sender_id) || words.someone : ''
    return (name ? fill(kit.texts.said, { name, text: plain }) : plain).replace(/\s+/g, ' ').slice(0, 80)
  }
}
