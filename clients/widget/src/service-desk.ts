/** The customer's side of the desk: place in the line, who answers, the end and what they think of it. */
import { serviceTexts } from '@chaguan/mini-kit/service-texts'
import { Hope, Quiet, stripOf, type Strip } from '@chaguan/mini-kit/standing'
import type { Language } from '@chaguan/mini-kit/texts'
import type { User } from '@chaguan/sdk'
import type { Standing } from '@chaguan/sdk/service'
import type { Chat } from './chat'
import { h } from './dom'
import { MessageForm } from './message-form'
import { RatingForm } from './rating-form'

export interface DeskWishes {
  changed: () => void
  /** For who hears the screen instead of seeing it. */
  announce: (text: string) => void
  warn: (text: string) => void
  link: (url: string | undefined) => string
}

type Act = '' | 'line' | 'message' | 'rate' | 'reopen'
const NOTHING: Standing = { service: null, kept: null }

export class ServiceDesk {
  readonly element: HTMLButtonElement
  private readonly rating: RatingForm
  private readonly message: MessageForm
  private readonly words
  private readonly hope = new Hope()
  private readonly quiet = new Quiet()
  private act: Act = ''
  private said = ''
  private caseId = ''
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(
    private readonly chat: Chat,
    private readonly language: Language,
    private readonly wish: DeskWishes,
  ) {
    this.words = serviceTexts(language)
    this.element = h('button', { type: 'button', class: 'plain act', hidden: true, onclick: () => void this.do() })
    const closed = () => this.element.focus({ preventScroll: true })
    this.rating = new RatingForm(language, {
      rate: async (said) => (await this.chat.service?.rate(this.caseId, said)) ?? null,
      reopen: () => void this.reopen(),
      closed,
    })
    this.message = new MessageForm(language, {
      leaveMessage: (left, key) => {
        const { service, conversationId } = this.chat
        return service ? service.leaveMessage(conversationId, left, key) : Promise.reject(new Error('no client'))
      },
      newKey: () => this.chat.client?.newKey() ?? '',
      leave: () => void this.leave(),
      closed,
    })
  }

  get sheets(): HTMLElement[] {
    return [this.rating.sheet.element, this.message.sheet.element]
  }

  close(): void {
    this.rating.sheet.close()
    this.message.sheet.close()
  }

  /** As it stands now: what to say of it, and who answers. */
  draw(): { line: string; agent: User | null } {
    const { chat, language, hope } = this
    const standing = (chat.conversationId && chat.service?.find(chat.conversationId)) || NOTHING
    const { service } = standing
    const now = Date.now()
    if (service) hope.hear(service.waiting)
    this.caseId = service?.case?.id ?? ''
    const strip = stripOf(standing, { language, now, hope, typing: false })
    this.offer(strip)
    this.say(strip, now, service?.waiting.opens_at ?? 0)
    if (strip.state !== 'ended') this.rating.sheet.close()
    const agent = strip.state === 'agent' || strip.state === 'ended' ? service?.agent : null
    // Of a desk that only waits for a question the window says enough.
    const isQuiet = strip.state === 'idle' && !strip.canMessage
    return { line: isQuiet ? '' : strip.line, agent: agent ?? null }
  }

  private offer({ canLeave, canMessage, rating, canReopen }: Strip): void {
    const { words } = this
    this.act = canLeave ? 'line' : canMessage ? 'message' : rating ? 'rate' : canReopen ? 'reopen' : ''
    const label = {
      line: words.options,
      message: words.message,
      rate: rating === 'asks' ? words.rate : words.changeRating,
      reopen: words.askAgain,
    }
    this.element.hidden = !this.act
    this.element.classList.toggle('strong', rating === 'asks')
    const text = this.act && label[this.act]
    if (this.element.textContent !== text) this.element.textContent = text
  }

  /** Places are told now and then, the rest at once; and a desk that opens is asked again. */
  private say({ state, spoken }: Strip, now: number, opens_at: number): void {
    const isPlace = state === 'waiting'
    const told = this.quiet.next(spoken, isPlace, now)
    // What was so when the window opened is read there.
    if (told !== this.said && this.said) this.wish.announce(told)
    this.said = told
    if (this.timer) clearTimeout(this.timer)
    const waits_ms = this.quiet.waits(spoken, isPlace, now)
    const opens_ms = opens_at - now
    this.timer = null
    if (waits_ms) this.timer = setTimeout(() => this.wish.changed(), waits_ms)
    else if (opens_ms > 0 && opens_ms < 86_400_000)
      this.timer = setTimeout(() => this.chat.service?.refresh(this.chat.conversationId), opens_ms + 1_000)
  }

  private async do(): Promise<void> {
    const { chat } = this
    if (this.act === 'rate') {
      const { service, kept } = chat.service?.find(chat.conversationId) ?? NOTHING
      this.rating.open(service, kept ?? service?.rating ?? null)
    }
    if (this.act === 'line' || this.act === 'message') this.message.open(this.act === 'line')
    if (this.act === 'reopen') await this.reopen()
  }

  private async leave(): Promise<void> {
    this.message.sheet.close()
    await this.try(this.chat.service?.leaveLine(this.caseId), this.words.leftRefused)
  }

  private async reopen(): Promise<void> {
    this.rating.sheet.close()
    await this.try(this.chat.service?.reopen(this.caseId), this.words.reopenRefused)
  }

  private async try(doing: Promise<unknown> | undefined, refused: string): Promise<void> {
    try {
      await doing
    } catch (error) {
      const isRefused = error instanceof Error && 'code' in error && error.code === 'conflict'
      this.wish.warn(isRefused ? refused : this.words.failed)
    }
  }
}
