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

from chaguan.protocol.card_commands import ActOnCard as ActOnCard
from chaguan.protocol.content import MAX_MERGED_ITEMS, Content, Id
from chaguan.protocol.conversations import MemberRole
from chaguan.protocol.depth import check_depth
from chaguan.protocol.desk_commands import GetCaseHistory as GetCaseHistory
from chaguan.protocol.desk_commands import GetCustomerContext as GetCustomerContext
from chaguan.protocol.desk_commands import GetService as GetService
from chaguan.protocol.desk_commands import GetWaiting as GetWaiting
from chaguan.protocol.desk_commands import GetWechatContact as GetWechatContact
from chaguan.protocol.desk_commands import LeaveLine as LeaveLine
from chaguan.protocol.desk_commands import LeaveMessage as LeaveMessage
from chaguan.protocol.desk_commands import ListCallbacks as ListCallbacks
from chaguan.protocol.desk_commands import ListCases as ListCases
from chaguan.protocol.desk_commands import OpenCase as OpenCase
from chaguan.protocol.desk_commands import RateCase as RateCase
from chaguan.protocol.desk_commands import ReopenCase as ReopenCase
from chaguan.protocol.desk_commands import ResolveCase as ResolveCase
from chaguan.protocol.desk_commands import SetAgentState as SetAgentState
from chaguan.protocol.desk_commands import SetCaseTags as SetCaseTags
from chaguan.protocol.desk_commands import TakeCallback as TakeCallback
from chaguan.protocol.desk_commands import TakeCase as TakeCase
from chaguan.protocol.desk_commands import TransferCase as TransferCase
from chaguan.protocol.desk_commands import WatchDesk as WatchDesk
from chaguan.protocol.desk_commands import WatchWall as WatchWall
from chaguan.protocol.envelope import Emoji, Ids, Key, Limit, Name, Number, Seq
from chaguan.protocol.note_commands import EditNote as EditNote
from chaguan.protocol.note_commands import ListMentions as ListMentions
from chaguan.protocol.note_commands import ListNotes as ListNotes
from chaguan.protocol.note_commands import ReadMentions as ReadMentions
from chaguan.protocol.note_commands import RemoveNote as RemoveNote
from chaguan.protocol.note_commands import SearchNotes as SearchNotes
from chaguan.protocol.note_commands import TypeNote as TypeNote
from chaguan.protocol.note_commands import WatchNotes as WatchNotes
from chaguan.protocol.note_commands import WriteNote as WriteNote
from chaguan.protocol.suggestions import SuggestAnswers as SuggestAnswers

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
    """Move one's read mark up to `seq`; it never moves back. Send at most one per conversation in 2 s, and the last one
    again after a reconnect that comes within a minute: a server that crashed may have forgotten what it acknowledged."""

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
    """Members of a conversation, by their ids. Answered with `MemberPage`.

    `query`: only those whose name contains it, whatever the case. A server that does not know it answers with everyone.
    """

    conversation_id: Id
    limit: Limit = 100
    cursor: Annotated[str, Meta(max_length=200)] = ""
    query: Annotated[str, Meta(max_length=100)] = ""


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
    | SuggestAnswers
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
    | ActOnCard
    | SearchNotes
)
