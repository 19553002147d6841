/** The customer's side of one service conversation: who they are, the client, and what phase all that is in. */
import { createClient, type Client, type ConversationItem } from '@chaguan/sdk'
import { serviceOf, type ServiceModule } from '@chaguan/sdk/service'
import { subjectOf } from '@chaguan/sdk/token'
import type { Options } from './options'
import { fetchToken, NobodyError } from './token'

/**
 * `off`: not asked for yet. `starting`: on the way, nothing to show. `ready`: the conversation is there. `nobody`: no
 * one is signed in on the page's site. `ended`: the server does not know this customer any more. `failed`: try again.
 */
export type Phase = 'off' | 'starting' | 'ready' | 'nobody' | 'ended' | 'failed'

export interface ChatWishes {
  changed: () => void
  /** Nothing of the customer stays in this browser. */
  forget: () => void
}

export class Chat {
  phase: Phase = 'off'
  conversationId = ''
  /** The server has answered and the window is complete: what arrives from here on is new. */
  settled = false
  client: Client | null = null
  private signingIn: Promise<Client> | null = null
  private unheard: (() => void) | null = null

  constructor(
    private readonly options: Options,
    private readonly prefix: string,
    private readonly wish: ChatWishes,
  ) {}

  /** The conversation as the list has it; before it was opened here, the one that was open before. */
  get row(): ConversationItem | undefined {
    const { client, options } = this
    if (!client) return undefined
    if (this.conversationId) return client.conversations.find(this.conversationId)
    return client.conversations.list().find(({ conversation: { kind, shop_id } }) => {
      return kind === 'service' && (!options.shopId || shop_id === options.shopId)
    })
  }

  /** How it stands with the consultation, and what can be done about it. */
  get service(): ServiceModule | null {
    return this.client && serviceOf(this.client)
  }

  get unread(): number {
    return this.row?.unread ?? 0
  }

  /** Signs in, so that unread messages are heard of. Opens no conversation. Tells by `phase` how that went. */
  async listen(): Promise<Client | null> {
    try {
      return await (this.signingIn ??= this.signIn())
    } catch (error) {
      this.signingIn = null
      if (error instanceof NobodyError) this.forget()
      else console.warn('chaguan:', error)
      this.become(error instanceof NobodyError ? 'nobody' : 'failed')
      return null
    }
  }

  /** Shows the conversation, and tells the agent where the customer comes from. */
  async open(context: Record<string, unknown>): Promise<void> {
    if (this.phase !== 'ready') this.become('starting')
    const client = await this.listen()
    if (!client) return
    const kept = this.row
    if (kept) this.show(kept)
    try {
      await client.online()
      this.show(await client.conversations.openService({ shopId: this.options.shopId, context }))
      await client.messages.open(this.conversationId)
      this.settled = true
      this.wish.changed()
    } catch (error) {
      console.warn('chaguan:', error)
      // What was kept can be read, and written to, until the network is back.
      if (this.client === client && !this.conversationId) this.become('failed')
    }
  }

  /** The customer has signed out of the page's site: nothing of theirs stays in this browser. */
  async signOut(): Promise<void> {
    const { client } = this
    this.reset('nobody')
    await client?.signOut().catch((error: unknown) => console.warn('chaguan:', error))
    this.forget()
  }

  private show({ conversation }: ConversationItem): void {
    if (this.conversationId !== conversation.id) {
      this.conversationId = conversation.id
      this.unheard?.()
      this.unheard = this.service?.observe(conversation.id, () => this.wish.changed()) ?? null
    }
    this.become('ready')
  }

  private async signIn(): Promise<Client> {
    const { endpoint, tokenUrl } = this.options
    let first = await fetchToken(tokenUrl)
    const client = createClient({ endpoint, storagePrefix: this.prefix })
    const getToken = async (renew: boolean): Promise<string> => {
      const token = renew ? '' : first
      first = ''
      return token || this.renewed()
    }
    for (const name of ['message:changed', 'conversation', 'typing', 'connection'] as const) {
      client.on(name, () => this.wish.changed())
    }
    client.on('signed-out', () => {
      if (this.client === client) this.reset('ended')
    })
    this.client = client
    await client.signIn({ getToken, account: subjectOf(first) })
    this.wish.changed()
    return client
  }

  private async renewed(): Promise<string> {
    try {
      return await fetchToken(this.options.tokenUrl)
    } catch (error) {
      if (error instanceof NobodyError) await this.signOut()
      throw error
    }
  }

  private reset(phase: Phase): void {
    this.unheard?.()
    this.unheard = null
    this.client?.stop()
    this.client = this.signingIn = null
    this.conversationId = ''
    this.settled = false
    this.become(phase)
  }

  private forget(): void {
    this.wish.forget()
    try {
      const kept = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix))
      kept.forEach((key) => localStorage.removeItem(key))
    } catch {
      // A browser that forbids storage has kept nothing.
    }
  }

  private become(phase: Phase): void {
    this.phase = phase
    this.wish.changed()
  }
}
