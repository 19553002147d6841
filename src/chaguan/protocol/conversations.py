"""Users, conversations, members, inbox rows, cases: the rows a client holds beside the logs."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from chaguan.protocol.desk import Alarm, Reason


class UserKind(StrEnum):
    customer = "customer"
    staff = "staff"
    bot = "bot"


class ConversationKind(StrEnum):
    direct = "direct"
    group = "group"
    service = "service"
    room = "room"
    notice = "notice"


class MemberRole(StrEnum):
    """What a member may do in this conversation. In a service conversation `customer` asks and `agent` answers."""

    owner = "owner"
    admin = "admin"
    member = "member"
    customer = "customer"
    agent = "agent"


class User(Struct, omit_defaults=True):
    """A person or bot as others see them. `avatar` is a link or empty (draw the initial then)."""

    id: str
    kind: UserKind
    name: str = ""
    avatar: str = ""


class Conversation(Struct, omit_defaults=True, kw_only=True):
    """What is the same for everyone in it.

    Direct conversations have no name: show the peer (`peer_id` of the row's inbox). In a service conversation
    `customer_id` is the customer and `shop_id` the shop; `case` is the consultation that is open, or the last.
    """

    id: str
    kind: ConversationKind
    head_seq: int = 0
    head_ordinal: int = 0
    floor_seq: int = 0
    """Entries below it don't exist any more. 0: the log is whole."""
    created_at: int = 0
    last_at: int = 0
    """UTC milliseconds of the last countable entry; lists are ordered by it, newest first."""
    name: str = ""
    avatar: str = ""
    shop_id: str = ""
    customer_id: str = ""
    member_count: int = 0


class Inbox(Struct, omit_defaults=True, kw_only=True):
    """What a conversation is to me. `version` is the `user_version` that last changed this row.

    Unread = `conversation.head_ordinal − read_ordinal`, never below 0. `pinned_at`: UTC milliseconds, 0 not
    pinned; pinned rows come first, the latest pin on top. `until_seq`: my membership ended there (0: it goes
    on); nothing above is mine to see. `removed`: the row is gone, forget the conversation.
    """

    conversation_id: str
    version: int
    role: MemberRole = MemberRole.member
    peer_id: str = ""
    from_seq: int = 1
    until_seq: int = 0
    read_seq: int = 0
    read_ordinal: int = 0
    peer_read_seq: int = 0
    """How far the others have read, in direct and service conversations (the furthest of them)."""
    pinned_at: int = 0
    muted: bool = False
    marked_unread: bool = False
    archived: bool = False
    blocked: bool = False
    """I blocked the peer of this direct conversation."""
    removed: bool = False


class Member(Struct, omit_defaults=True):
    """A member with their role; the user is found in `users` of the same answer."""

    user_id: str
    role: MemberRole
    from_seq: int = 1


class CaseStatus(StrEnum):
    waiting = "waiting"
    open = "open"
    resolved = "resolved"


class Case(Struct, omit_defaults=True, kw_only=True):
    """One consultation in a service conversation, from opened to resolved.

    A waiting case stands in `queue_id` (empty: agents pick it) since `queued_at`. While `bot_id` answers it has no place
    there. A resolved one has an `outcome`: `resolved`, `abandoned` by a customer who gave up, or `callback` where
    they left a message instead; all can be reopened.
    """

    id: str
    conversation_id: str
    shop_id: str
    customer_id: str
    status: CaseStatus
    agent_id: str = ""
    opened_at: int = 0
    taken_at: int = 0
    resolved_at: int = 0
    version: int = 0
    """Orders the changes of one shop's desk; see `desk_changed`."""
    context: dict[str, Any] = {}
    """Where the customer came from: `page`, `product_id`, `category`, `language`, at most 2 KiB of their own words; and
    `app_id`, which is the deployment's."""
    subject: str = ""
    """What it is about, where a thread has several; the case that a message opened has none."""
    queue_id: str = ""
    queued_at: int = 0
    bot_id: str = ""
    outcome: str = ""
    reopened: int = 0
    """How often."""
    reason: Reason | None = None
    """Why it is where it is."""
    tags: list[str] = []
    """What agents call it, in the order they did."""
    alarms: list[Alarm] = []
    """Targets of its queue that came near or were missed, the last of each."""
