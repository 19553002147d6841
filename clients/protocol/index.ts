// Generated from the server's Structs by `chaguan schema`; do not edit.

export const PROTOCOL_VERSION = 1

/**
 * The customer of a service conversation takes up an offer of a card: `intent` as it stands there, `text` what they
 * write with it (a new address, why they want their money back). The log tells of it (a `system` message `card_act`, with
 * `action`, `object_type`, `object_id`, `title` and `text`), and so does the server API; what comes of it the card shows.
 * Answered with `Appended`.
 *
 * An intent is good once, for seven days, and only while the card stands as it did. Errors: `conflict` (`data.reason`
 * `late`: it was taken up already, the card has changed, or it is too old; nothing was done, and the card that comes has
 * fresh offers; without a reason: key used otherwise), `bad_request` (`forged`: nobody was offered this), `forbidden` (not
 * the customer), `not_found` (no such conversation; the card was recalled).
 */
export interface ActOnCard {
  type: "act_on_card"
  conversation_id: string
  client_msg_id: string
  intent: string
  text?: string
  id: number
}

/** Add users to a group. Errors: `forbidden` (only owner and admins), `not_found`, `too_large`. */
export interface AddMembers {
  type: "add_members"
  conversation_id: string
  client_msg_id: string
  user_ids: string[]
  id: number
}

/**
 * Who answers. `state` is what holds now, `chosen` what they set: who chose `online` is `away` when they did
 * nothing for the desk's idle time, and `offline` a minute after their last connection went.
 *
 * `load`: the weight of their open cases, of `capacity`. `since`: UTC milliseconds of the present state.
 */
export interface Agent {
  user_id: string
  state?: AgentState
  chosen?: AgentState
  since?: number
  capacity?: number
  load?: number
  skills?: string[]
  languages?: string[]
  assigned_at?: number
}

/**
 * Only who is `online` is given cases. `busy` keeps theirs. The cases of who is `away` or `offline` for longer than
 * the desk's limit go back to their queues.
 */
export type AgentState = "away" | "busy" | "offline" | "online"

/** To agents who watch a desk: these agents' states or loads are now so. Several changes of a second come as one. */
export interface AgentsChanged {
  type: "agents_changed"
  agents: Agent[]
  users?: User[]
}

/**
 * A target that comes near or was missed. `since`: when what it is about began, `at`: when that was noticed (UTC
 * milliseconds); `limit_s`: what was promised.
 */
export interface Alarm {
  target: Target
  level: AlarmLevel
  since: number
  at: number
  limit_s: number
}

export type AlarmLevel = "breached" | "warned"

/** The entry is in the log. `seq` 0: there was nothing to change. */
export interface Appended {
  seq: number
  created_at?: number
}

/** What an administrator did. A reader that meets another name shows the name. */
export type AuditAction = "agent_changed" | "app_changed" | "app_created" | "app_secret_rotated" | "bot_changed" | "closing_changed" | "desk_changed" | "device_revoked" | "faq_changed" | "faq_imported" | "faq_removed" | "key_created" | "key_revoked" | "key_rotated" | "notify_changed" | "queue_changed" | "queue_created" | "queue_removed" | "replies_imported" | "reply_changed" | "reply_created" | "reply_removed" | "reports_read" | "robot_changed" | "robot_created" | "robot_removed" | "rules_changed" | "shop_changed" | "shop_created" | "staff_changed" | "staff_invited" | "staff_reset"

/**
 * Somebody who waits to be called back. Their words are the message `seq` of the conversation, of which `text` is the
 * beginning for agents. `contact`: how they want to be reached, in their own words (a telephone number), sealed at rest.
 * `at`: when they left it; `due_at`: when they expect an answer from, the next opening of a desk that was closed (UTC
 * milliseconds).
 */
export interface Callback {
  case_id: string
  conversation_id: string
  shop_id: string
  customer_id: string
  seq: number
  at: number
  due_at: number
  contact?: string
  text?: string
}

/** Those nobody has taken yet, the first due first; at most 200. `users`: the customers. */
export interface Callbacks {
  callbacks: Callback[]
  users?: User[]
}

/**
 * Something of the business: a product, an order, a coupon.
 *
 * `object_type` and `object_id` name the business's object (`product`, `order` …). `picture` is an https
 * link, a path served by the mini program (`/images/…`), or empty. `fallback` is what a client shows that
 * can't draw cards.
 *
 * An `object_type` of `choices` asks something, and its actions have neither `page` nor `url`: a tap says, as a text of
 * the customer, the `value` of the line whose `label` is the action's `id`, or without such a line the action's
 * `label`. What is typed instead is understood as well, so a client that knows nothing of it loses only the tap.
 *
 * In a service conversation a card of `product`, `order` or `coupon` whose object the shop keeps here lives: `card_id` is set,
 * and the server draws all of it but these two names, whoever sends it. When the object changes, the card is edited
 * (`message_edited`); clients can't edit it. `revision` counts the changes, `state` is a code (a product: `on_sale`,
 * `sold_out`, `off_sale`; an order: `proposed`, `unpaid`, `paid`, `shipped`, `received`, `refunded`, `cancelled`; a coupon:
 * `open`, `used`, `ended`), `price` what a product or an order costs and what a coupon takes off. Only an order or a coupon
 * of the conversation's own customer is drawn. What clients send in these fields is thrown away.
 */
export interface Card {
  type: "card"
  title: string
  object_type?: string
  object_id?: string
  picture?: string
  lines?: CardLine[]
  actions?: CardAction[]
  page?: string
  fallback?: string
  card_id?: string
  revision?: number
  state?: string
  price?: Money | null
  offers?: CardOffer[]
}

/** A button of a card. `page` is a path in the mini program, `url` an https link for the web; one of them. */
export interface CardAction {
  id: string
  label: string
  page?: string
  url?: string
}

/** A line of a card: a label and its value, for instance 数量 and ×2. */
export interface CardLine {
  label?: string
  value?: string
}

/**
 * Something the customer can ask for on a card that the server draws: `act_on_card` with its `intent`. `action` is a
 * code (`buy`, `pay`, `change_address`, `confirm_receipt`, `ask_refund`, `use_coupon`, `cancel`) for which clients have
 * words; `label` is for those they don't know. Good once, for this customer, and for a card that stands as it is.
 */
export interface CardOffer {
  action: string
  label?: string
  intent?: string
}

/**
 * One consultation in a service conversation, from opened to resolved.
 *
 * A waiting case stands in `queue_id` (empty: agents pick it) since `queued_at`. While `bot_id` answers it has no place
 * there. A resolved one has an `outcome`: `resolved`, `abandoned` by a customer who gave up, or `callback` where
 * they left a message instead; all can be reopened.
 */
export interface Case {
  id: string
  conversation_id: string
  shop_id: string
  customer_id: string
  status: CaseStatus
  agent_id?: string
  opened_at?: number
  taken_at?: number
  resolved_at?: number
  version?: number
  context?: Record<string, unknown>
  subject?: string
  queue_id?: string
  queued_at?: number
  bot_id?: string
  outcome?: string
  reopened?: number
  reason?: Reason | null
  tags?: string[]
  alarms?: Alarm[]
}

/** A consultation in a service conversation was opened, taken, resolved …; `agent_id` is who has it now. */
export interface CaseChanged {
  type: "case_changed"
  actor_id: string
  case_id: string
  status: string
  agent_id?: string
  quiet?: boolean
  conversation_id: string
  seq: number
  created_at: number
}

/**
 * One change of a case: who (`actor_id`; empty: the desk itself) and when, from whom to whom, from where to where,
 * and why. `seq` is its place in the conversation. `note` was written for colleagues; customers never get it.
 */
export interface CaseEvent {
  case_id: string
  seq: number
  at: number
  kind: CaseEventKind
  actor_id?: string
  agent_id?: string
  former_agent_id?: string
  queue_id?: string
  former_queue_id?: string
  reason?: Reason | null
  note?: string
}

/** What happened to a case. Readers that meet another one show its reason. */
export type CaseEventKind = "abandoned" | "assigned" | "breached" | "handed_over" | "message_left" | "opened" | "overflowed" | "queued" | "rated" | "reopened" | "resolved" | "returned" | "ruled" | "tagged" | "taken" | "transferred" | "warned"

/** What happened to a case, the first first; at most 500 events. */
export interface CaseHistory {
  case: Case
  events: CaseEvent[]
  users?: User[]
}

/** Consultations of one conversation, the latest first. */
export interface CaseList {
  cases: Case[]
  users?: User[]
}

export interface CaseReply {
  case: Case
  view?: ConversationView | null
  users?: User[]
}

export type CaseStatus = "open" | "resolved" | "waiting"

/**
 * I do not look any more into a conversation that I don't belong to: this session gets no more of its pushes.
 * Changes nothing for a member.
 */
export interface CloseConversation {
  type: "close_conversation"
  conversation_id: string
  id: number
}

export type Command = Hello | Resume | Heartbeat | SendMessage | ForwardMessages | EditMessage | RecallMessage | SetReaction | MarkRead | SetTyping | ListConversations | GetConversation | CloseConversation | GetHistory | GetMessages | PullEntries | CreateDirect | CreateGroup | OpenService | ListMembers | AddMembers | RemoveMember | SetMemberRole | UpdateConversation | UpdateInbox | SearchMessages | GetUsers | ListContacts | SetBlock | ReportUser | WatchPresence | WatchDesk | WatchWall | SetCaseTags | TakeCase | ResolveCase | ReopenCase | ListCases | GetWechatContact | TransferCase | OpenCase | GetCaseHistory | SetAgentState | GetWaiting | GetService | SuggestAnswers | RateCase | LeaveLine | LeaveMessage | ListCallbacks | TakeCallback | GetCustomerContext | WriteNote | EditNote | RemoveNote | ListNotes | WatchNotes | TypeNote | ListMentions | ReadMentions | ActOnCard | SearchNotes

export type Content = Text | Image | File | Voice | Video | Location | Card | SystemNotice | Custom | Merged | Encrypted | Unsupported

/**
 * What is the same for everyone in it.
 *
 * Direct conversations have no name: show the peer (`peer_id` of the row's inbox). In a service conversation
 * `customer_id` is the customer and `shop_id` the shop; `case` is the consultation that is open, or the last.
 */
export interface Conversation {
  id: string
  kind: ConversationKind
  head_seq?: number
  head_ordinal?: number
  floor_seq?: number
  created_at?: number
  last_at?: number
  name?: string
  avatar?: string
  shop_id?: string
  customer_id?: string
  member_count?: number
}

/** Name or picture of the conversation is now this (null: unchanged). */
export interface ConversationChanged {
  type: "conversation_changed"
  actor_id: string
  name?: string | null
  avatar?: string | null
  conversation_id: string
  seq: number
  created_at: number
}

export type ConversationKind = "direct" | "group" | "notice" | "room" | "service"

export interface ConversationPage {
  conversations: ConversationView[]
  users?: User[]
  next_cursor?: string
}

/**
 * What a client lacks of one conversation.
 *
 * `reset`: forget the held log of this conversation and start from `entries`, which is then its latest page.
 * `more`: there is more after these entries; pull from the last of them.
 */
export interface ConversationSync {
  conversation_id: string
  head_seq: number
  head_ordinal: number
  floor_seq?: number
  entries?: (MessageSent | MessageEdited | MessageRecalled | ReactionSet | MemberJoined | MemberLeft | MemberChanged | ConversationChanged | CaseChanged | MessagesErased | FloorRaised | EntryHidden)[]
  reset?: boolean
  more?: boolean
}

/** A conversation as its list shows it: the shared part, my part, the last message I may see. */
export interface ConversationView {
  conversation: Conversation
  inbox: Inbox
  last?: MessageSent | null
  case?: Case | null
}

/**
 * The direct conversation with a user, made if there is none. Answered with `Opened`.
 *
 * Errors: `not_found`, `forbidden` (policy: by default customers talk to shops and inside groups, staff to
 * anyone).
 */
export interface CreateDirect {
  type: "create_direct"
  user_id: string
  id: number
}

/**
 * A group with its first members. `member_ids` are without oneself. Answered with `Opened`.
 *
 * Errors: `not_found` (a user), `forbidden` (customers, unless policy allows it), `too_large`.
 */
export interface CreateGroup {
  type: "create_group"
  client_msg_id: string
  name: string
  member_ids: string[]
  join_history?: boolean
  id: number
}

/**
 * The business's own JSON: at most 16 KiB encoded and 32 levels deep, shown by the business's own component, else
 * `fallback`.
 */
export interface Custom {
  type: "custom"
  name: string
  data: Record<string, unknown>
  fallback: string
}

/** What the business's server answered: `sections` of label/value rows, drawn by the desk as they come. */
export interface CustomerContext {
  customer: User
  external_id?: string
  app_name?: string
  case_context?: Record<string, unknown>
  business?: unknown
  business_age_ms?: number
  business_problem?: string
  retry_after_ms?: number
}

/**
 * The cases of a shop that wait or are open, oldest first; after `version` only those changed since. `agents` are
 * those who were ever at a desk, `queues` those of the shop in order; always all of them.
 */
export interface Desk {
  shop_id: string
  version: number
  cases: Case[]
  views?: ConversationView[]
  users?: User[]
  agents?: Agent[]
  queues?: Queue[]
  lines?: Line[]
  tags?: string[]
  unanswered?: Unanswered[]
}

/**
 * Cases of a shop changed from `previous` to `version`; on a mismatch ask `watch_desk` again.
 *
 * `views` are the conversations of these cases, or, with `previous` = `version` and no cases, those in which waiting
 * customers wrote more. Their entries are not pushed to who is no member: pull them if the log is held.
 * `queues` are those of the shop where an administrator changed one: all of them, in order.
 */
export interface DeskChanged {
  type: "desk_changed"
  shop_id: string
  previous: number
  version: number
  cases?: Case[]
  views?: ConversationView[]
  users?: User[]
  queues?: Queue[]
}

/**
 * Replace the content of an own message with content of the same type. Answered with `Appended`.
 *
 * Errors: `not_found`, `forbidden` (not the sender's), `conflict` (recalled; key used otherwise).
 */
export interface EditMessage {
  type: "edit_message"
  conversation_id: string
  client_msg_id: string
  target_seq: number
  content: Text | Image | File | Voice | Video | Location | Card | SystemNotice | Custom | Merged | Encrypted | Unsupported
  mentions?: string[]
  id: number
}

/**
 * Agents: write my note at `seq` anew. Who is mentioned for the first time is told. Answered with `Noted`. Errors:
 * `forbidden` (not mine), `not_found`, `conflict` (removed), `bad_request`.
 */
export interface EditNote {
  type: "edit_note"
  client_msg_id: string
  conversation_id: string
  seq: number
  text: string
  mentions?: string[]
  id: number
}

/** Reserved for end-to-end encryption: a body that the server can't read. Refused for now. */
export interface Encrypted {
  type: "encrypted"
  body: string
}

export type Entry = MessageSent | MessageEdited | MessageRecalled | ReactionSet | MemberJoined | MemberLeft | MemberChanged | ConversationChanged | CaseChanged | MessagesErased | FloorRaised | EntryHidden

/** A seq that exists and is not for this reader (an internal note). It fills the hole and shows nothing. */
export interface EntryHidden {
  type: "entry_hidden"
  conversation_id: string
  seq: number
  created_at: number
}

/** `{code, detail?, data?}`: the same in a reply and in an HTTP answer. `detail` is for developers. */
export interface ErrorBody {
  code: ErrorCode
  detail?: string
  data?: Record<string, unknown>
}

/**
 * What went wrong, in three families.
 *
 * *Refused*: change the request (`bad_request`, `unauthenticated`, `forbidden`, `not_found`, `conflict`,
 * `too_large`). *Busy*: send the same request later with the same key (`rate_limited`, `unavailable`,
 * `timeout`; `data.retry_after_ms` says when). *Broken*: `internal`, with `data.trace_id`.
 */
export type ErrorCode = "bad_request" | "conflict" | "forbidden" | "internal" | "not_found" | "rate_limited" | "timeout" | "too_large" | "unauthenticated" | "unavailable"

/** Any file, always delivered as a download. `name` is shown; the server strips paths and control characters. */
export interface File {
  type: "file"
  media_id: string
  name?: string
  mime?: string
  size?: number
  url?: string
}

/** Everything below `floor_seq` is gone; clients drop it and never treat it as a gap. */
export interface FloorRaised {
  type: "floor_raised"
  floor_seq: number
  conversation_id: string
  seq: number
  created_at: number
}

/**
 * Send messages that one sees in a conversation to another one, word by word as they stand in the log: the server
 * copies them, from what the caller may see at that moment. Answered with `Forwarded`.
 *
 * One by one they arrive as the caller's own messages, in the order of the log, without mentions, quotes and
 * reactions; `merged`, as one message whose content is a `Merged`. Media become readable where they are forwarded
 * to and are not stored twice. What was recalled or erased meanwhile, what one can't see and what the deployment
 * said (`system`) is left out and named in the answer.
 *
 * One by one each message counts for the limit of 40 messages/s. Beyond it the answer is `rate_limited` while some
 * of them may be there already: the same command later, with the same key, goes on where it stopped.
 *
 * Errors: `not_found` (either conversation; nothing of it can be forwarded, with `data.seqs`), `forbidden` (not a
 * member of the target, muted, blocked by the peer), `conflict` (key used otherwise), `too_large` (a bundle above
 * 64 KiB or 3 levels, `data.limit`), `rate_limited`.
 */
export interface ForwardMessages {
  type: "forward_messages"
  conversation_id: string
  seqs: number[]
  to_conversation_id: string
  client_msg_id: string
  merged?: boolean
  id: number
}

/**
 * The copies are in the log of the target, durably: a `Sent` for each in the order of the log, or one for a bundle.
 *
 * `left_out`: the seqs of the source that were not forwarded, since they were recalled, erased, can't be seen or were
 * said by the deployment. The answer to a repeated command may not name them again.
 */
export interface Forwarded {
  sent: Sent[]
  left_out?: number[]
}

/** A note that says what was looked for, and the customer whose conversation it stands in. */
export interface FoundNote {
  note: Note
  customer_id?: string
}

/** A page of them, the newest first. `next_cursor`: ask with it for what is older; empty: that was all. */
export interface FoundNotes {
  notes: FoundNote[]
  users?: User[]
  next_cursor?: string
}

/** Agents: what happened to a case, in order, with reasons and notes. Answered with `CaseHistory`. */
export interface GetCaseHistory {
  type: "get_case_history"
  case_id: string
  id: number
}

/**
 * One conversation with my inbox row. Opening an archived one subscribes to it; so does an agent's look into a
 * conversation of the shop that they do not belong to, until `close_conversation`, the end of the session, or the
 * end of their own case there: ask again after a reconnect.
 */
export interface GetConversation {
  type: "get_conversation"
  conversation_id: string
  id: number
}

/**
 * What the business's own server knows of a customer (profile, cart, orders), through its signed context
 * URL. `language` is what the reader would like the answer in. Answered with `CustomerContext`, also when that
 * server is down (`business_problem`). An answer is remembered for a minute, or until something is said; an older one
 * is given at once, with its age: ask again with `refresh` then, which waits for a new one.
 */
export interface GetCustomerContext {
  type: "get_customer_context"
  conversation_id: string
  language?: string
  refresh?: boolean
  id: number
}

/**
 * Messages in order of their seq: those before the seq `before` (0: from the newest), or, with `after`, those
 * after that seq; `around` a seq gives both sides. Answered with `History`.
 */
export interface GetHistory {
  type: "get_history"
  conversation_id: string
  before?: number
  after?: number
  around?: number
  limit?: number
  id: number
}

/**
 * Messages by seq, in current state and with fresh links; a bundle that is asked for alone comes whole, up to 64 KiB
 * and its links. Those that can't be seen are missing.
 */
export interface GetMessages {
  type: "get_messages"
  conversation_id: string
  seqs: number[]
  id: number
}

/**
 * How it stands with a service conversation: its case, who answers, the place in the line, hours, what can be rated.
 * All that the customer's side shows above the messages, in one answer; ask again after `case_changed`. For the
 * customer and for agents. Answered with `Service`. Errors: `bad_request` (not a service conversation).
 */
export interface GetService {
  type: "get_service"
  conversation_id: string
  id: number
}

/** Users by id; unknown ids are missing in the answer. Answered with `Users`. */
export interface GetUsers {
  type: "get_users"
  user_ids: string[]
  id: number
}

/**
 * Where the customer of a service conversation stands and how long it will take: as of the last commit. Changes come
 * to the customer as `waiting_moved`. For the customer and for agents. Answered with `Waiting`.
 */
export interface GetWaiting {
  type: "get_waiting"
  conversation_id: string
  id: number
}

/**
 * Agents: whether what is said in this service conversation also goes to WeChat's own customer-service chat, and
 * how many messages that takes before the customer writes again. Answered with `WechatContact`; changes come as
 * `wechat_contact_changed`. Errors: `forbidden`, `not_found`, `bad_request` (not a service conversation).
 */
export interface GetWechatContact {
  type: "get_wechat_contact"
  conversation_id: string
  id: number
}

/** Sent after 30 s of silence. Both sides take 45 s of silence for a dead connection. */
export interface Heartbeat {
  type: "heartbeat"
  id: number
}

/**
 * The first command of a connection, within 10 s; also the body of a long poll. Answered with `Welcome`.
 *
 * `token` is a user token signed by the business's server, or an access token of this deployment.
 * `device_id` is made once by the client and kept (up to 64 characters). `epoch` and `user_version` are those
 * of the last answer, null and 0 at first. `known` names up to 200 conversations with the highest seq up to
 * which the client holds everything.
 *
 * Errors: `unauthenticated` (close 4501), `forbidden` (disabled user or device, close 4503), `bad_request`
 * with `data.protocol` (close 4506).
 */
export interface Hello {
  type: "hello"
  protocol: number
  token: string
  device_id: string
  epoch?: string | null
  user_version?: number
  known?: [string, number][]
  platform?: string
  id: number
}

/**
 * Messages in order of seq, in current state. `before` and `after` are what to ask with for the neighbouring
 * pages, 0 where there is none. `head_seq` is the head of the log when this was read: pushes up to it are
 * already in these messages. `notices` are the entries between them that are told in words: who joined, left, got
 * another role, renamed the group; what became of a case. At most the latest 200 of a page.
 */
export interface History {
  messages: MessageSent[]
  before?: number
  after?: number
  head_seq?: number
  users?: User[]
  notices?: (MessageSent | MessageEdited | MessageRecalled | ReactionSet | MemberJoined | MemberLeft | MemberChanged | ConversationChanged | CaseChanged | MessagesErased | FloorRaised | EntryHidden)[]
}

/**
 * A picture. The sender gives only `media_id` (from `POST /v1/media`); the server fills in the rest.
 *
 * `width` and `height` are pixels as displayed, `size` bytes. `url` and `thumb_url` are signed links that
 * expire (within 48 h); a client whose link has expired asks `get_messages` for fresh ones.
 */
export interface Image {
  type: "image"
  media_id: string
  mime?: string
  size?: number
  width?: number
  height?: number
  url?: string
  thumb_url?: string
}

/**
 * What a conversation is to me. `version` is the `user_version` that last changed this row.
 *
 * Unread = `conversation.head_ordinal − read_ordinal`, never below 0. `pinned_at`: UTC milliseconds, 0 not
 * pinned; pinned rows come first, the latest pin on top. `until_seq`: my membership ended there (0: it goes
 * on); nothing above is mine to see. `removed`: the row is gone, forget the conversation.
 */
export interface Inbox {
  conversation_id: string
  version: number
  role?: MemberRole
  peer_id?: string
  from_seq?: number
  until_seq?: number
  read_seq?: number
  read_ordinal?: number
  peer_read_seq?: number
  pinned_at?: number
  muted?: boolean
  marked_unread?: boolean
  archived?: boolean
  blocked?: boolean
  removed?: boolean
}

export interface InboxChanged {
  inbox: Inbox
  user_version: number
}

/**
 * The customer: I do not wait any longer. The case ends as `abandoned`. Answered with `CaseReply`. Errors: `forbidden`,
 * `conflict` with `data.reason` `has_agent` (somebody has taken it).
 */
export interface LeaveLine {
  type: "leave_line"
  case_id: string
  id: number
}

/**
 * The customer: I do not wait for an answer, call me back. `text` becomes a message of mine; the case leaves the line
 * and stands in the list of `list_callbacks` until an agent takes it. Writing on takes it back into the line. `contact`
 * needs `consent` to its being kept for that. Answered with `Callback`.
 *
 * Errors: `forbidden` (another's conversation), `bad_request` (`data.field`: `consent`, `text`), `conflict` with
 * `data.reason` `has_agent` (somebody answers already: just write).
 */
export interface LeaveMessage {
  type: "leave_message"
  client_msg_id: string
  conversation_id: string
  text: string
  contact?: string
  consent?: boolean
  id: number
}

/** What this deployment allows, so that a client can say so before it sends. Sizes in bytes. */
export interface Limits {
  text_length?: number
  frame?: number
  image?: number
  voice_ms?: number
  video?: number
  file?: number
  recall_window_s?: number
  reaction_kinds?: number
}

/**
 * How it stands with a queue: how many wait, since when the first does (UTC milliseconds), how long who came now
 * would wait (-1: nobody can say), and why the first waits.
 */
export interface Line {
  queue_id: string
  waiting?: number
  oldest_at?: number
  expected_ms?: number
  reason?: Reason | null
}

/** To agents who watch a desk: how it stands with these queues of the shop, where it changed. */
export interface LinesMoved {
  type: "lines_moved"
  shop_id: string
  lines: Line[]
}

/**
 * Agents: who waits to be called back. They come and go with `desk_changed`, whose cases have the outcome `callback`.
 * Answered with `Callbacks`.
 */
export interface ListCallbacks {
  type: "list_callbacks"
  shop_id?: string
  id: number
}

/**
 * Agents: the consultations of a service conversation, the latest first, what is resolved too. Answered with
 * `CaseList`. Errors: `forbidden`, `not_found`, `bad_request` (not a service conversation).
 */
export interface ListCases {
  type: "list_cases"
  conversation_id: string
  limit?: number
  id: number
}

/** Staff: colleagues one can write to, by name. Customers get an empty page. Answered with `Users`. */
export interface ListContacts {
  type: "list_contacts"
  query?: string
  limit?: number
  id: number
}

/** My conversations, pinned first, then by last message, newest first. Answered with `ConversationPage`. */
export interface ListConversations {
  type: "list_conversations"
  limit?: number
  cursor?: string
  archived?: boolean
  id: number
}

/**
 * Members of a conversation, by their ids. Answered with `MemberPage`.
 *
 * `query`: only those whose name contains it, whatever the case. A server that does not know it answers with everyone.
 */
export interface ListMembers {
  type: "list_members"
  conversation_id: string
  limit?: number
  cursor?: string
  query?: string
  id: number
}

/** Agents: notes that name me, the newest first, below the time `before` (0: from now). Answered with `Mentions`. */
export interface ListMentions {
  type: "list_mentions"
  before?: number
  limit?: number
  id: number
}

/**
 * Agents: notes of a service conversation. With `changed_after`: those that changed above that seq, the oldest
 * change first; otherwise the latest, or the latest below `before`. Answered with `Notes`.
 */
export interface ListNotes {
  type: "list_notes"
  conversation_id: string
  changed_after?: number
  before?: number
  limit?: number
  id: number
}

/** A point on the map in GCJ-02, the coordinates that `wx.chooseLocation` gives and `wx.openLocation` takes. */
export interface Location {
  type: "location"
  latitude: number
  longitude: number
  name?: string
  address?: string
}

/** A member of a direct or service conversation has read up to `read_seq`. */
export interface MarkMoved {
  type: "mark_moved"
  conversation_id: string
  user_id: string
  read_seq: number
}

/**
 * Move one's read mark up to `seq`; it never moves back. Send at most one per conversation in 2 s, and the last one
 * again after a reconnect that comes within a minute: a server that crashed may have forgotten what it acknowledged.
 */
export interface MarkRead {
  type: "mark_read"
  conversation_id: string
  seq: number
  id: number
}

/** A member with their role; the user is found in `users` of the same answer. */
export interface Member {
  user_id: string
  role: MemberRole
  from_seq?: number
}

/** `user_id` has another role. */
export interface MemberChanged {
  type: "member_changed"
  actor_id: string
  user_id: string
  role: MemberRole
  conversation_id: string
  seq: number
  created_at: number
}

/** `user_id` belongs to the conversation from here on. `actor_id` is who added them (themselves: they joined). */
export interface MemberJoined {
  type: "member_joined"
  actor_id: string
  user_id: string
  role?: MemberRole
  conversation_id: string
  seq: number
  created_at: number
}

/** `user_id` does not belong to it any more, and sees nothing after this entry. */
export interface MemberLeft {
  type: "member_left"
  actor_id: string
  user_id: string
  conversation_id: string
  seq: number
  created_at: number
}

export interface MemberPage {
  members: Member[]
  users?: User[]
  next_cursor?: string
}

/** What a member may do in this conversation. In a service conversation `customer` asks and `agent` answers. */
export type MemberRole = "admin" | "agent" | "customer" | "member" | "owner"

/** A note that names me. `read_at`: when I saw it, 0: not yet. */
export interface Mention {
  note: Note
  customer_id?: string
  read_at?: number
}

/** To an agent: a colleague named me in a note. `unread`: how many such notes I have not seen. */
export interface Mentioned {
  type: "mentioned"
  mention: Mention
  unread: number
  users?: User[]
}

/**
 * Notes that name me, the newest first. `unread`: how many of all I have not seen. `next_before`: ask with it for
 * older ones; 0: there are none.
 */
export interface Mentions {
  mentions: Mention[]
  users?: User[]
  unread?: number
  next_before?: number
}

/**
 * Messages of another conversation, forwarded as one. Only the server makes it (`forward_messages`), so nobody can
 * put words into another's mouth; sent or edited by a client it is refused.
 *
 * `count` (1 to 100) messages, in order; at most 64 KiB encoded and 3 levels deep. Clients make the title: of a
 * `from_kind` of `group` that it is a group's, else from the first two `senders`, who stand in the order in which
 * they first speak.
 *
 * Pushes, pages, search and lists give it in brief: the first 4 senders and items, texts cut to 80 characters, media
 * without links, a bundle in it without items. Only `get_messages` for its one seq gives the whole, with fresh links:
 * ask it when the bundle is opened. `fallback` (up to 200 characters) is what a client shows that can't draw bundles: the first
 * lines in plain text.
 */
export interface Merged {
  type: "merged"
  from_kind: ConversationKind
  count: number
  senders: MergedSender[]
  items: MergedItem[]
  fallback?: string
}

/** One message of a bundle. Of the message only this is copied: no mentions, quote or reactions. */
export interface MergedItem {
  sender?: number
  created_at: number
  content: Text | Image | File | Voice | Video | Location | Card | SystemNotice | Custom | Merged | Encrypted | Unsupported
}

/**
 * Who said something in a bundle, as they were called and looked when it was made. Without an id: readers of the
 * bundle need not be people who may know it.
 */
export interface MergedSender {
  name?: string
  avatar?: string
}

/** The sender replaced content and mentions of `target_seq`; `created_at` becomes its `edited_at`. */
export interface MessageEdited {
  type: "message_edited"
  actor_id: string
  target_seq: number
  content?: Text | Image | File | Voice | Video | Location | Card | SystemNotice | Custom | Merged | Encrypted | Unsupported | null
  mentions?: string[]
  conversation_id: string
  seq: number
  created_at: number
}

/**
 * `target_seq` was taken back by its sender, or removed by someone entitled to. Its content is gone,
 * and with it mentions, quote, reactions and the mark of an edit.
 */
export interface MessageRecalled {
  type: "message_recalled"
  actor_id: string
  target_seq: number
  conversation_id: string
  seq: number
  created_at: number
}

/**
 * A message. Live it is as sent; pulled later it carries its current state.
 *
 * `ordinal` counts countable entries of the conversation; unread = head ordinal − the mark's ordinal. 0 means
 * that this message does not count. `content` is null once the message was recalled or erased.
 * `changed_seq` is the seq of the last entry that changed it (0: none). `client_msg_id` is the sender's key.
 */
export interface MessageSent {
  type: "message_sent"
  sender_id: string
  client_msg_id: string
  ordinal?: number
  content?: Text | Image | File | Voice | Video | Location | Card | SystemNotice | Custom | Merged | Encrypted | Unsupported | null
  mentions?: string[]
  quote?: Quote | null
  changed_seq?: number
  edited_at?: number
  recalled_by?: string
  reactions?: Reaction[]
  conversation_id: string
  seq: number
  created_at: number
}

/** The content of `target_seqs` was erased for good (retention, a person's right). */
export interface MessagesErased {
  type: "messages_erased"
  actor_id: string
  target_seqs: number[]
  conversation_id: string
  seq: number
  created_at: number
}

/**
 * `amount` counts the currency's smallest unit: 12.80 yuan are 1280 of `CNY`, 500 yen are 500 of `JPY`. `currency` is an
 * ISO 4217 code. From 0 to 10^12.
 */
export interface Money {
  amount: number
  currency: string
}

/**
 * What somebody of the staff wrote for colleagues. It stands in the conversation at `seq`, where its log has an
 * `entry_hidden`; of two copies the one with the larger `changed_seq` is the newer.
 *
 * `mentions`: colleagues who were told of it. `whisper_to`: it is a whisper, which only its author, this agent and
 * supervisors (administrators and owners) get. `edited_at`: 0 while it is as first written. `removed_by`: it was taken
 * back, and `text` is empty.
 */
export interface Note {
  conversation_id: string
  seq: number
  changed_seq: number
  created_at: number
  author_id: string
  case_id?: string
  text?: string
  mentions?: string[]
  whisper_to?: string
  edited_at?: number
  removed_by?: string
}

/** To agents who watch the notes of a conversation: a colleague writes one; show it for 6 s or until it is there. */
export interface NoteTyping {
  type: "note_typing"
  conversation_id: string
  user_id: string
}

/** A note as it is after what was asked. */
export interface Noted {
  note: Note
}

/**
 * Notes of a conversation in the order of `seq`, and the people in them. `more`: the page was full, ask on.
 * `changed_seq` is the largest of all that changed before this answer was made: ask with it for what comes later.
 */
export interface Notes {
  notes: Note[]
  users?: User[]
  more?: boolean
  changed_seq?: number
}

/**
 * Begin one more consultation on the thread of a service conversation, with a subject of its own, beside what is
 * open there. For its customer and for agents. Answered with `CaseReply`. Errors: `conflict` (5 are open already).
 */
export interface OpenCase {
  type: "open_case"
  client_msg_id: string
  conversation_id: string
  subject: string
  id: number
}

/**
 * The service conversation of a customer with a shop, made if there is none. Answered with `Opened`.
 *
 * A customer leaves `customer_id` empty; staff name the customer. `context` tells the agent where the customer
 * comes from (`page`, `product_id`, at most 2 KiB and 32 levels deep). Asking opens no case yet: the first message does.
 */
export interface OpenService {
  type: "open_service"
  shop_id?: string
  customer_id?: string
  context?: Record<string, unknown>
  id: number
}

/** A conversation, ready to be shown. `created`: it did not exist before. */
export interface Opened {
  view: ConversationView
  users?: User[]
  created?: boolean
}

/** How a consultation ended: its question was dealt with, or the customer gave up. */
export type Outcome = "abandoned" | "resolved"

/** `seen_at`: when the user was last online, UTC milliseconds, 0 unknown or online. */
export interface Presence {
  user_id: string
  online: boolean
  seen_at?: number
}

export interface PresenceChanged {
  type: "presence_changed"
  user_id: string
  online: boolean
  seen_at?: number
}

export interface Presences {
  presences: Presence[]
}

/**
 * The entries after `after_seq`, at most `limit`. Answered with `ConversationSync`: a gap of more than 200
 * entries is answered with `reset` and the latest page.
 */
export interface PullEntries {
  type: "pull_entries"
  conversation_id: string
  after_seq: number
  limit?: number
  id: number
}

export type Push = UserChanged | MarkMoved | Typing | PresenceChanged | DeskChanged | WechatContactChanged | AgentsChanged | WaitingMoved | LinesMoved | UnansweredChanged | NoteTyping | Mentioned | Whispered | WallChanged | ResumeNeeded | SignedOut | MessageSent | MessageEdited | MessageRecalled | ReactionSet | MemberJoined | MemberLeft | MemberChanged | ConversationChanged | CaseChanged | MessagesErased | FloorRaised | EntryHidden

/**
 * Where cases of a shop wait. Rules are asked in order of `position`, the first that fits takes the case.
 *
 * Agents named in `agents` serve it; with none named, all who have every one of `skills` and, where
 * `match.languages` names some, speak one of them. Each case takes `weight` of an agent's capacity. Where several
 * queues wait for the same agent, larger `urgency` goes first, then who waits longest. Who has waited for
 * `overflow_after_s` in all (0: never) goes on to the queue `overflow_to`, and keeps that time. `target_wait_s`: how
 * long somebody waits here at most, as the shop promises itself (0: nothing); `targets`: what else it does.
 */
export interface Queue {
  name: string
  position?: number
  strategy?: Strategy
  match?: QueueMatch
  skills?: string[]
  agents?: string[]
  urgency?: number
  weight?: number
  overflow_after_s?: number
  overflow_to?: string
  target_wait_s?: number
  targets?: Targets
  id: string
  shop_id: string
}

/**
 * Which cases a queue is for: each list that is not empty must have something that fits. All empty: every case.
 *
 * `languages`: tags such as `zh` or `en-GB`; `zh` fits `zh-CN`. `vip_levels`: of the customer's attributes, as the
 * business's server set them (`vip_level`). `apps`: ids. `pages`: beginnings of the entry page (`page`).
 * `categories`: of the product (`category`).
 */
export interface QueueMatch {
  languages?: string[]
  vip_levels?: number[]
  apps?: string[]
  pages?: string[]
  categories?: string[]
}

/**
 * The message that is answered. Its text is not repeated here, since it may change, be recalled or lie before
 * a reader's joining: show it from the window, or ask `get_messages`, which gives it to who may see it.
 */
export interface Quote {
  seq: number
  sender_id?: string
}

/**
 * The customer: what I think of a consultation that has ended. Says what shall be: another number within the time of
 * `invitation` replaces the former one, the same again changes nothing. `reasons` are ids of the invitation's that fit
 * the stars. `text` is sealed; the customer and agents read it. Answered with `Rating`.
 *
 * Errors: `forbidden` (another's case), `conflict` with `data.reason` `not_ended`, `not_asked` (the shop does not ask
 * after such an end) or `too_late`, `bad_request` (`data.field`: a reason that is not offered for these stars).
 */
export interface RateCase {
  type: "rate_case"
  case_id: string
  stars: number
  reasons?: string[]
  text?: string
  id: number
}

/**
 * What the customer said of one case, the last time they said it. `agent_id` and `queue_id`: whom and where it meant,
 * as the case stood then. `at`: when they said it first, `changed_at`: when last, UTC milliseconds.
 */
export interface Rating {
  case_id: string
  stars: number
  reasons?: string[]
  text?: string
  agent_id?: string
  queue_id?: string
  at?: number
  changed_at?: number
}

/**
 * The customer may rate this case, or change what they said, until `until` (UTC milliseconds). `asks` is false for who
 * has answered already: nobody is asked twice. `reasons` are those that can be tapped.
 */
export interface RatingInvitation {
  case_id: string
  until: number
  asks?: boolean
  reasons?: RatingReason[]
}

/**
 * Something a customer can tap beside the stars. `texts` by language (`zh-CN`, `en`). It is offered to who gives
 * `least` to `most` stars.
 */
export interface RatingReason {
  id: string
  texts: Record<string, string>
  least?: number
  most?: number
}

/** `[emoji, [user_id, …]]`, users in the order in which they reacted. */
export type Reaction = [string, string[]]

/** `actor_id` put (`on`) or removed a reaction on `target_seq`. Setting what is set already changes nothing. */
export interface ReactionSet {
  type: "reaction_set"
  actor_id: string
  target_seq: number
  emoji: string
  on: boolean
  conversation_id: string
  seq: number
  created_at: number
}

/** Agents: I have seen all notes that name me, or those of one conversation. Answered with `Mentions` (the latest). */
export interface ReadMentions {
  type: "read_mentions"
  conversation_id?: string
  id: number
}

/**
 * Why a case is where it is: a code, and the figures behind it. Clients have the words; one that they don't know is
 * shown as its code.
 *
 * Into a queue: `rule` (`by`: what its rule looked at), `default` (a queue without a rule), `no_queue`, `overflow`
 * (`after_s`), `transferred`, `agent_gone`, `reopened`, `handed_over` (by a bot, `why`). To an agent: `round_robin`, `least_loaded`, `weighted`,
 * `last_agent`, `picked`, `transferred`; with `load` before it and `of`, the agent's capacity. Still waiting:
 * `manual`, `nobody_serves`, `nobody_online`, `all_busy`, `closed`. At the end: `by_agent`, `silence` (`bot`: in a case
 * that only a bot had), `inactive` (an agent had it, and nobody spoke for `for_s`), `left` (the customer gave up
 * waiting), `left_message`. Of a rating: `by_customer`, with `stars`, and `before` where they said another number.
 * Of a target that comes near (`target_near`) or was missed (`target_missed`): `target`, `limit_s`, `since`,
 * `in_open_hours`, and with `moved_to` and `queue` where it went on. Of tags (`tags`): `added`, `removed`.
 *
 * By a rule of the shop: `rule_fired` (`rule`: its name, `rule_id`, `when`, `occasion`; `not_done` says why it could
 * not: `agent_gone`, `no_place`, `no_queue`, `too_many_tags`).
 *
 * `why` a bot handed over: `asked`, `not_found`, `not_it` (no to "was this it?"), `not_text`, `keyword`, `too_fast`,
 * `too_long`, `switched_off`; with its `turns` and `misses`, and the `question` of the list that it believed most with
 * that belief's `score` from 0 to 1.
 */
export interface Reason {
  code: string
  data?: Record<string, unknown>
}

/**
 * Take back an own message within the window (2 minutes by default; owners and admins of a group: any
 * time). Answered with `Appended`. Errors: `not_found`, `forbidden` (`data.window_s`).
 */
export interface RecallMessage {
  type: "recall_message"
  conversation_id: string
  client_msg_id: string
  target_seq: number
  id: number
}

/** Remove a user from a group, or leave it (one's own id). The owner can't leave before handing over. */
export interface RemoveMember {
  type: "remove_member"
  conversation_id: string
  client_msg_id: string
  user_id: string
  id: number
}

/** Agents: take my note back; supervisors: anybody's. Its words are gone, its place stays. Answered with `Noted`. */
export interface RemoveNote {
  type: "remove_note"
  client_msg_id: string
  conversation_id: string
  seq: number
  id: number
}

/**
 * Go on with a consultation that has ended; it keeps its history. An agent's: it is mine, as after `take_case`;
 * `force`: although my capacity is used up. The customer's own: it is not solved, and waits again, from now. One that
 * is open already stays as it is. Answered with `CaseReply`.
 *
 * Errors: `forbidden` (another customer's), `conflict` with `data.case_id` when the customer has begun another one
 * since, which stands in its place, with `data.limit` (5 are open already), with `data.reason` `no_place` as with
 * `take_case` or, for the customer, `case_open` (as `data.case_id`) or `too_late` (it ended more than 7 days ago), or
 * with `data.agent_id` when a colleague has it.
 */
export interface ReopenCase {
  type: "reopen_case"
  case_id: string
  force?: boolean
  id: number
}

export interface Reply {
  type: "reply"
  id: number
  ok?: unknown
  error?: ErrorBody | null
}

/** Tell the administrators of a user, with up to 20 messages as evidence that I can see. */
export interface ReportUser {
  type: "report_user"
  client_msg_id: string
  user_id: string
  reason: string
  conversation_id?: string
  seqs?: number[]
  id: number
}

/**
 * The consultation is done, or with `outcome` `abandoned`: the customer is gone. Only its agent or an
 * administrator. `note` is for colleagues; the customer never sees it. Answered with `CaseReply`.
 */
export interface ResolveCase {
  type: "resolve_case"
  case_id: string
  outcome?: Outcome
  note?: string
  id: number
}

/**
 * The same catching up on a living connection: on return to the foreground, every 6 minutes, after
 * `resume_needed`. Answered with `Welcome`. `token` may renew the session's authorization.
 */
export interface Resume {
  type: "resume"
  epoch?: string | null
  user_version?: number
  known?: [string, number][]
  token?: string
  id: number
}

/** The connection could not keep up and pushes were left out: send `resume` now. */
export interface ResumeNeeded {
  type: "resume_needed"
}

export interface SearchHit {
  message: MessageSent
  conversation: Conversation
}

/**
 * Messages that contain every word of `query` (1 to 100 characters), newest first; only what I may see.
 *
 * In one conversation or, left empty, in all of mine. The index lags a second or two. Answered with
 * `SearchPage`.
 */
export interface SearchMessages {
  type: "search_messages"
  query: string
  conversation_id?: string
  limit?: number
  cursor?: string
  id: number
}

/**
 * Agents: notes that contain every word of `query` (1 to 100 characters), newest first, of those that I may see: in
 * one service conversation or, left empty, in all that I belonged to, wrote a note in or was named in. One page looks
 * through a bounded number of notes: with a `next_cursor` there are more, also where it found none. Answered with
 * `FoundNotes`. Errors: `forbidden`, `not_found`, `bad_request` (the cursor).
 */
export interface SearchNotes {
  type: "search_notes"
  query: string
  conversation_id?: string
  limit?: number
  cursor?: string
  id: number
}

/** `lag_ms`: how far the index is behind the log. */
export interface SearchPage {
  hits: SearchHit[]
  users?: User[]
  next_cursor?: string
  lag_ms?: number
}

/**
 * Append a message. Answered with `Sent` after it is durable.
 *
 * `mentions` are user ids in the conversation, or `all`, which in a group is for owner, admins and staff. `quote_seq` is the seq of the message answered.
 *
 * Errors: `not_found` (conversation, quoted message), `forbidden` (not a member any more, muted, blocked by the
 * peer, may not mention all), `conflict` (key used with other content), `too_large`, `bad_request` (content not allowed, unknown or
 * foreign media), `rate_limited` (40 messages/s in one conversation).
 */
export interface SendMessage {
  type: "send_message"
  conversation_id: string
  client_msg_id: string
  content: Text | Image | File | Voice | Video | Location | Card | SystemNotice | Custom | Merged | Encrypted | Unsupported
  mentions?: string[]
  quote_seq?: number
  id: number
}

/** The message is in the log, durably. `user_version` is unchanged by sending. */
export interface Sent {
  seq: number
  ordinal: number
  created_at: number
}

/**
 * How it stands with a service conversation, as of one commit.
 *
 * `case`: the consultation that is open, or the last; null: there was none. `agent`: who has it. `waiting`: the place in
 * the line, and when a desk opens that is closed; `out_of_hours` then says it in the shop's words, by language.
 * `nobody_there`: the desk is open, and none of those who answer is there. `invitation`: the case may be rated;
 * `rating`: what was said of it. `can_reopen`: the case has ended, and `reopen_case` lets it go on. `callback`: a
 * message was left in this case, to be answered later.
 */
export interface Service {
  conversation_id: string
  waiting: Waiting
  case?: Case | null
  agent?: User | null
  out_of_hours?: Record<string, string>
  nobody_there?: boolean
  invitation?: RatingInvitation | null
  rating?: Rating | null
  can_reopen?: boolean
  callback?: Callback | null
}

/**
 * Agents: whether I am given cases. `online`, `busy`, `away` or `offline`; with the first time I am at the desk, as
 * an agent with a capacity of 5. Choosing the same again says that I am there. Answered with `Agent`.
 */
export interface SetAgentState {
  type: "set_agent_state"
  state: AgentState
  id: number
}

/** Block or unblock a user: they can't send to me in our direct conversation any more. */
export interface SetBlock {
  type: "set_block"
  user_id: string
  on: boolean
  id: number
}

/**
 * Agents: call a case something, or no longer; resolved ones too. At most 20 tags a case, 40 characters each; spaces
 * around are cut. Answered with `CaseReply`. Errors: `bad_request` (unprintable), `conflict` (`too_many`).
 */
export interface SetCaseTags {
  type: "set_case_tags"
  case_id: string
  add?: string[]
  remove?: string[]
  id: number
}

/** Make a member admin, member or owner (which makes the old owner an admin). Only the owner may. */
export interface SetMemberRole {
  type: "set_member_role"
  conversation_id: string
  client_msg_id: string
  user_id: string
  role: MemberRole
  id: number
}

/**
 * Put or remove one's reaction. Answered with `Appended`, whose `seq` is 0 if nothing changed.
 *
 * Errors: `not_found`, `bad_request` (not an emoji), `conflict` (more than 20 different on one message).
 */
export interface SetReaction {
  type: "set_reaction"
  conversation_id: string
  client_msg_id: string
  target_seq: number
  emoji: string
  on: boolean
  id: number
}

/** I am writing. At most once per 3 s; shown to others for 6 s; nothing in conversations above 100 members. */
export interface SetTyping {
  type: "set_typing"
  conversation_id: string
  id: number
}

/** This device was signed out (`reason`: `revoked`, `disabled`, `password_changed`). The close follows. */
export interface SignedOut {
  type: "signed_out"
  reason: string
}

/**
 * To whom the next case of a queue goes, of those agents who have a place for it.
 *
 * `round_robin`: who got none for the longest time. `least_loaded`: who has the least to do. `weighted`: who has the
 * smallest part of their capacity in use. `last_agent`: who had this customer's last case; if they can't, as
 * `least_loaded`. `manual`: to nobody; agents pick.
 */
export type Strategy = "last_agent" | "least_loaded" | "manual" | "round_robin" | "weighted"

/**
 * Which of the shop's published answers fit what stands in the field, not sent yet, of a service conversation. For its
 * customer and for agents. `text`: at most 300 characters; of fewer than two nothing is looked for. It is neither
 * stored nor logged. Answered with `SuggestedAnswers`.
 *
 * Ask when nothing was typed for 300 ms, never at each key. One user may ask 20 times at once and then twice a second
 * (`rate_limited`); all who type get a fifth of a core of each server process (`unavailable`). Both name
 * `retry_after_ms`: do without until then. Further errors: `not_found`, `bad_request` (not a service conversation).
 */
export interface SuggestAnswers {
  type: "suggest_answers"
  id: number
  conversation_id: string
  text: string
}

/**
 * A question of the list with its answer, in the language of the text that was found. Pictures and cards of the
 * entry are left out: who sends the question gets them from the bot.
 */
export interface SuggestedAnswer {
  entry_id: string
  question: string
  answer: string
  language: string
}

/**
 * The likeliest first, at most three. `off`: there is nothing to suggest from here, whatever is typed; ask no more
 * while the conversation is open. `human`: said below a question, it brings a person and not the bot; empty where
 * people answer anyway.
 */
export interface SuggestedAnswers {
  answers?: SuggestedAnswer[]
  off?: boolean
  human?: string
}

/**
 * Said by the deployment, not by a person. Clients render `name` with `params` in their own language and
 * fall back to `fallback`. Only the server can send it.
 */
export interface SystemNotice {
  type: "system"
  name: string
  params?: Record<string, string>
  fallback?: string
}

/**
 * Agents: I call this customer back. The case is open and mine; that it is done, `resolve_case` says. Answered with
 * `CaseReply`. Errors: `conflict` with `data.agent_id` (somebody was faster) or `data.reason` `case_open` (the customer
 * has another one open), `no_place`, `gone`.
 */
export interface TakeCallback {
  type: "take_callback"
  case_id: string
  id: number
}

/**
 * Become the agent of a waiting case (or of one's colleague's, with `force`). Answered with `CaseReply`.
 *
 * Errors: `conflict` with `data.agent_id` when somebody was faster, or with `data.reason` `no_place` (`load`,
 * `capacity`) for a case of a queue when my capacity is used up; `force` takes it all the same.
 */
export interface TakeCase {
  type: "take_case"
  case_id: string
  force?: boolean
  id: number
}

/**
 * What a shop promises itself of each case: how soon an agent says something for the first time (`first_reply`),
 * how long somebody stands in a queue until an agent has them (`wait`), how long until the case is resolved
 * (`resolution`).
 */
export type Target = "first_reply" | "resolution" | "wait"

/**
 * What a queue promises beside `target_wait_s`; seconds, 0: nothing. What each of them measures:
 * docs/explanation/service-times.md.
 *
 * `in_open_hours`: only the time in which the shop is open counts. `warn_percent`: agents are warned when so much of a
 * target is used up (0: never). `move_to`: a case that misses a target while it waits goes on to this queue, of larger
 * urgency say, and keeps its time; empty: supervisors are told, and it stays.
 */
export interface Targets {
  first_reply_s?: number
  resolution_s?: number
  in_open_hours?: boolean
  warn_percent?: number
  move_to?: string
}

/** Plain text, shown as written; clients make links of URLs themselves. 1 to 5,000 characters. */
export interface Text {
  type: "text"
  text: string
}

/**
 * Pass a case on: to a colleague (`agent_id`), who must be there and have a place left, or to a queue (`queue_id`),
 * where it stands by the time it has waited since and does not come back to who passed it on. `note` is for
 * colleagues; the customer never sees it. A waiting case may be passed on by any agent, an open one by its own or an
 * administrator. Answered with `CaseReply`.
 *
 * Errors: `bad_request` (one of the two), `forbidden`, `not_found`, `conflict` with `data.reason` `agent_gone` or
 * `no_place` (`load`, `capacity`).
 */
export interface TransferCase {
  type: "transfer_case"
  case_id: string
  agent_id?: string
  queue_id?: string
  note?: string
  id: number
}

/** Agents: I am writing a note; at most once per 3 s. Only colleagues who watch the notes are told. */
export interface TypeNote {
  type: "type_note"
  conversation_id: string
  id: number
}

/** Somebody is writing; show it for 6 s or until their next message. */
export interface Typing {
  type: "typing"
  conversation_id: string
  user_id: string
}

/**
 * Since when the customer of a case is without an answer: `at` is when the first of their words came that its agent has
 * not answered (UTC milliseconds), 0: nothing waits for an answer, or a bot has the case. `ordinal` is that message's,
 * so what the customer said since are about `head_ordinal` - `ordinal` + 1 messages; 0: not known. `seq` is the entry
 * that made it so: of two the one with the larger `seq` is true.
 */
export interface Unanswered {
  case_id: string
  seq?: number
  at?: number
  ordinal?: number
}

/**
 * To agents who watch a desk: in these cases the customer began to be without an answer, or got one. Those of half a
 * second come as one.
 */
export interface UnansweredChanged {
  type: "unanswered_changed"
  shop_id: string
  unanswered: Unanswered[]
}

/** Stands for content that this node can't open (a newer type, or a key that was destroyed). */
export interface Unsupported {
  type: "unsupported"
  fallback?: string
}

/** Rename a group or change its picture. Errors: `forbidden` (only owner and admins). */
export interface UpdateConversation {
  type: "update_conversation"
  conversation_id: string
  client_msg_id: string
  name?: string
  avatar?: string
  id: number
}

/** Change what a conversation is to me; what is left out stays. Answered with `InboxChanged`. */
export interface UpdateInbox {
  type: "update_inbox"
  conversation_id: string
  pinned?: boolean
  muted?: boolean
  marked_unread?: boolean
  archived?: boolean
  id: number
}

/** A person or bot as others see them. `avatar` is a link or empty (draw the initial then). */
export interface User {
  id: string
  kind: UserKind
  name?: string
  avatar?: string
}

/**
 * My rows changed from `previous` to `version`. A client whose `user_version` is not `previous` asks for
 * the changed rows with `resume`; else it replaces these rows and takes `version`. `inboxes` are rows of which
 * only my own part changed (marks, settings); of marks always keep the larger.
 */
export interface UserChanged {
  type: "user_changed"
  previous: number
  version: number
  inboxes?: Inbox[]
  conversations?: ConversationView[]
  users?: User[]
}

export type UserKind = "bot" | "customer" | "staff"

export interface Users {
  users: User[]
}

/** A video (mp4, mov, webm) with a poster frame in `thumb_url`. */
export interface Video {
  type: "video"
  media_id: string
  mime?: string
  size?: number
  width?: number
  height?: number
  duration_ms?: number
  url?: string
  thumb_url?: string
}

/** A voice note, stored as mp3, which every host plays. `waveform` is up to 64 peaks from 0 to 100. */
export interface Voice {
  type: "voice"
  media_id: string
  mime?: string
  size?: number
  duration_ms?: number
  waveform?: number[]
  url?: string
}

/**
 * Where somebody stands. `position` 1 is next; 0: their case stands in no queue, since an agent has it, nobody gives
 * it out, or there is none. `expected_ms`: how long it will take from now, -1 while nobody can say.
 * `opens_at`: the desk is closed, and opens then (UTC milliseconds). `at`: when this held; of two the later one is true.
 */
export interface Waiting {
  conversation_id: string
  case_id?: string
  position?: number
  expected_ms?: number
  opens_at?: number
  at?: number
}

/**
 * To a customer who waits: they stand elsewhere now, or it will take another time. Changes of about two seconds come
 * as one, those at the front of a long queue first; the exact place at any moment is answered to `get_waiting`. That
 * waiting is over, `case_changed` tells.
 */
export interface WaitingMoved {
  type: "waiting_moved"
  waiting: Waiting
}

/**
 * How a shop's desk stands at the moment `at`, as its log tells. Counts of a day are those since `day_at`, midnight
 * by the shop's clock.
 *
 * `with_bot`: cases that a bot answers. `replied`: customers who got their first reply today; `first_reply_ms` is the
 * median of how long it took, -1 without any. `rated`: customers who gave stars today, `rating` their mean. Agents'
 * states and loads come as `agents_changed`.
 */
export interface Wall {
  shop_id: string
  at: number
  day_at: number
  queues?: WallQueue[]
  waiting?: number
  oldest_at?: number
  open?: number
  with_bot?: number
  opened?: number
  resolved?: number
  abandoned?: number
  replied?: number
  first_reply_ms?: number
  breached?: number
  rated?: number
  rating?: number
}

/**
 * To who watches the wall: the desk stands so now. Replaces what was known; who hears nothing for 45 s shows that
 * their figures are old.
 */
export interface WallChanged {
  type: "wall_changed"
  wall: Wall
}

/**
 * One queue on the wall: how many wait, since when the first does (UTC milliseconds, 0: nobody), how many are with an
 * agent, and how many targets were missed today. The one without an id: cases of no queue.
 */
export interface WallQueue {
  queue_id?: string
  name?: string
  waiting?: number
  oldest_at?: number
  open?: number
  breached?: number
  target_wait_s?: number
}

/** `agents` are those who were ever at a desk; `users`: their names and pictures. */
export interface WallReply {
  wall: Wall
  agents?: Agent[]
  users?: User[]
}

/**
 * Agents: the cases that wait or are open, the agents and the queues; and from now on each change as `desk_changed`
 * and `agents_changed`. Answered with `Desk`. Errors: `forbidden`.
 */
export interface WatchDesk {
  type: "watch_desk"
  shop_id?: string
  version?: number
  id: number
}

/**
 * Agents: the latest notes, and from now on, until `close_conversation`, who writes one (`note_typing`). That notes
 * changed, the conversation's own entries tell: at each `entry_hidden` ask `list_notes` with `changed_after`.
 * Answered with `Notes`.
 */
export interface WatchNotes {
  type: "watch_notes"
  conversation_id: string
  limit?: number
  id: number
}

/**
 * Be told whether these users (at most 100, replacing the former list) are online. Answered with
 * `Presences`; changes come as `presence_changed`.
 */
export interface WatchPresence {
  type: "watch_presence"
  user_ids: string[]
  id: number
}

/**
 * Agents: how the whole desk stands, for a screen on the wall; and from now on each change as `wall_changed`, at most
 * once a second, every 15 s without any, and as `agents_changed`. Answered with `WallReply`.
 */
export interface WatchWall {
  type: "watch_wall"
  shop_id?: string
  id: number
}

/**
 * How a customer can be reached in WeChat's chat.
 *
 * `active`: the customer's last sign came from there, so what the shop says in this conversation goes there too.
 * WeChat lets so many messages through as `left`, until `until_at` (UTC milliseconds): 5 within 48 hours of the
 * customer's last message, 2 within a minute of their opening the chat; those that wait are taken off. Beyond that
 * a message is kept in the conversation and shown there as not delivered; nothing sends it later.
 * `deliveries` are the latest 50 messages that were to go there, oldest first.
 */
export interface WechatContact {
  conversation_id: string
  shop_id: string
  active?: boolean
  left?: number
  until_at?: number
  deliveries?: WechatDelivery[]
}

/**
 * To who watches the desk of `contact.shop_id`: a customer came by WeChat's own customer-service chat, something
 * was delivered there, or what may be sent has changed. It replaces what is known of that conversation.
 */
export interface WechatContactChanged {
  type: "wechat_contact_changed"
  contact: WechatContact
}

/**
 * What became of one message of the shop on its way to WeChat.
 *
 * `state`: `waiting`, `sending`, `sent` (WeChat took it) or `not_sent`; treat an unknown one as `waiting`. `reason`
 * says why it is not sent, or why it waits for another attempt: `over_quota`, `window_closed`, `read_in_app`
 * (the customer has seen it in the app), `recalled`, `unsupported` (content that can't be shown there), `too_long`,
 * `user_refuses`, `misconfigured`, `unreachable`, `busy`, `outcome_unknown` (WeChat did not answer: it may have
 * arrived, even twice) and others. `vendor_code` is WeChat's number, 0: it gave none. `at`: since when.
 */
export interface WechatDelivery {
  seq: number
  state: string
  reason?: string
  vendor_code?: number
  at?: number
}

/**
 * The answer to `hello` and `resume`, within a byte budget of 256 KiB.
 *
 * Another `epoch` than the client's: forget everything but the outbox. `conversations` are the rows changed
 * since the client's `user_version` (`inbox.removed`: forget it), or at first the newest page, with
 * `next_cursor` for `list_conversations`. `syncs` has one item per `known` conversation that changed or can't
 * be seen any more; those that don't fit in the budget are named in `pending` and must be pulled.
 * `full`: the rows are the complete first page, replace the list by them.
 */
export interface Welcome {
  user: User
  session_id: string
  epoch: string
  user_version: number
  server_time: number
  full?: boolean
  conversations?: ConversationView[]
  next_cursor?: string
  syncs?: ConversationSync[]
  pending?: string[]
  users?: User[]
  limits?: Limits
  role?: string
}

/**
 * To the agent who has the case: a supervisor said something to them alone, with the customer whose case it is. It
 * stands among the notes of its conversation, too.
 */
export interface Whispered {
  type: "whispered"
  note: Note
  customer_id: string
  users?: User[]
}

/**
 * Agents: write something for colleagues into a service conversation, without belonging to it. The customer never
 * gets it. `mentions` are told, if they may see the conversation. `case_id`: the case it is about; empty: the newest.
 * Answered with `Noted`.
 *
 * `whisper`: for supervisors (administrators and owners); only the agent who has the case, the author and supervisors
 * get it, so it mentions nobody. Errors: `forbidden`, `not_found`, `bad_request` (`data.reason`: `empty`,
 * `not_staff` with `user_ids`, `nobody_to_whisper_to`, `whisper_mentions`).
 */
export interface WriteNote {
  type: "write_note"
  client_msg_id: string
  conversation_id: string
  text: string
  case_id?: string
  mentions?: string[]
  whisper?: boolean
  id: number
}

/** What `ok` of the reply holds, by the command's `type`. */
export interface Replies {
  hello: Welcome
  resume: Welcome
  heartbeat: null
  send_message: Sent
  forward_messages: Forwarded
  edit_message: Appended
  recall_message: Appended
  set_reaction: Appended
  mark_read: null
  set_typing: null
  list_conversations: ConversationPage
  get_conversation: Opened
  close_conversation: null
  get_history: History
  get_messages: History
  pull_entries: ConversationSync
  create_direct: Opened
  create_group: Opened
  open_service: Opened
  list_members: MemberPage
  add_members: Appended
  remove_member: Appended
  set_member_role: Appended
  update_conversation: Appended
  update_inbox: InboxChanged
  search_messages: SearchPage
  get_users: Users
  list_contacts: Users
  set_block: null
  report_user: null
  watch_presence: Presences
  watch_desk: Desk
  watch_wall: WallReply
  set_case_tags: CaseReply
  take_case: CaseReply
  resolve_case: CaseReply
  reopen_case: CaseReply
  list_cases: CaseList
  get_wechat_contact: WechatContact
  transfer_case: CaseReply
  open_case: CaseReply
  get_case_history: CaseHistory
  set_agent_state: Agent
  get_waiting: Waiting
  get_service: Service
  suggest_answers: SuggestedAnswers
  rate_case: Rating
  leave_line: CaseReply
  leave_message: Callback
  list_callbacks: Callbacks
  take_callback: CaseReply
  get_customer_context: CustomerContext
  write_note: Noted
  edit_note: Noted
  remove_note: Noted
  list_notes: Notes
  watch_notes: Notes
  type_note: null
  list_mentions: Mentions
  read_mentions: Mentions
  act_on_card: Appended
  search_notes: FoundNotes
}
