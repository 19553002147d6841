import type { Case } from '@chaguan/sdk'
import { choose } from '@chaguan/mini-kit/hosts'
import { kit } from '@chaguan/mini-kit/kit'
import { fill } from '@chaguan/mini-kit/texts'
import { fullness, refusalText } from './refusals'
import type { Seat } from './seat'
import { wordsOf } from './words'

export const toast = (title: string) => void wx.showToast({ title, icon: 'none' })

/** What an agent does with a case, one thing at a time, and what they are told when it does not work. */
export class Acting {
  private busy = false

  /** `changed`: an act has begun, or ended. */
  constructor(
    private readonly seat: Seat,
    private readonly changed: (busy: boolean) => void,
  ) {}

  /** Takes what waits, takes over what a colleague has, goes on with what is resolved. */
  async take(one: Case): Promise<void> {
    const { desk } = this.seat
    if (!desk || (one.status === 'open' && !(await this.wantsToTakeOver(one)))) return
    if (one.status === 'open') await this.run(() => desk.take(one.id, { force: true }))
    else if (one.status === 'resolved') await this.run(() => this.withPlace((force) => desk.reopen(one.id, { force })))
    else await this.run(() => this.withPlace((force) => desk.take(one.id, { force })))
  }

  /** Asks how it ended. Answers with the case as it is then, or null where nothing ended. */
  async resolve(one: Case): Promise<Case | null> {
    const { desk } = this.seat
    const words = wordsOf(kit.language)
    const choice = desk ? await choose([words.solved, words.gone]) : -1
    if (!desk || choice < 0) return null
    const ended = await this.run(() => desk.resolve(one.id, choice === 1 ? { outcome: 'abandoned' } : {}))
    if (ended) toast(words.resolvedToast)
    return ended
  }

  /** A second tap is not a second act. */
  private async run<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.busy) return null
    this.changed((this.busy = true))
    try {
      return await work()
    } catch (error) {
      toast(refusalText(error))
      return null
    } finally {
      this.changed((this.busy = false))
    }
  }

  /** Asks before going beyond one's capacity, then tries again with force. */
  private async withPlace(work: (force: boolean) => Promise<unknown>): Promise<void> {
    try {
      await work(false)
    } catch (error) {
      const full = fullness(error)
      if (!full) throw error
      const words = wordsOf(kit.language)
      if (await sure(fill(words.full, full), words.fullYes)) await work(true)
    }
  }

  private wantsToTakeOver(one: Case): Promise<boolean> {
    const words = wordsOf(kit.language)
    const name = this.seat.nameOf(one.agent_id ?? '') || words.someone
    return sure(fill(words.takeOverSure, { name }), words.takeOver)
  }
}

export function sure(content: string, confirmText: string): Promise<boolean> {
  const { cancel: cancelText } = wordsOf(kit.language)
  return new Promise((resolve) => {
    void wx.showModal({
      content,
      confirmText,
      cancelText,
      success: ({ confirm }) => resolve(confirm),
      fail: () => resolve(false),
    })
  })
}
