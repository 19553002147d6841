"""The values the desk works with beside those of the wire."""

from msgspec import Struct

from chaguan.protocol.conversations import Case


class Held(Struct, kw_only=True):
    """A case as stored: what everybody at the desk sees, and what only routing needs (`tables.cases`)."""

    case: Case
    topic: str = ""
    weight: int = 1
    avoid_id: str = ""
    last_agent_id: str = ""
    moves: int = 0
    resolved_seq: int = 0


class Event(Struct, kw_only=True):
    """A row of a case's history, with its note still sealed."""

    conversation_id: str
    seq: int
    case_id: str
    at: int
    kind: str
    actor_id: str = ""
    agent_id: str = ""
    former_agent_id: str = ""
    queue_id: str = ""
    former_queue_id: str = ""
    reason: str = ""
    note: bytes | None = None
    ordinal: int = 0
