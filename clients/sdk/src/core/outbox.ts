import type { Content, ErrorCode, MessageSent, Sent } from '@chaguan/protocol'
import { ChaguanError, asChaguanError } from './errors'
import type { MediaKind, Message } from './types'

/** A message that is not in the log yet. What is written to storage is exactly this, without `file` if it is no path. */
export interface OutboxItem {
  readonly conversation_id: string
  readonly client_msg_id: string
  readonly order: number
  readonly queued_at: number
  content: Content
  mentions: string[]
  quote_seq: number
  state: 'uploading' | 'queued' | 'sending' | 'sent' | 'failed'
  error: { code: ErrorCode; detail: string; data: Record<string, unknown> } | null
  media: { kind: MediaKind; file: unknown; name: string; local_path: string } | null
  progress: number
  seq: number
  created_at: number
}

export interface OutboxOwner {
  me(): string
  now(): number
  timer(fn: () => void, delay_ms: number): () => void
  isOnline(): boolean
  send(item: OutboxItem): Promise<Sent>
  /** Uploads the item's file; answers with the content to send. */
  upload(item: OutboxItem, onProgress: (fraction: number) => void): { done: Promise<Content>; abort(): void }
  save(item: OutboxItem): void
  erase(item: OutboxItem): void
  changed(conversationId: string): void
  /** The server acknowledged an entry that has not arrived yet. */
  expectSeq(conversationId: string, seq: number): void
}

const RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
const INTERNAL_ATTEMPTS = 3
const UPLOAD_ATTEMPTS = 5

function pause(error: ChaguanError, attempt: number): number {
  return error.retryAfterMs || Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (attempt - 1))
}

/**
 * Messages on their way. In order per conversation, one in flight each; the same key on every attempt; an item
 * leaves only when its entry is seen in the log, or the server says it is there, or the user discards it.
 */
export class Outbox {
  private readonly items = new Map<string, OutboxItem>()
  private readonly inFlight = new Set<string>()
  private readonly attempts = new Map<string, number>()
  private readonly waiters = new Map<string, { resolve(message: Message): void; reject(error: ChaguanError): void }[]>()
  private readonly uploads = new Map<string, () => void>()
  private order = 0

  constructor(private readonly owner: OutboxOwner) {}

  /** Puts back what storage kept. Whatever was on its way is on its way again. */
  restore(items: OutboxItem[]): void {
    for (const item of items.sort((a, b) => a.order - b.order)) {
      if (this.items.has(item.client_msg_id)) continue
      this.order = Math.max(this.order, item.order)
      this.items.set(item.client_msg_id, item)
      if (item.state === 'sending') item.state = 'queued'
    }
    this.pumpAll()
  }

  clear(): void {
    this.uploads.forEach((abort) => abort())
    this.uploads.clear()
    const error = new ChaguanError('unavailable', 'signed out')
    this.waiters.forEach((list) => list.forEach((waiter) => waiter.reject(error)))
    this.waiters.clear()
    this.items.clear()
    this.attempts.clear()
    this.inFlight.clear()
  }

  add(
    fields: Pick<OutboxItem, 'conversation_id' | 'client_msg_id' | 'content' | 'mentions' | 'quote_seq' | 'media'>,
  ): OutboxItem {
    const now = this.owner.now()
    const item: OutboxItem = {
      ...fields,
      order: ++this.order,
      queued_at: now,
      state: fields.media ? 'uploading' : 'queued',
      error: null,
      progress: fields.media ? 0 : 1,
      seq: 0,
      created_at: now,
    }
    this.items.set(item.client_msg_id, item)
    this.owner.save(item)
    this.owner.changed(item.conversation_id)
    this.pump(item.conversation_id)
    return item
  }

  get(clientMsgId: string): OutboxItem | undefined {
    return this.items.get(clientMsgId)
  }

  of(conversationId: string): OutboxItem[] {
    return Array.from(this.items.values()).filter((item) => item.conversation_id === conversationId)
  }

  get size(): number {
    return this.items.size
  }

  /** Settles when the item is in the log (or failed). */
  done(clientMsgId: string): Promise<Message> {
    const done = new Promise<Message>((resolve, reject) => {
      const list = this.waiters.get(clientMsgId) || []
      list.push({ resolve, reject })
      this.waiters.set(clientMsgId, list)
    })
    // Who does not ask for the outcome must not be told of an unhandled rejection.
    done.catch(() => undefined)
    return done
  }

  /** Another try of a failed item, with the same key. */
  resend(clientMsgId: string): boolean {
    const item = this.items.get(clientMsgId)
    if (!item || item.state !== 'failed') return false
    this.attempts.delete(clientMsgId)
    item.error = null
    item.state = item.media ? 'uploading' : 'queued'
    this.update(item)
    this.pump(item.conversation_id)
    return true
  }

  discard(clientMsgId: string): boolean {
    const item = this.items.get(clientMsgId)
    if (!item || item.state === 'sent') return false
    this.uploads.get(clientMsgId)?.()
    this.drop(item)
    this.settle(item, new ChaguanError('bad_request', 'discarded'))
    this.pump(item.conversation_id)
    return true
  }

  /** The log has this entry of mine. */
  seen(entry: MessageSent): void {
    const item = this.items.get(entry.client_msg_id)
    if (!item || item.conversation_id !== entry.conversation_id) return
    this.uploads.get(item.client_msg_id)?.()
    this.drop(item)
    this.settle(item, null, entry)
    this.pump(item.conversation_id)
  }

  /** The log is complete up to a seq. */
  reached(conversationId: string, upTo: number): void {
    for (const item of this.of(conversationId)) if (item.state === 'sent' && item.seq <= upTo) this.drop(item)
  }

  pumpAll(): void {
    new Set(Array.from(this.items.values()).map((item) => item.conversation_id)).forEach((id) => this.pump(id))
  }

  private pump(conversationId: string): void {
    if (!this.owner.isOnline()) return
    const items = this.of(conversationId)
    items.forEach(
      (item) => item.state === 'uploading' && !this.uploads.has(item.client_msg_id) && this.startUpload(item),
    )
    // An upload does not hold back what was written after it.
    const next = items.find((item) => item.state === 'queued')
    if (this.inFlight.has(conversationId)) return
    if (!next) return
    this.inFlight.add(conversationId)
    next.state = 'sending'
    this.owner.changed(conversationId)
    this.owner.send(next).then(
      (sent) => this.sent(next, sent),
      (error: unknown) => this.refused(next, asChaguanError(error)),
    )
  }

  private sent(item: OutboxItem, sent: Sent): void {
    this.inFlight.delete(item.conversation_id)
    if (this.items.get(item.client_msg_id) === item) {
      Object.assign(item, { state: 'sent', seq: sent.seq, created_at: sent.created_at })
      this.owner.erase(item)
      this.settle(item, null)
      this.owner.expectSeq(item.conversation_id, sent.seq)
      this.owner.changed(item.conversation_id)
    }
    this.pump(item.conversation_id)
  }

  private refused(item: OutboxItem, error: ChaguanError): void {
    if (this.items.get(item.client_msg_id) !== item) {
      this.inFlight.delete(item.conversation_id)
      return this.pump(item.conversation_id)
    }
    const attempt = (this.attempts.get(item.client_msg_id) || 0) + 1
    this.attempts.set(item.client_msg_id, attempt)
    if (error.busy || (error.code === 'internal' && attempt < INTERNAL_ATTEMPTS))
      return this.later(item, error, attempt)
    this.inFlight.delete(item.conversation_id)
    this.fail(item, error)
    this.pump(item.conversation_id)
  }

  /** The conversation waits with the item, or its messages would change places. */
  private later(item: OutboxItem, error: ChaguanError, attempt: number): void {
    item.state = 'queued'
    this.owner.timer(
      () => {
        this.inFlight.delete(item.conversation_id)
        this.pump(item.conversation_id)
      },
      error.code === 'timeout' ? 1 : pause(error, attempt),
    )
  }

  private startUpload(item: OutboxItem): void {
    if (!item.media?.file)
      return this.fail(item, new ChaguanError('not_found', 'the file is not on this device any more'))
    item.progress = 0
    const upload = this.owner.upload(item, (fraction) => {
      item.progress = fraction
      this.owner.changed(item.conversation_id)
    })
    this.uploads.set(item.client_msg_id, upload.abort)
    upload.done.then(
      (content) => this.uploaded(item, content),
      (error: unknown) => this.uploadFailed(item, asChaguanError(error)),
    )
  }

  private uploaded(item: OutboxItem, content: Content): void {
    this.uploads.delete(item.client_msg_id)
    if (this.items.get(item.client_msg_id) !== item) return
    Object.assign(item, { content, state: 'queued', progress: 1 })
    item.media = null
    this.update(item)
    this.pump(item.conversation_id)
  }

  private uploadFailed(item: OutboxItem, error: ChaguanError): void {
    const attempt = (this.attempts.get(item.client_msg_id) || 0) + 1
    if (error.busy && attempt < UPLOAD_ATTEMPTS && this.items.get(item.client_msg_id) === item) {
      this.attempts.set(item.client_msg_id, attempt)
      this.uploads.set(
        item.client_msg_id,
        this.owner.timer(() => this.uploadAgain(item), pause(error, attempt)),
      )
      return
    }
    this.uploads.delete(item.client_msg_id)
    if (this.items.get(item.client_msg_id) === item) this.fail(item, error)
  }

  private uploadAgain(item: OutboxItem): void {
    this.uploads.delete(item.client_msg_id)
    this.pump(item.conversation_id)
  }

  private fail(item: OutboxItem, error: ChaguanError): void {
    item.state = 'failed'
    item.error = { code: error.code, detail: error.detail, data: error.data }
    this.update(item)
    this.settle(item, error)
  }

  private settle(item: OutboxItem, error: ChaguanError | null, entry?: MessageSent): void {
    const waiters = this.waiters.get(item.client_msg_id) || []
    this.waiters.delete(item.client_msg_id)
    const message = entry ? asSent(entry) : asMessage(item, this.owner.me())
    waiters.forEach((waiter) => (error ? waiter.reject(error) : waiter.resolve(message)))
  }

  private update(item: OutboxItem): void {
    this.owner.save(item)
    this.owner.changed(item.conversation_id)
  }

  private drop(item: OutboxItem): void {
    this.items.delete(item.client_msg_id)
    this.attempts.delete(item.client_msg_id)
    this.owner.erase(item)
    this.owner.changed(item.conversation_id)
  }
}

/** An item as the message that it will be. */
export function asMessage(item: OutboxItem, me: string): Message {
  return {
    type: 'message_sent',
    conversation_id: item.conversation_id,
    client_msg_id: item.client_msg_id,
    sender_id: me,
    seq: item.seq,
    created_at: item.created_at,
    content: item.content,
    mentions: item.mentions,
    quote: item.quote_seq ? { seq: item.quote_seq } : null,
    status: item.state === 'failed' ? 'failed' : item.state === 'sent' ? 'sent' : 'sending',
    error: item.error && new ChaguanError(item.error.code, item.error.detail, item.error.data),
    progress: item.progress,
    local_path: item.media?.local_path || '',
  }
}

export function asSent(entry: MessageSent): Message {
  return { ...entry, status: 'sent', error: null, progress: 1, local_path: '' }
}
