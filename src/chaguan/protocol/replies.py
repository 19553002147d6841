"""Replies: `{"type": "reply", "id": …, "ok": …}` or `{"type": "reply", "id": …, "error": {code, detail, data}}`.

`ok` is one of the Structs below, by command; `null` where a command's docstring names none.
"""

from typing import Any

from msgspec import Struct

from chaguan.protocol.conversations import Case, Conversation, Inbox, Member, User
from chaguan.protocol.desk import Agent, CaseEvent, Line, Queue, Unanswered, Wall
from chaguan.protocol.entries import Entry, MessageSent
from chaguan.protocol.errors import ErrorBody


class Reply(Struct, tag="reply", tag_field="type", omit_defaults=True):
    id: int
    ok: Any = None
    error: ErrorBody | None = None


class ConversationView(Struct, omit_defaults=True):
    """A conversation as its list shows it: the shared part, my part, the last message I may see."""

    conversation: Conversation
    inbox: Inbox
    last: MessageSent | None = None
    case: Case | None = None


class ConversationSync(Struct, omit_defaults=True, kw_only=True):
    """What a client lacks of one conversation.

    `reset`: forget the held log of this conversation and start from `entries`, which is then its latest page.
    `more`: there is more after these entries; pull from the last of them.
    """

    conversation_id: str
    head_seq: int
    head_ordinal: int
    floor_seq: int = 0
    entries: list[Entry] = []
    reset: bool = False
    more: bool = False


class Limits(Struct, omit_defaults=True, frozen=True):
    """What this deployment allows, so that a client can say so before it sends. Sizes in bytes."""

    text_length: int = 5_000
    frame: int = 65_536
    image: int = 20 * 1024 * 1024
    voice_ms: int = 60_000
    video: int = 100 * 1024 * 1024
    file: int = 100 * 1024 * 1024
    recall_window_s: int = 120
    reaction_kinds: int = 20


class Welcome(Struct, omit_defaults=True, kw_only=True):
    """The answer to `hello` and `resume`, within a byte budget of 256 KiB.

    Another `epoch` than the client's: forget everything but the outbox. `conversations` are the rows changed
    since the client's `user_version` (`inbox.removed`: forget it), or at first the newest page, with
    `next_cursor` for `list_conversations`. `syncs` has one item per `known` conversation that changed or can't
    be seen any more; those that don't fit in the budget are named in `pending` and must be pulled.
    `full`: the rows are the complete first page, replace the list by them.
    """

    user: User
    session_id: str
    epoch: str
    user_version: int
    server_time: int
    full: bool = False
    conversations: list[ConversationView] = []
    next_cursor: str = ""
    syncs: list[ConversationSync] = []
    pending: list[str] = []
    users: list[User] = []
    limits: Limits = Limits()
    role: str = ""
    """Staff only: `owner`, `admin`, `agent` or `member`."""


class Sent(Struct, omit_defaults=True):
    """The message is in the log, durably. `user_version` is unchanged by sending."""

    seq: int
    ordinal: int
    created_at: int


class Forwarded(Struct, omit_defaults=True):
    """The copies are in the log of the target, durably: a `Sent` for each in the order of the log, or one for a bundle.

    `left_out`: the seqs of the source that were not forwarded, since they were recalled, erased, can't be seen or were
    said by the deployment. The answer to a repeated command may not name them again.
    """

    sent: list[Sent]
    left_out: list[int] = []


class Appended(Struct, omit_defaults=True):
    """The entry is in the log. `seq` 0: there was nothing to change."""

    seq: int
    created_at: int = 0


class ConversationPage(Struct, omit_defaults=True):
    conversations: list[ConversationView]
    users: list[User] = []
    next_cursor: str = ""


class Opened(Struct, omit_defaults=True):
    """A conversation, ready to be shown. `created`: it did not exist before."""

    view: ConversationView
    users: list[User] = []
    created: bool = False


class History(Struct, omit_defaults=True):
    """Messages in order of seq, in current state. `before` and `after` are what to ask with for the neighbouring
    pages, 0 where there is none. `head_seq` is the head of the log when this was read: pushes up to it are
    already in these messages. `notices` are the entries between them that are told in words: who joined, left, got
    another role, renamed the group; what became of a case. At most the latest 200 of a page."""

    messages: list[MessageSent]
    before: int = 0
    after: int = 0
    head_seq: int = 0
    users: list[User] = []
    notices: list[Entry] = []


class MemberPage(Struct, omit_defaults=True):
    members: list[Member]
    users: list[User] = []
    next_cursor: str = ""


class InboxChanged(Struct, omit_defaults=True):
    inbox: Inbox
    user_version: int


class SearchHit(Struct, omit_defaults=True):
    message: MessageSent
    conversation: Conversation


class SearchPage(Struct, omit_defaults=True):
    """`lag_ms`: how far the index is behind the log."""

    hits: list[SearchHit]
    users: list[User] = []
    next_cursor: str = ""
    lag_ms: int = 0


class Users(Struct, omit_defaults=True):
    users: list[User]


class Presence(Struct, omit_defaults=True):
    """`seen_at`: when the user was last online, UTC milliseconds, 0 unknown or online."""

    user_id: str
    online: bool
    seen_at: int = 0


class Presences(Struct, omit_defaults=True):
    presences: list[Presence]


class CaseReply(Struct, omit_defaults=True):
    case: Case
    view: ConversationView | None = None
    users: list[User] = []


class Desk(Struct, omit_defaults=True):
    """The cases of a shop that wait or are open, oldest first; after `version` only those changed since. `agents` are
    those who were ever at a desk, `queues` those of the shop in order; always all of them."""

    shop_id: str
    version: int
    cases: list[Case]
    views: list[ConversationView] = []
    users: list[User] = []
    agents: list[Agent] = []
    queues: list[Queue] = []
    lines: list[Line] = []
    """How it stands with each of the queues."""
    tags: list[str] = []
    """What agents of this shop called cases last, at most 100, for suggestions."""
    unanswered: list[Unanswered] = []
    """Of all cases that go on; of which it is not said, nothing waits for an answer."""


class WallReply(Struct, omit_defaults=True):
    """`agents` are those who were ever at a desk; `users`: their names and pictures."""

    wall: Wall
    agents: list[Agent] = []
    users: list[User] = []


class CaseList(Struct, omit_defaults=True):
    """Consultations of one conversation, the latest first."""

    cases: list[Case]
    users: list[User] = []
    """Their agents."""


class CaseHistory(Struct, omit_defaults=True):
    """What happened to a case, the first first; at most 500 events."""

    case: Case
    events: list[CaseEvent]
    users: list[User] = []


class CustomerContext(Struct, omit_defaults=True):
    """What the business's server answered: `sections` of label/value rows, drawn by the desk as they come."""

    customer: User
    external_id: str = ""
    app_name: str = ""
    case_context: dict[str, Any] = {}
    business: Any = None
    """The JSON object of the business's context URL (at most 64 KiB); null if none is configured, or there is none to
    show."""
    business_age_ms: int = 0
    """How long ago it was answered. One older than a minute is to be asked for anew (`refresh`), and shown meanwhile."""
    business_problem: str = ""
    """Why there is none, or none that is newer: `slow` (more than 2 s), `unreachable`, `answered` (a status other than
    200), `redirected`, `too_large`, `not_json`, `not_allowed` (an address that `allow_private_addresses` does not name),
    `paused` (it failed several times and is let alone for a while)."""
    retry_after_ms: int = 0
    """While it is let alone: for how long."""
