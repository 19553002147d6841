"""Notes: what staff write to one another beside a service conversation. The customer never gets them (ADR 20)."""

from msgspec import Struct

from chaguan.protocol.conversations import User


class Note(Struct, omit_defaults=True, kw_only=True):
    """What somebody of the staff wrote for colleagues. It stands in the conversation at `seq`, where its log has an
    `entry_hidden`; of two copies the one with the larger `changed_seq` is the newer.

    `mentions`: colleagues who were told of it. `whisper_to`: it is a whisper, which only its author, this agent and
    supervisors (administrators and owners) get. `edited_at`: 0 while it is as first written. `removed_by`: it was taken
    back, and `text` is empty.
    """

    conversation_id: str
    seq: int
    changed_seq: int
    created_at: int
    author_id: str
    case_id: str = ""
    text: str = ""
    mentions: list[str] = []
    whisper_to: str = ""
    edited_at: int = 0
    removed_by: str = ""


class Noted(Struct, omit_defaults=True):
    """A note as it is after what was asked."""

    note: Note


class Notes(Struct, omit_defaults=True):
    """Notes of a conversation in the order of `seq`, and the people in them. `more`: the page was full, ask on.
    `changed_seq` is the largest of all that changed before this answer was made: ask with it for what comes later."""

    notes: list[Note]
    users: list[User] = []
    more: bool = False
    changed_seq: int = 0


class Mention(Struct, omit_defaults=True, kw_only=True):
    """A note that names me. `read_at`: when I saw it, 0: not yet."""

    note: Note
    customer_id: str = ""
    read_at: int = 0


class Mentions(Struct, omit_defaults=True):
    """Notes that name me, the newest first. `unread`: how many of all I have not seen. `next_before`: ask with it for
    older ones; 0: there are none."""

    mentions: list[Mention]
    users: list[User] = []
    unread: int = 0
    next_before: int = 0


class FoundNote(Struct, omit_defaults=True, kw_only=True):
    """A note that says what was looked for, and the customer whose conversation it stands in."""

    note: Note
    customer_id: str = ""


class FoundNotes(Struct, omit_defaults=True):
    """A page of them, the newest first. `next_cursor`: ask with it for what is older; empty: that was all."""

    notes: list[FoundNote]
    users: list[User] = []
    next_cursor: str = ""
