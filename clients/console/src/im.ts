/**
 * What the screens need of messaging: the interface `Im`. `im-sdk.ts` fills it with `@chaguan/sdk`; nothing else
 * in the console knows how it is done.
 */
import type {
  Agent,
  AgentState,
  Callbacks,
  Case,
  CaseHistory,
  Content,
  Conversation,
  ConversationView,
  CustomerContext,
  Entry,
  Image,
  Inbox,
  Limits,
  Line,
  Member,
  MemberRole,
  Merged,
  MessageSent,
  Outcome,
  Presence,
  Queue,
  SearchPage,
  Service,
  SuggestedAnswer,
  Unanswered,
  User,
  Waiting,
  Wall,
  WechatContact,
} from '@chaguan/protocol'
import type { Suggester } from '@chaguan/sdk/answers'
import type { NotesModule } from '@chaguan/sdk/notes'

export type {
  Agent,
  AgentState,
  Callback,
  Callbacks,
  Card,
  CardAction,
  CardLine,
  Case,
  CaseEvent,
  CaseHistory,
  Content,
  Conversation,
  ConversationView,
  CustomerContext,
  Entry,
  Inbox,
  Limits,
  Line,
  Member,
  MemberRole,
  MessageSent,
  Outcome,
  Presence,
  Queue,
  Quote,
  Reaction,
  Reason,
  SearchHit,
  SearchPage,
  Service,
  SuggestedAnswer,
  Unanswered,
  User,
  Waiting,
  Wall,
  WallQueue,
  WechatContact,
} from '@chaguan/protocol'

export type { FoundNote, Note } from '@chaguan/protocol'
export type { NotesState } from '@chaguan/sdk/notes'

export type Connection = 'offline' | 'connecting' | 'online'

/**
 * A message as shown: what the log says, and how far an own one has come. One that is not in the log yet has
 * `seq` 0; `client_msg_id` stays the same from the first moment on.
 */
export interface Message extends MessageSent {
  status: 'sending' | 'sent' | 'failed'
  error: { code: string } | null
  /** Upload so far, 0 to 1, while a picture or file is on its way. */
  progress: number
  /** A link to the file on this device while it is uploaded, else empty. */
  local_path: string
}

/** What the console holds of a conversation's log, in order; pending messages last. */
export interface Log {
  messages: readonly Message[]
  /** Entries to be told between the messages: joins, names, cases. */
  notices: readonly Entry[]
  hasOlder: boolean
  hasNewer: boolean
  /** A page is being read. */
  loading: boolean
}

export type MediaKind = 'image' | 'voice' | 'video' | 'file'

export interface ImEvents {
  connection: Connection
  /** Rows of the list changed. */
  conversations: undefined
  /** A message of somebody else arrived live. */
  received: MessageSent
  /** Who writes in a conversation at this moment. */
  typing: { conversation_id: string; user_ids: string[] }
  presence: Presence
  desk: undefined
  signedOut: string
}

export interface SendOptions {
  mentions?: string[]
  quote?: MessageSent
  /** Of a voice note, as it was recorded. */
  durationMs?: number
}

export interface InboxChange {
  pinned?: boolean
  muted?: boolean
  marked_unread?: boolean
  archived?: boolean
}

export interface WallListener {
  wall: (wall: Wall) => void
  agents: (agents: Agent[], users: User[]) => void
  failed: (error: unknown) => void
}

export interface Im {
  start(): Promise<void>
  /** Ends the session here and on the server, and leaves nothing of this person on the device. */
  stop(): Promise<void>
  on<E extends keyof ImEvents>(event: E, listener: (payload: ImEvents[E]) => void): () => void
  connection(): Connection
  limits(): Required<Limits>

  user(id: string): User | undefined
  loadUsers(ids: string[]): Promise<void>
  contacts(query: string): Promise<User[]>
  setBlock(userId: string, on: boolean): Promise<void>
  report(userId: string, reason: string, conversationId: string, seqs: number[]): Promise<void>
  watchPresence(userIds: string[]): Promise<Presence[]>

  rows(): ConversationView[]
  archivedRows(): ConversationView[]
  /** Another page of those; the cursor of the one before, empty for the first. Answers with the next, empty at the end. */
  loadArchived(cursor: string): Promise<string>
  hasMoreRows(): boolean
  loadMoreRows(): Promise<void>
  open(conversationId: string): Promise<ConversationView>
  find(conversationId: string): ConversationView | undefined
  createDirect(userId: string): Promise<ConversationView>
  createGroup(name: string, memberIds: string[], joinHistory: boolean): Promise<ConversationView>
  updateInbox(conversationId: string, change: InboxChange): Promise<void>
  rename(conversationId: string, name: string): Promise<void>
  members(conversationId: string): Promise<Member[]>
  addMembers(conversationId: string, userIds: string[]): Promise<void>
  removeMember(conversationId: string, userId: string): Promise<void>
  setMemberRole(conversationId: string, userId: string, role: MemberRole): Promise<void>

  log(conversationId: string): Log
  /** Calls `fn` after each change of the log; one that was lost and is seen again is loaded again. */
  observeLog(conversationId: string, fn: () => void): () => void
  loadLatest(conversationId: string): Promise<void>
  loadOlder(conversationId: string): Promise<void>
  loadNewer(conversationId: string): Promise<void>
  loadAround(conversationId: string, seq: number): Promise<void>
  /** A message that may not be loaded, for what it is quoted in; null if it can't be seen. */
  findMessage(conversationId: string, seq: number): Promise<MessageSent | null>
  /** The whole of a bundle of forwarded messages; null if it can't be seen any more. */
  openBundle(conversationId: string, seq: number): Promise<Merged | null>
  /** Fresh links for media whose signed link has expired. */
  refresh(conversationId: string, seqs: number[]): Promise<void>
  send(conversationId: string, content: Content, options?: SendOptions): Promise<void>
  sendMedia(conversationId: string, file: File, kind: MediaKind, options?: SendOptions): Promise<void>
  /** A picture that belongs to no message yet. */
  uploadImage(file: File): Promise<Image>
  resend(conversationId: string, clientMsgId: string): Promise<void>
  discard(conversationId: string, clientMsgId: string): Promise<void>
  edit(message: MessageSent, content: Content, mentions: string[]): Promise<void>
  recall(message: MessageSent): Promise<void>
  react(message: MessageSent, emoji: string, on: boolean): Promise<void>
  markRead(conversationId: string, seq: number): void
  typing(conversationId: string): void
  search(query: string, conversationId: string, cursor: string): Promise<SearchPage>

  /** What staff write to one another beside a case. */
  readonly notes: NotesModule
  watchDesk(shopId: string): Promise<void>
  cases(shopId: string): Case[]
  queues(shopId: string): readonly Queue[]
  line(queueId: string): Line | undefined
  /** Since when the customer of a case is without an answer, as the server tells. */
  unanswered(caseId: string): Unanswered | undefined
  agents(): readonly Agent[]
  /** What happens in the conversation is told live as long as it is looked into. Answers with how to stop. */
  look(conversationId: string): () => void
  /** The conversation of a case on the desk, whether or not one is in it. */
  deskView(conversationId: string): ConversationView | undefined
  takeCase(caseId: string, force: boolean): Promise<Case>
  resolveCase(caseId: string, outcome: Outcome, note: string): Promise<Case>
  reopenCase(caseId: string, force: boolean): Promise<Case>
  transferCase(caseId: string, to: { agentId: string } | { queueId: string }, note: string): Promise<Case>
  openCase(conversationId: string, subject: string): Promise<Case>
  tagCase(caseId: string, change: { add?: string[]; remove?: string[] }): Promise<Case>
  caseHistory(caseId: string): Promise<CaseHistory>
  /** All of a conversation, the latest first. */
  casesOf(conversationId: string): Promise<Case[]>
  waiting(conversationId: string): Promise<Waiting>
  setAgentState(state: AgentState): Promise<Agent>
  /** How the customer is reached in WeChat's own chat, now and after each change. Answers with how to stop. */
  watchWechat(conversationId: string, fn: (contact: WechatContact) => void): () => void
  /** With `refresh` the shop's server is asked anew, and waited for. */
  customerContext(conversationId: string, language: string, refresh?: boolean): Promise<CustomerContext>
  /** How the desk stands, for a screen on the wall: now, and whenever that changes. Answers with how to stop. */
  watchWall(shopId: string, listener: WallListener): () => void
  /** How it stands with a service conversation: its rating, and whether its customer wants to be called back. */
  service(conversationId: string): Promise<Service>
  /** Answers of the shop's list for what it is told stands in the field, or was asked. Errors are told to nobody. */
  suggest(conversationId: string, tell: (answers: readonly SuggestedAnswer[]) => void): Suggester
  /** Who left a message instead of waiting, and was not answered yet. */
  callbacks(shopId: string): Promise<Callbacks>
  takeCallback(caseId: string): Promise<Case>
}

export function unreadOf(conversation: Conversation, inbox: Inbox): number {
  return Math.max(0, (conversation.head_ordinal ?? 0) - (inbox.read_ordinal ?? 0))
}
