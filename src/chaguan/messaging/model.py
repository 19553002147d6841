"""The values that messaging works with: a conversation and a membership as cached, and an entry as stored."""

from typing import Any

import msgspec
from msgspec import Struct

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.sealing import DamagedError, DataKey
from chaguan.protocol import entries as wire
from chaguan.protocol.content import CONTENT_DECODER, Content, Unsupported
from chaguan.protocol.conversations import Conversation, ConversationKind, MemberRole

Intervals = list[tuple[int, int]]
"""`[from_seq, until_seq]` pairs, ascending; `until_seq` 0 while it lasts."""

KINDS: tuple[type[Struct], ...] = (
    wire.MessageSent,
    wire.MessageEdited,
    wire.MessageRecalled,
    wire.ReactionSet,
    wire.MemberJoined,
    wire.MemberLeft,
    wire.MemberChanged,
    wire.ConversationChanged,
    wire.CaseChanged,
    wire.MessagesErased,
    wire.FloorRaised,
    wire.EntryHidden,
)
"""Stored as their index: only ever append to this tuple."""

MESSAGE, EDIT, RECALL, REACTION, JOINED, LEFT, ROLE, CHANGED, CASE, ERASED, FLOOR, HIDDEN = range(len(KINDS))

# HIDDEN is a place in the log and nothing else: what stands there, another domain keeps for those who may see it.

NOTICES = (JOINED, LEFT, ROLE, CHANGED, CASE)
"""What is told in words between the messages."""


class State(Struct, omit_defaults=True):
    """What an entry carries beside content. One Struct for all kinds; empty fields take no room."""

    mentions: list[str] = []
    quote: wire.Quote | None = None
    edited_at: int = 0
    edited_by: str = ""
    """The key of the edit that wrote the present body (hex), to which that body is bound."""
    edits: list[int] = []
    """The seqs of its edits, whose bodies go when it is recalled."""
    recalled_by: str = ""
    reactions: list[wire.Reaction] = []
    fields: dict[str, Any] = {}
    """The further fields of the entry's wire Struct (`user_id`, `role`, `emoji` …)."""


_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(State).decode
_EMPTY = State()


def pack_state(state: State) -> str:
    text = _encode_state(state).decode()
    return "" if text == "{}" else text


def unpack_state(text: str) -> State:
    return _decode_state(text) if text else _EMPTY


class Room:
    """A conversation as this process knows it. The log writer keeps the head current after each commit."""

    __slots__ = (
        "avatar",
        "blocked_by",
        "created_at",
        "customer_id",
        "floor_seq",
        "head_ordinal",
        "head_seq",
        "id",
        "join_history",
        "key",
        "kind",
        "last_at",
        "loaded_at",
        "member_count",
        "member_version",
        "name",
        "pair",
        "rate",
        "shop_id",
        "version",
    )

    def __init__(self, id: str, kind: ConversationKind, key: DataKey | None) -> None:
        self.id = id
        self.kind = kind
        self.key = key
        self.name = self.avatar = self.shop_id = self.customer_id = ""
        self.pair: tuple[str, str] | None = None
        self.blocked_by: frozenset[str] = frozenset()
        self.join_history = True
        self.created_at = self.last_at = 0
        self.head_seq = self.head_ordinal = self.floor_seq = 0
        self.member_version = self.member_count = 0
        self.loaded_at = 0.0
        """Before it was read, by `time.monotonic`."""
        self.version = 0
        """Which reading of it this is: memberships are remembered with it."""
        self.rate: tuple[int, int] = (0, 0)
        """The second that is running and the messages sent in it."""

    def open_key(self) -> DataKey:
        if self.key is None:
            raise AppError(ErrorCode.not_found, "the conversation was erased")
        return self.key

    def wire(self) -> Conversation:
        return Conversation(
            id=self.id,
            kind=self.kind,
            head_seq=self.head_seq,
            head_ordinal=self.head_ordinal,
            floor_seq=self.floor_seq,
            created_at=self.created_at,
            last_at=self.last_at,
            name=self.name,
            avatar=self.avatar,
            shop_id=self.shop_id,
            customer_id=self.customer_id,
            member_count=self.member_count,
        )


class Membership(Struct, gc=False):
    """What a user may see and do in a conversation."""

    role: MemberRole
    intervals: Intervals
    looks_only: bool = False
    """Granted from above (an agent before taking a case): may read, does not belong."""

    @property
    def is_current(self) -> bool:
        return bool(self.intervals) and self.intervals[-1][1] == 0

    def sees(self, seq: int) -> bool:
        return any(first <= seq and (until == 0 or seq <= until) for first, until in self.intervals)


class Stored(Struct):
    """A row of the log."""

    id: int
    conversation_id: str
    seq: int
    kind: int
    countable: bool
    ordinal: int
    actor_id: str
    client_msg_id: bytes
    fingerprint: bytes
    created_at: int
    target_seq: int
    changed_seq: int
    state: str
    body: bytes | None


STORED_COLUMNS = (
    "id, conversation_id, seq, kind, countable, ordinal, actor_id, client_msg_id, fingerprint, created_at, "
    "target_seq, changed_seq, state, body"
)


def binding(conversation_id: str, client_msg_id: bytes, actor_id: str) -> bytes:
    """What sealed content is bound to: its conversation and the entry that wrote it, which is also its revision."""
    return b"%b\x00%b%b" % (conversation_id.encode(), client_msg_id, actor_id.encode())


def uuid_text(raw: bytes) -> str:
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def uuid_bytes(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        raw = b""
    if len(raw) != 16:
        raise AppError(ErrorCode.bad_request, "client_msg_id is not a UUID")
    return raw


def open_content(row: Stored, key: DataKey | None, state: State) -> Content | None:
    """The content of a row, or a stand-in when this node can't open it: a reader's page must not fail for one row."""
    if row.body is None:
        return None
    if key is None:
        return Unsupported()
    writer = bytes.fromhex(state.edited_by) if state.edited_by else row.client_msg_id
    try:
        return CONTENT_DECODER.decode(
            key.unseal(row.body, binding(row.conversation_id, writer, row.actor_id))
        )
    except (DamagedError, msgspec.DecodeError, RecursionError):
        return Unsupported()
