import type { Content, ConversationView, MessageSent, Push, User } from '@chaguan/protocol'
import type { Adapter, KeyValueStorage } from './adapter'
import type { ConnectionState } from './connection'
import type { Notice } from './log'
import type { ChaguanError } from './errors'

export type MediaKind = 'image' | 'voice' | 'video' | 'file'

/**
 * A message as the wire gives it, and how it fares. A message that is not in the log yet has `seq` 0, the key
 * `client_msg_id` stays the same from the first moment on: use it as the key of a list.
 */
export interface Message extends MessageSent {
  status: 'sending' | 'sent' | 'failed'
  /** Why it failed, else null. Show `errorText(error.code, lang)`. */
  error: ChaguanError | null
  /** Upload of its file, from 0 to 1. */
  progress: number
  /** Link to the file on this device while it is uploaded, else empty. */
  local_path: string
}

/** What a conversation view shows: messages in order, without a hole. */
export interface MessageWindow {
  messages: readonly Message[]
  /** What is told in words between them, in order: who joined, left, got another role; a new name; a case. */
  notices: readonly Notice[]
  /** There are older messages: `loadOlder`. */
  hasOlder: boolean
  /** The window stands elsewhere than at the end of the log: `loadNewer` or `toEnd`. */
  hasNewer: boolean
  loading: boolean
}

/** A row of the list: as the wire gives it, with what follows from it. */
export interface ConversationItem extends ConversationView {
  unread: number
  /** The other one in a direct conversation, the customer in a service conversation as staff see it, else null. */
  peer: User | null
}

export interface SendHandle {
  client_msg_id: string
  conversation_id: string
  /** The message now. */
  readonly message: Message
  /** Resolves when the message is durably in the log; rejects when it was refused or discarded. */
  done: Promise<Message>
}

export interface Uploaded {
  media_id: string
  mime: string
  size: number
  width?: number
  height?: number
  duration_ms?: number
  waveform?: number[]
  url?: string
  thumb_url?: string
}

export interface ClientEvents {
  connection: { state: ConnectionState; reason: string }
  /** A message that is new in a conversation, from others or from me on another device. */
  message: { conversation_id: string; message: Message }
  /** The window of a conversation is another now: read it with `messages.list`. */
  'message:changed': { conversation_id: string }
  /** Rows changed, came or went: read them with `conversations.list`. */
  conversation: { conversation_ids: string[] }
  unread: { total: number }
  /** Who writes in a conversation at this moment. */
  typing: { conversation_id: string; user_ids: string[] }
  /** Everything that the server tells, before it shows; for what this SDK does not know. */
  push: Push
  /** The client stopped. `revoked`, `disabled`, `password_changed`: what was stored here is erased. */
  'signed-out': { reason: string }
  /** Something failed that nobody waited for. */
  error: ChaguanError
}

export interface Logger {
  debug(text: string): void
  warn(text: string): void
}

export interface ClientOptions {
  /** Where the deployment is: `https://im.example.com`, with or without a path before `/v1`. */
  endpoint: string
  adapter: Adapter
  /** Instead of the adapter's storage. */
  storage?: KeyValueStorage
  /** Name of the device for the list of devices; default: the adapter's. */
  platform?: string
  logger?: Logger
  /** Keys in storage begin with it; default `chaguan:`. */
  storagePrefix?: string
}

export interface SignInOptions {
  /** A user token signed by the business's server, or an access token of the deployment. */
  token?: string
  /** Gives a token; asked again when the last one was refused or expires (`renew`). Instead of `token`. */
  getToken?: (renew: boolean) => Promise<string> | string
  /**
   * Who signs in, in the application's own words. What was kept from the last time is shown before the network
   * answers only if it is the same; without it nothing is. For a signed token: `subjectOf` of `@chaguan/sdk/token`.
   */
  account?: string
  /** The device this token belongs to, if the server made the token for one; default: made once and kept. */
  deviceId?: string
}

export interface SendOptions {
  /** User ids, or `all`; at most 50. */
  mentions?: string[]
  /** Seq of the message that is answered. */
  quoteSeq?: number
}

export interface MediaSource {
  kind: MediaKind
  /** What the adapter calls a file. */
  file: unknown
  /** Shown for files; default: what the file says. */
  name?: string
  /** Pixels, milliseconds and bytes, if known, so that nothing jumps while it uploads. */
  width?: number
  height?: number
  duration_ms?: number
  size?: number
}

export type MediaContent = Extract<Content, { media_id: string }>
