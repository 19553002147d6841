"""Pushes: what the server tells without being asked. Entries (see `entries`) are pushes too.

A frame holds one JSON object or an array of them. Unknown types are ignored.
"""

from msgspec import UNSET, Struct, UnsetType

from chaguan.protocol.contact import WechatContact
from chaguan.protocol.conversations import Case, Inbox, User
from chaguan.protocol.desk import Agent, Line, Queue, Unanswered, Waiting, Wall
from chaguan.protocol.entries import Entry
from chaguan.protocol.notes import Mention, Note
from chaguan.protocol.replies import ConversationView


class _Push(Struct, tag_field="type", kw_only=True, omit_defaults=True):
    pass


class UserChanged(_Push, tag="user_changed"):
    """My rows changed from `previous` to `version`. A client whose `user_version` is not `previous` asks for
    the changed rows with `resume`; else it replaces these rows and takes `version`. `inboxes` are rows of which
    only my own part changed (marks, settings); of marks always keep the larger."""

    previous: int
    version: int
    inboxes: list[Inbox] = []
    conversations: list[ConversationView] = []
    users: list[User] = []


class MarkMoved(_Push, tag="mark_moved"):
    """A member of a direct or service conversation has read up to `read_seq`."""

    conversation_id: str
    user_id: str
    read_seq: int


class Typing(_Push, tag="typing"):
    """Somebody is writing; show it for 6 s or until their next message."""

    conversation_id: str
    user_id: str


class PresenceChanged(_Push, tag="presence_changed"):
    user_id: str
    online: bool
    seen_at: int = 0


class DeskChanged(_Push, tag="desk_changed"):
    """Cases of a shop changed from `previous` to `version`; on a mismatch ask `watch_desk` again.

    `views` are the conversations of these cases, or, with `previous` = `version` and no cases, those in which waiting
    customers wrote more. Their entries are not pushed to who is no member: pull them if the log is held.
    `queues` are those of the shop where an administrator changed one: all of them, in order."""

    shop_id: str
    previous: int
    version: int
    cases: list[Case] = []
    views: list[ConversationView] = []
    users: list[User] = []
    queues: list[Queue] | UnsetType = UNSET


class WechatContactChanged(_Push, tag="wechat_contact_changed"):
    """To who watches the desk of `contact.shop_id`: a customer came by WeChat's own customer-service chat, something
    was delivered there, or what may be sent has changed. It replaces what is known of that conversation."""

    contact: WechatContact


class AgentsChanged(_Push, tag="agents_changed"):
    """To agents who watch a desk: these agents' states or loads are now so. Several changes of a second come as one."""

    agents: list[Agent]
    users: list[User] = []


class WaitingMoved(_Push, tag="waiting_moved"):
    """To a customer who waits: they stand elsewhere now, or it will take another time. Changes of about two seconds come
    as one, those at the front of a long queue first; the exact place at any moment is answered to `get_waiting`. That
    waiting is over, `case_changed` tells."""

    waiting: Waiting


class LinesMoved(_Push, tag="lines_moved"):
    """To agents who watch a desk: how it stands with these queues of the shop, where it changed."""

    shop_id: str
    lines: list[Line]


class UnansweredChanged(_Push, tag="unanswered_changed"):
    """To agents who watch a desk: in these cases the customer began to be without an answer, or got one. Those of half a
    second come as one."""

    shop_id: str
    unanswered: list[Unanswered]


class NoteTyping(_Push, tag="note_typing"):
    """To agents who watch the notes of a conversation: a colleague writes one; show it for 6 s or until it is there."""

    conversation_id: str
    user_id: str


class Mentioned(_Push, tag="mentioned"):
    """To an agent: a colleague named me in a note. `unread`: how many such notes I have not seen."""

    mention: Mention
    unread: int
    users: list[User] = []


class Whispered(_Push, tag="whispered"):
    """To the agent who has the case: a supervisor said something to them alone, with the customer whose case it is. It
    stands among the notes of its conversation, too."""

    note: Note
    customer_id: str
    users: list[User] = []


class WallChanged(_Push, tag="wall_changed"):
    """To who watches the wall: the desk stands so now. Replaces what was known; who hears nothing for 45 s shows that
    their figures are old."""

    wall: Wall


class ResumeNeeded(_Push, tag="resume_needed"):
    """The connection could not keep up and pushes were left out: send `resume` now."""


class SignedOut(_Push, tag="signed_out"):
    """This device was signed out (`reason`: `revoked`, `disabled`, `password_changed`). The close follows."""

    reason: str


Push = (
    UserChanged
    | MarkMoved
    | Typing
    | PresenceChanged
    | DeskChanged
    | WechatContactChanged
    | AgentsChanged
    | WaitingMoved
    | LinesMoved
    | UnansweredChanged
    | NoteTyping
    | Mentioned
    | Whispered
    | WallChanged
    | ResumeNeeded
    | SignedOut
    | Entry
)
