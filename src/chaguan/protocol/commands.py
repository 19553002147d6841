"""Commands: what a client asks. Each is answered by exactly one reply with the same `id`.

`id` is the client's own number for the command, unique while the connection lives. A command that changes
something carries a key (`client_msg_id`, a UUID, best version 7): sent again with the same key it returns the
first result, and with the same key but other content `conflict`. So after a lost connection a client sends
what was not answered once more, unchanged. `set_…`, `mark_…` and `update_inbox` say what shall be, so sending
them twice is harmless by itself.

Any command can fail with `unauthenticated`, `rate_limited`, `unavailable`, `timeout` or `internal`; the
docstrings name the other errors. An id that does not exist and one that the caller may not see give the same
`not_found`.
"""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from chaguan.protocol.callbacks import Contact, LeftText
from chaguan.protocol.content import MAX_MERGED_ITEMS, Content, Id
from chaguan.protocol.conversations import MemberRole
from chaguan.protocol.depth import check_depth
from chaguan.protocol.desk import AgentState, Outcome, Tags
from chaguan.protocol.envelope import Emoji, Ids, Key, Language, Limit, Name, Number, Seq
from chaguan.protocol.note_commands import EditNote as EditNote
from chaguan.protocol.note_commands import ListMentions as ListMentions
from chaguan.protocol.note_commands import ListNotes as ListNotes
from chaguan.protocol.note_commands import ReadMentions as ReadMentions
from chaguan.protocol.note_commands import RemoveNote as RemoveNote
from chaguan.protocol.note_commands import TypeNote as TypeNote
from chaguan.protocol.note_commands import WatchNotes as WatchNotes
from chaguan.protocol.note_commands import WriteNote as WriteNote
from chaguan.protocol.ratings import RatingReasons, RatingText, Stars

PROTOCOL_VERSION = 1


class _Command(Struct, tag_field="type", kw_only=True, omit_defaults=True):
    id: Number


class Hello(_Command, tag="hello"):
    """The first command of a connection, within 10 s; also the body of a long poll. Answered with `Welcome`.

    `token` is a user token signed by the business's server, or an access token of this deployment.
    `device_id` is made once by the client and kept (up to 64 characters). `epoch` and `user_version` are those
    of the last answer, null and 0 at first. `known` names up to 200 conversations with the highest seq up to
    which the client holds everything.

    Errors: `unauthenticated` (close 4501), `forbidden` (disabled user or device, close 4503), `bad_request`
    with `data.protocol` (close 4506).
    """

    protocol: int
    token: Annotated[str, Meta(min_length=1, max_length=4096)]
    device_id: Id
    epoch: str | None = None
    user_version: Seq = 0
    known: Annotated[list[tuple[Id, Seq]], Meta(max_length=200)] = []
    platform: Annotated[str, Meta(max_length=40)] = ""
    """What the device is, for the list of devices: `wechat`, `browser`, `node`, `python` …"""


class Resume(_Command, tag="resume"):
    """The same catching up on a living connection: on return to the foreground, every 6 minutes, after
    `resume_needed`. Answered with `Welcome`. `token` may renew the session's authorization."""

    epoch: str | None = None
    user_version: Seq = 0
    known: Annotated[list[tuple[Id, Seq]], Meta(max_length=200)] = []
    token: Annotated[str, Meta(max_length=4096)] = ""


class Heartbeat(_Command, tag="heartbeat"):
    """Sent after 30 s of silence. Both sides take 45 s of silence for a dead connection."""


class SendMessage(_Command, tag="send_message"):
    """Append a message. Answered with `Sent` after it is durable.

    `mentions` are user ids in the conversation, or `all`, which in a group is for owner, admins and staff. `quote_seq` is the seq of the message answered.

    Errors: `not_found` (conversation, quoted message), `forbidden` (not a member any more, muted, blocked by the
    peer, may not mention all), `conflict` (key used with other content), `too_large`, `bad_request` (content not allowed, unknown or
    foreign media), `rate_limited` (40 messages/s in one conversation).
    """

    conversation_id: Id
    client_msg_id: Key
    content: Content
    mentions: Annotated[list[Id], Meta(max_length=50)] = []
    quote_seq: Seq = 0


class ForwardMessages(_Command, tag="forward_messages"):
    """Send messages that one sees in a conversation to another one, word by word as they stand in the log: the server
    copies them, from what the caller may see at that moment. Answered with `Forwarded`.

    One by one they arrive as the caller's own messages, in the order of the log, without mentions, quotes and
    reactions; `merged`, as one message whose content is a `Merged`. Media become readable where they are forwarded
    to and are not stored twice. What was recalled or erased meanwhile, what one can't see and what the deployment
    said (`system`) is left out and named in the answer.

    One by one each message counts for the limit of 40 messages/s. Beyond it the answer is `rate_limited` while some
    of them may be there already: the same command later, with the same key, goes on where it stopped.

    Errors: `not_found` (either conversation; nothing of it can be forwarded, with `data.seqs`), `forbidden` (not a
    member of the target, muted, blocked by the peer), `conflict` (key used otherwise), `too_large` (a bundle above
    64 KiB or 3 levels, `data.limit`), `rate_limited`.
    """

    conversation_id: Id
    """Where the messages are."""
    seqs: Annotated[list[Seq], Meta(min_length=1, max_length=MAX_MERGED_ITEMS)]
    to_conversation_id: Id
    client_msg_id: Key
    merged: bool = False


class EditMessage(_Command, tag="edit_message"):
    """Replace the content of an own message with content of the same type. Answered with `Appended`.

    Errors: `not_found`, `forbidden` (not the sender's), `conflict` (recalled; key used otherwise)."""

    conversation_id: Id
    client_msg_id: Key
    target_seq: Seq
    content: Content
    mentions: Annotated[list[Id], Meta(max_length=50)] = []


class RecallMessage(_Command, tag="recall_message"):
    """Take back an own message within the window (2 minutes by default; owners and admins of a group: any
    time). Answered with `Appended`. Errors: `not_found`, `forbidden` (`data.window_s`)."""

    conversation_id: Id
    client_msg_id: Key
    target_seq: Seq


class SetReaction(_Command, tag="set_reaction"):
    """Put or remove one's reaction. Answered with `Appended`, whose `seq` is 0 if nothing changed.

    Errors: `not_found`, `bad_request` (not an emoji), `conflict` (more than 20 different on one message)."""

    conversation_id: Id
    client_msg_id: Key
    target_seq: Seq
    emoji: Emoji
    on: bool


class MarkRead(_Command, tag="mark_read"):
    """Move one's read mark up to `seq`; it never moves back. Send at most one per conversation in 2 s."""

    conversation_id: Id
    seq: Seq


class SetTyping(_Command, tag="set_typing"):
    """I am writing. At most once per 3 s; shown to others for 6 s; nothing in conversations above 100 members."""

    conversation_id: Id


class ListConversations(_Command, tag="list_conversations"):
    """My conversations, pinned first, then by last message, newest first. Answered with `ConversationPage`."""

    limit: Limit = 50
    cursor: Annotated[str, Meta(max_length=200)] = ""
    archived: bool = False


class GetConversation(_Command, tag="get_conversation"):
    """One conversation with my inbox row. Opening an archived one subscribes to it; so does an agent's look into a
    conversation of the shop that they do not belong to, until `close_conversation`, the end of the session, or the
    end of their own case there: ask again after a reconnect."""

    conversation_id: Id


class CloseConversation(_Command, tag="close_conversation"):
    """I do not look any more into a conversation that I don't belong to: this session gets no more of its pushes.
    Changes nothing for a member."""

    conversation_id: Id


class GetHistory(_Command, tag="get_history"):
    """Messages in order of their seq: those before the seq `before` (0: from the newest), or, with `after`, those
    after that seq; `around` a seq gives both sides. Answered with `History`."""

    conversation_id: Id
    before: Seq = 0
    after: Seq | UnsetType = UNSET
    around: Seq = 0
    limit: Limit = 30


class GetMessages(_Command, tag="get_messages"):
    """Messages by seq, in current state and with fresh links; a bundle that is asked for alone comes whole, up to 64 KiB
    and its links. Those that can't be seen are missing."""

    conversation_id: Id
    seqs: Annotated[list[Seq], Meta(max_length=50)]


class PullEntries(_Command, tag="pull_entries"):
    """The entries after `after_seq`, at most `limit`. Answered with `ConversationSync`: a gap of more than 200
    entries is answered with `reset` and the latest page."""

    conversation_id: Id
    after_seq: Seq
    limit: Limit = 200


class CreateDirect(_Command, tag="create_direct"):
    """The direct conversation with a user, made if there is none. Answered with `Opened`.

    Errors: `not_found`, `forbidden` (policy: by default customers talk to shops and inside groups, staff to
    anyone)."""

    user_id: Id


class CreateGroup(_Command, tag="create_group"):
    """A group with its first members. `member_ids` are without oneself. Answered with `Opened`.

    Errors: `not_found` (a user), `forbidden` (customers, unless policy allows it), `too_large`."""

    client_msg_id: Key
    name: Name
    member_ids: Ids
    join_history: bool = False
    """True: who joins later sees everything from the start; false: from their joining on."""


class OpenService(_Command, tag="open_service"):
    """The service conversation of a customer with a shop, made if there is none. Answered with `Opened`.

    A customer leaves `customer_id` empty; staff name the customer. `context` tells the agent where the customer
    comes from (`page`, `product_id`, at most 2 KiB and 32 levels deep). Asking opens no case yet: the first message does.
    """

    shop_id: Annotated[str, Meta(max_length=64)] = ""
    """Empty: the shop of the app, or the only one."""
    customer_id: Annotated[str, Meta(max_length=64)] = ""
    context: dict[str, Any] = {}

    def __post_init__(self) -> None:
        check_depth(self.context)


class ListMembers(_Command, tag="list_members"):
    """Members of a conversation. Answered with `MemberPage`."""

    conversation_id: Id
    limit: Limit = 100
    cursor: Annotated[str, Meta(max_length=200)] = ""


class AddMembers(_Command, tag="add_members"):
    """Add users to a group. Errors: `forbidden` (only owner and admins), `not_found`, `too_large`."""

    conversation_id: Id
    client_msg_id: Key
    user_ids: Annotated[list[Id], Meta(min_length=1, max_length=200)]


class RemoveMember(_Command, tag="remove_member"):
    """Remove a user from a group, or leave it (one's own id). The owner can't leave before handing over."""

    conversation_id: Id
    client_msg_id: Key
    user_id: Id


class SetMemberRole(_Command, tag="set_member_role"):
    """Make a member admin, member or owner (which makes the old owner an admin). Only the owner may."""

    conversation_id: Id
    client_msg_id: Key
    user_id: Id
    role: MemberRole


class UpdateConversation(_Command, tag="update_conversation"):
    """Rename a group or change its picture. Errors: `forbidden` (only owner and admins)."""

    conversation_id: Id
    client_msg_id: Key
    name: Name | UnsetType = UNSET
    avatar: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    """A `media_id`, or empty for none."""


class UpdateInbox(_Command, tag="update_inbox"):
    """Change what a conversation is to me; what is left out stays. Answered with `InboxChanged`."""

    conversation_id: Id
    pinned: bool | UnsetType = UNSET
    muted: bool | UnsetType = UNSET
    marked_unread: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class SearchMessages(_Command, tag="search_messages"):
    """Messages that contain every word of `query` (1 to 100 characters), newest first; only what I may see.

    In one conversation or, left empty, in all of mine. The index lags a second or two. Answered with
    `SearchPage`."""

    query: Annotated[str, Meta(min_length=1, max_length=100)]
    conversation_id: Annotated[str, Meta(max_length=64)] = ""
    limit: Annotated[int, Meta(ge=1, le=50)] = 20
    cursor: Annotated[str, Meta(max_length=200)] = ""


class GetUsers(_Command, tag="get_users"):
    """Users by id; unknown ids are missing in the answer. Answered with `Users`."""

    user_ids: Ids


class ListContacts(_Command, tag="list_contacts"):
    """Staff: colleagues one can write to, by name. Customers get an empty page. Answered with `Users`."""

    query: Annotated[str, Meta(max_length=100)] = ""
    limit: Limit = 100


class SetBlock(_Command, tag="set_block"):
    """Block or unblock a user: they can't send to me in our direct conversation any more."""

    user_id: Id
    on: bool


class ReportUser(_Command, tag="report_user"):
    """Tell the administrators of a user, with up to 20 messages as evidence that I can see."""

    client_msg_id: Key
    user_id: Id
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    conversation_id: Annotated[str, Meta(max_length=64)] = ""
    seqs: Annotated[list[Seq], Meta(max_length=20)] = []


class WatchPresence(_Command, tag="watch_presence"):
    """Be told whether these users (at most 100, replacing the former list) are online. Answered with
    `Presences`; changes come as `presence_changed`."""

    user_ids: Annotated[list[Id], Meta(max_length=100)]


class WatchDesk(_Command, tag="watch_desk"):
    """Agents: the cases that wait or are open, the agents and the queues; and from now on each change as `desk_changed`
    and `agents_changed`. Answered with `Desk`. Errors: `forbidden`."""

    shop_id: Annotated[str, Meta(max_length=64)] = ""
    version: Seq = 0


class TakeCase(_Command, tag="take_case"):
    """Become the agent of a waiting case (or of one's colleague's, with `force`). Answered with `CaseReply`.

    Errors: `conflict` with `data.agent_id` when somebody was faster, or with `data.reason` `no_place` (`load`,
    `capacity`) for a case of a queue when my capacity is used up; `force` takes it all the same."""

    case_id: Id
    force: bool = False


class ResolveCase(_Command, tag="resolve_case"):
    """The consultation is done, or with `outcome` `abandoned`: the customer is gone. Only its agent or an
    administrator. `note` is for colleagues; the customer never sees it. Answered with `CaseReply`."""

    case_id: Id
    outcome: Outcome = Outcome.resolved
    note: Annotated[str, Meta(max_length=2_000)] = ""


class ReopenCase(_Command, tag="reopen_case"):
    """Go on with a consultation that has ended; it keeps its history. An agent's: it is mine, as after `take_case`;
    `force`: although my capacity is used up. The customer's own: it is not solved, and waits again, from now. One that
    is open already stays as it is. Answered with `CaseReply`.

    Errors: `forbidden` (another customer's), `conflict` with `data.case_id` when the customer has begun another one
    since, which stands in its place, with `data.limit` (5 are open already), with `data.reason` `no_place` as with
    `take_case` or, for the customer, `case_open` (as `data.case_id`) or `too_late` (it ended more than 7 days ago), or
    with `data.agent_id` when a colleague has it."""

    case_id: Id
    force: bool = False


class ListCases(_Command, tag="list_cases"):
    """Agents: the consultations of a service conversation, the latest first, what is resolved too. Answered with
    `CaseList`. Errors: `forbidden`, `not_found`, `bad_request` (not a service conversation)."""

    conversation_id: Id
    limit: Limit = 50


class GetWechatContact(_Command, tag="get_wechat_contact"):
    """Agents: whether what is said in this service conversation also goes to WeChat's own customer-service chat, and
    how many messages that takes before the customer writes again. Answered with `WechatContact`; changes come as
    `wechat_contact_changed`. Errors: `forbidden`, `not_found`, `bad_request` (not a service conversation)."""

    conversation_id: Id


class TransferCase(_Command, tag="transfer_case"):
    """Pass a case on: to a colleague (`agent_id`), who must be there and have a place left, or to a queue (`queue_id`),
    where it stands by the time it has waited since and does not come back to who passed it on. `note` is for
    colleagues; the customer never sees it. A waiting case may be passed on by any agent, an open one by its own or an
    administrator. Answered with `CaseReply`.

    Errors: `bad_request` (one of the two), `forbidden`, `not_found`, `conflict` with `data.reason` `agent_gone` or
    `no_place` (`load`, `capacity`)."""

    case_id: Id
    agent_id: Annotated[str, Meta(max_length=64)] = ""
    queue_id: Annotated[str, Meta(max_length=64)] = ""
    note: Annotated[str, Meta(max_length=2_000)] = ""


class OpenCase(_Command, tag="open_case"):
    """Begin one more consultation on the thread of a service conversation, with a subject of its own, beside what is
    open there. For its customer and for agents. Answered with `CaseReply`. Errors: `conflict` (5 are open already)."""

    client_msg_id: Key
    conversation_id: Id
    subject: Annotated[str, Meta(min_length=1, max_length=100)]


class SetCaseTags(_Command, tag="set_case_tags"):
    """Agents: call a case something, or no longer; resolved ones too. At most 20 tags a case, 40 characters each; spaces
    around are cut. Answered with `CaseReply`. Errors: `bad_request` (unprintable), `conflict` (`too_many`)."""

    case_id: Id
    add: Tags = []
    remove: Tags = []


class WatchWall(_Command, tag="watch_wall"):
    """Agents: how the whole desk stands, for a screen on the wall; and from now on each change as `wall_changed`, at most
    once a second, every 15 s without any, and as `agents_changed`. Answered with `WallReply`."""

    shop_id: Annotated[str, Meta(max_length=64)] = ""


class GetCaseHistory(_Command, tag="get_case_history"):
    """Agents: what happened to a case, in order, with reasons and notes. Answered with `CaseHistory`."""

    case_id: Id


class GetWaiting(_Command, tag="get_waiting"):
    """Where the customer of a service conversation stands and how long it will take: as of the last commit. Changes come
    to the customer as `waiting_moved`. For the customer and for agents. Answered with `Waiting`."""

    conversation_id: Id


class GetService(_Command, tag="get_service"):
    """How it stands with a service conversation: its case, who answers, the place in the line, hours, what can be rated.
    All that the customer's side shows above the messages, in one answer; ask again after `case_changed`. For the
    customer and for agents. Answered with `Service`. Errors: `bad_request` (not a service conversation)."""

    conversation_id: Id


class RateCase(_Command, tag="rate_case"):
    """The customer: what I think of a consultation that has ended. Says what shall be: another number within the time of
    `invitation` replaces the former one, the same again changes nothing. `reasons` are ids of the invitation's that fit
    the stars. `text` is sealed; the customer and agents read it. Answered with `Rating`.

    Errors: `forbidden` (another's case), `conflict` with `data.reason` `not_ended`, `not_asked` (the shop does not ask
    after such an end) or `too_late`, `bad_request` (`data.field`: a reason that is not offered for these stars)."""

    case_id: Id
    stars: Stars
    reasons: RatingReasons = []
    text: RatingText = ""


class LeaveLine(_Command, tag="leave_line"):
    """The customer: I do not wait any longer. The case ends as `abandoned`. Answered with `CaseReply`. Errors: `forbidden`,
    `conflict` with `data.reason` `has_agent` (somebody has taken it)."""

    case_id: Id


class LeaveMessage(_Command, tag="leave_message"):
    """The customer: I do not wait for an answer, call me back. `text` becomes a message of mine; the case leaves the line
    and stands in the list of `list_callbacks` until an agent takes it. Writing on takes it back into the line. `contact`
    needs `consent` to its being kept for that. Answered with `Callback`.

    Errors: `forbidden` (another's conversation), `bad_request` (`data.field`: `consent`, `text`), `conflict` with
    `data.reason` `has_agent` (somebody answers already: just write)."""

    client_msg_id: Key
    conversation_id: Id
    text: LeftText
    contact: Contact = ""
    consent: bool = False


class ListCallbacks(_Command, tag="list_callbacks"):
    """Agents: who waits to be called back. They come and go with `desk_changed`, whose cases have the outcome `callback`.
    Answered with `Callbacks`."""

    shop_id: Annotated[str, Meta(max_length=64)] = ""


class TakeCallback(_Command, tag="take_callback"):
    """Agents: I call this customer back. The case is open and mine; that it is done, `resolve_case` says. Answered with
    `CaseReply`. Errors: `conflict` with `data.agent_id` (somebody was faster) or `data.reason` `case_open` (the customer
    has another one open), `no_place`, `gone`."""

    case_id: Id


class SetAgentState(_Command, tag="set_agent_state"):
    """Agents: whether I am given cases. `online`, `busy`, `away` or `offline`; with the first time I am at the desk, as
    an agent with a capacity of 5. Choosing the same again says that I am there. Answered with `Agent`."""

    state: AgentState


class GetCustomerContext(_Command, tag="get_customer_context"):
    """What the business's own server knows of a customer (profile, cart, orders), through its signed context
    URL. `language` is what the reader would like the answer in. Answered with `CustomerContext`, also when that
    server is down (`business_problem`). An answer is remembered for a minute, or until something is said; an older one
    is given at once, with its age: ask again with `refresh` then, which waits for a new one."""

    conversation_id: Id
    language: Language = ""
    refresh: bool = False


Command = (
    Hello
    | Resume
    | Heartbeat
    | SendMessage
    | ForwardMessages
    | EditMessage
    | RecallMessage
    | SetReaction
    | MarkRead
    | SetTyping
    | ListConversations
    | GetConversation
    | CloseConversation
    | GetHistory
    | GetMessages
    | PullEntries
    | CreateDirect
    | CreateGroup
    | OpenService
    | ListMembers
    | AddMembers
    | RemoveMember
    | SetMemberRole
    | UpdateConversation
    | UpdateInbox
    | SearchMessages
    | GetUsers
    | ListContacts
    | SetBlock
    | ReportUser
    | WatchPresence
    | WatchDesk
    | WatchWall
    | SetCaseTags
    | TakeCase
    | ResolveCase
    | ReopenCase
    | ListCases
    | GetWechatContact
    | TransferCase
    | OpenCase
    | GetCaseHistory
    | SetAgentState
    | GetWaiting
    | GetService
    | RateCase
    | LeaveLine
    | LeaveMessage
    | ListCallbacks
    | TakeCallback
    | GetCustomerContext
    | WriteNote
    | EditNote
    | RemoveNote
    | ListNotes
    | WatchNotes
    | TypeNote
    | ListMentions
    | ReadMentions
)
