import type { Client, Message } from '@chaguan/sdk'

/** Of the newest messages the quotes are looked for; who reads further back has them in sight. */
const LOOKED_AT = 100

/** Messages that are quoted and stand elsewhere: each is asked for once. */
export class Quotes {
  private readonly held = new Map<number, Message | null>()

  constructor(
    private readonly client: Client,
    private readonly id: string,
  ) {}

  find(seq: number): Message | undefined {
    return this.held.get(seq) ?? undefined
  }

  /** Answers whether there was something to ask for. */
  async fetch(messages: readonly Message[]): Promise<boolean> {
    const wanted = messages
      .slice(-LOOKED_AT)
      .map((message) => message.quote?.seq ?? 0)
      .filter((seq) => seq && !this.held.has(seq) && !messages.some((message) => message.seq === seq))
    for (const seq of wanted) {
      this.held.set(seq, null)
      const found = await this.client.messages.find(this.id, seq).catch(() => null)
      if (found) this.held.set(seq, found)
    }
    return wanted.length > 0
  }
}
