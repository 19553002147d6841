/** Whether to say that there is no connection. A short break is nobody's business. */
import type { Client } from '@chaguan/sdk'
import type { Texts } from './texts'

const TOLD_AFTER_MS = 2_500

export class Break {
  private waits: ReturnType<typeof setTimeout> | null = null
  private isLong = false

  constructor(
    private readonly texts: Texts,
    private readonly changed: () => void,
  ) {}

  /** What to say of it now, or empty. */
  told(client: Client | null): string {
    if (!client || client.state === 'online') {
      if (this.waits) clearTimeout(this.waits)
      this.waits = null
      this.isLong = false
      return ''
    }
    this.waits ??= setTimeout(() => {
      this.isLong = true
      this.changed()
    }, TOLD_AFTER_MS)
    if (!this.isLong) return ''
    return client.state === 'offline' ? this.texts.offline : this.texts.connecting
  }
}
