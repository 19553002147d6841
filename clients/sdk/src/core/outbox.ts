import type { Content, ErrorCode, MessageSent, Sent } from '@chaguan/protocol'
import { ChaguanError, asChaguanError } from './errors'
import type { MediaKind, Message } from './types'

/** A message that is not in the log yet. What is written to storage is exactly this, without `file` if it is no path. */
export interface OutboxItem {
  readonly conversation_id: string
  readonly client_msg_id: string
  /** When it was written, milliseconds; later for a later one. */
  readonly order: number
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
  /** Settles with the server's answer, however long it takes; rejects by itself only when the client is stopped. */
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

export type Outbox = ReturnType<typeof createOutbox>

/**
 * Messages on their way. In order per conversation, one in flight each; the same key on every attempt; a second
 * attempt only when the server asked for one, the connection repeats by itself what broke off. An item leaves only
 * when its entry is seen in the log, or the server says it is there, or the user discards it.
 */
export function createOutbox(owner: OutboxOwner) {
  const held = new Map<string, OutboxItem>()
  /** By conversation. */
  const inFlight = new Map<string, OutboxItem>()
  const attempts = new Map<string, number>()
  const waiting = new Map<string, { resolve(message: Message): void; reject(error: ChaguanError): void }[]>()
  const uploads = new Map<string, () => void>()
  let order = 0
  /** What an earlier run left goes first: nothing leaves before it is there. */
  let isRestored = false

  /** Puts back what storage kept. Whatever was on its way is on its way again. */
  const restore = (items: OutboxItem[]): void => {
    for (const item of items) {
      if (held.has(item.client_msg_id)) continue
      order = Math.max(order, item.order)
      held.set(item.client_msg_id, item)
      if (item.state === 'sending') item.state = 'queued'
    }
    isRestored = true
    pumpAll()
  }

  const clear = (): void => {
    uploads.forEach((abort) => abort())
    uploads.clear()
    const error = new ChaguanError('unavailable', 'signed out')
    waiting.forEach((list) => list.forEach((waiter) => waiter.reject(error)))
    waiting.clear()
    held.clear()
    attempts.clear()
    inFlight.clear()
    isRestored = false
  }

  const add = (
    fields: Pick<OutboxItem, 'conversation_id' | 'client_msg_id' | 'content' | 'mentions' | 'quote_seq' | 'media'>,
  ): OutboxItem => {
    const now = owner.now()
    const item: OutboxItem = {
      ...fields,
      order: (order = Math.max(order + 1, now)),
      state: fields.media ? 'uploading' : 'queued',
      error: null,
      progress: fields.media ? 0 : 1,
      seq: 0,
      created_at: now,
    }
    held.set(item.client_msg_id, item)
    owner.save(item)
    owner.changed(item.conversation_id)
    pump(item.conversation_id)
    return item
  }

  const get = (clientMsgId: string): OutboxItem | undefined => {
    return held.get(clientMsgId)
  }

  const of = (conversationId: string): OutboxItem[] => {
    return Array.from(held.values())
      .filter((item) => item.conversation_id === conversationId)
      .sort((a, b) => a.order - b.order)
  }

  /** Settles when the item is in the log (or failed). */
  const done = (clientMsgId: string): Promise<Message> => {
    const done = new Promise<Message>((resolve, reject) => {
      const list = waiting.get(clientMsgId) || []
      list.push({ resolve, reject })
      waiting.set(clientMsgId, list)
    })
    // Who does not ask for the outcome must not be told of an unhandled rejection.
    done.catch(() => undefined)
    return done
  }

  /** Another try of a failed item, with the same key. */
  const resend = (clientMsgId: string): boolean => {
    const item = held.get(clientMsgId)
    if (!item || item.state !== 'failed') return false
    attempts.delete(clientMsgId)
    item.error = null
    item.state = item.media ? 'uploading' : 'queued'
    update(item)
    pump(item.conversation_id)
    return true
  }

  const discard = (clientMsgId: string): boolean => {
    const item = held.get(clientMsgId)
    if (!item || item.state === 'sent') return false
    uploads.get(clientMsgId)?.()
    drop(item)
    settle(item, new ChaguanError('bad_request', 'discarded'))
    landed(item)
    return true
  }

  /** The log has this entry of mine. */
  const seen = (entry: MessageSent): void => {
    const item = held.get(entry.client_msg_id)
    if (!item || item.conversation_id !== entry.conversation_id) return
    uploads.get(item.client_msg_id)?.()
    drop(item)
    settle(item, null, entry)
    landed(item)
  }

  /** The log is complete up to a seq. */
  const reached = (conversationId: string, upTo: number): void => {
    for (const item of of(conversationId)) if (item.state === 'sent' && item.seq <= upTo) drop(item)
  }

  const pumpAll = (): void => {
    new Set(Array.from(held.values()).map((item) => item.conversation_id)).forEach((id) => pump(id))
  }

  const pump = (conversationId: string): void => {
    if (!isRestored || !owner.isOnline()) return
    const items = of(conversationId)
    items.forEach((item) => item.state === 'uploading' && !uploads.has(item.client_msg_id) && startUpload(item))
    // An upload does not hold back what was written after it.
    const next = items.find((item) => item.state === 'queued')
    if (!next || inFlight.has(conversationId)) return
    inFlight.set(conversationId, next)
    next.state = 'sending'
    owner.changed(conversationId)
    owner.send(next).then(
      (sent) => acknowledged(next, sent),
      (error: unknown) => refused(next, asChaguanError(error)),
    )
  }

  /** Its conversation goes on, unless another is on its way there. */
  const landed = (item: OutboxItem): void => {
    if (inFlight.get(item.conversation_id) === item) inFlight.delete(item.conversation_id)
    pump(item.conversation_id)
  }

  const acknowledged = (item: OutboxItem, sent: Sent): void => {
    if (held.get(item.client_msg_id) === item) {
      Object.assign(item, { state: 'sent', seq: sent.seq, created_at: sent.created_at })
      owner.erase(item)
      settle(item, null)
      owner.expectSeq(item.conversation_id, sent.seq)
      owner.changed(item.conversation_id)
    }
    landed(item)
  }

  const refused = (item: OutboxItem, error: ChaguanError): void => {
    if (held.get(item.client_msg_id) === item) {
      const attempt = (attempts.get(item.client_msg_id) || 0) + 1
      attempts.set(item.client_msg_id, attempt)
      if (error.busy || (error.code === 'internal' && attempt < INTERNAL_ATTEMPTS)) {
        item.state = 'queued'
        // The conversation waits with the item, or its messages would change places.
        owner.timer(() => landed(item), pause(error, attempt))
        return
      }
      fail(item, error)
    }
    landed(item)
  }

  const startUpload = (item: OutboxItem): void => {
    if (!item.media?.file) return fail(item, new ChaguanError('not_found', 'no file'))
    item.progress = 0
    const upload = owner.upload(item, (fraction) => {
      item.progress = fraction
      owner.changed(item.conversation_id)
    })
    uploads.set(item.client_msg_id, upload.abort)
    upload.done.then(
      (content) => uploaded(item, content),
      (error: unknown) => uploadFailed(item, asChaguanError(error)),
    )
  }

  const uploaded = (item: OutboxItem, content: Content): void => {
    uploads.delete(item.client_msg_id)
    if (held.get(item.client_msg_id) !== item) return
    Object.assign(item, { content, state: 'queued', progress: 1 })
    item.media = null
    update(item)
    pump(item.conversation_id)
  }

  const uploadFailed = (item: OutboxItem, error: ChaguanError): void => {
    const attempt = (attempts.get(item.client_msg_id) || 0) + 1
    if (error.busy && attempt < UPLOAD_ATTEMPTS && held.get(item.client_msg_id) === item) {
      attempts.set(item.client_msg_id, attempt)
      uploads.set(
        item.client_msg_id,
        owner.timer(() => uploadAgain(item), pause(error, attempt)),
      )
      return
    }
    uploads.delete(item.client_msg_id)
    if (held.get(item.client_msg_id) === item) fail(item, error)
  }

  const uploadAgain = (item: OutboxItem): void => {
    uploads.delete(item.client_msg_id)
    pump(item.conversation_id)
  }

  const fail = (item: OutboxItem, error: ChaguanError): void => {
    item.state = 'failed'
    item.error = { code: error.code, detail: error.detail, data: error.data }
    update(item)
    settle(item, error)
  }

  const settle = (item: OutboxItem, error: ChaguanError | null, entry?: MessageSent): void => {
    const waiters = waiting.get(item.client_msg_id) || []
    waiting.delete(item.client_msg_id)
    const message = entry ? asSent(entry) : asMessage(item, owner.me())
    waiters.forEach((waiter) => (error ? waiter.reject(error) : waiter.resolve(message)))
  }

  const update = (item: OutboxItem): void => {
    owner.save(item)
    owner.changed(item.conversation_id)
  }

  const drop = (item: OutboxItem): void => {
    held.delete(item.client_msg_id)
    attempts.delete(item.client_msg_id)
    owner.erase(item)
    owner.changed(item.conversation_id)
  }

  return {
    restore,
    clear,
    add,
    get,
    of,
    done,
    resend,
    discard,
    seen,
    reached,
    pumpAll,
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
