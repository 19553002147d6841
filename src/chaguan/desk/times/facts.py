"""What is known of a case's times, and the stretches of time that were measured. Values only."""

from enum import StrEnum

from msgspec import Struct

from chaguan.protocol.conversations import CaseStatus


class SpanKind(StrEnum):
    """What a span measures. Those of the second line are moments: they begin where they end."""

    waited = "waited"
    first_reply = "first_reply"
    reply = "reply"
    handled = "handled"
    resolved = "resolved"
    abandoned = "abandoned"
    message_left = "message_left"
    opened = "opened"
    reopened = "reopened"
    transferred = "transferred"
    breached = "breached"


class Span(Struct, kw_only=True, frozen=True):
    """A stretch of time that ended with an entry of the log, which is `entry_id`. It never changes afterwards."""

    entry_id: int
    kind: SpanKind
    case_id: str
    shop_id: str
    queue_id: str
    agent_id: str
    from_at: int
    at: int
    target: str = ""
    """Of a breach: what was missed."""


class Fact(Struct, kw_only=True):
    """Where a case stands in its times. 0: it is not so, or has not happened."""

    case_id: str
    conversation_id: str
    shop_id: str
    status: str = CaseStatus.waiting.value
    queue_id: str = ""
    agent_id: str = ""
    with_bot: bool = False
    opened_at: int = 0
    round_at: int = 0
    """Opened, or last reopened."""
    waiting_at: int = 0
    """Stands in a queue since."""
    held_at: int = 0
    """Is with `agent_id` since."""
    asked_at: int = 0
    """The customer's first message that no agent has answered yet."""
    asked_ordinal: int = 0
    """Its ordinal; where a bot handed over, that of the last message before."""
    asked_seq: int = 0
    """The entry that last began or ended `asked_at`."""
    first_from_at: int = 0
    """Since when a first reply is owed; it is once a case."""
    first_reply_at: int = 0
    ended_at: int = 0
    moved_seq: int = 0
    """Where in the log it last moved: of several cases a message belongs to the one that moved last."""
    entry_id: int = 0
    """The last entry that changed any of this."""

    @property
    def is_alive(self) -> bool:
        return self.ended_at == 0


class Change(Struct, kw_only=True, frozen=True):
    """An entry of the log that changed a case, with what its history says."""

    entry_id: int
    seq: int
    at: int
    case_id: str
    status: str
    agent_id: str
    actor_id: str
    ordinal: int = 0
    """Of the message that the case begins with, else of the last one before."""
    kind: str = ""
    queue_id: str = ""
    with_bot: bool = False
    target: str = ""
    target_from_at: int = 0
    is_quiet: bool = False


class Message(Struct, kw_only=True, frozen=True):
    """An entry in which somebody said something."""

    entry_id: int
    seq: int
    ordinal: int
    at: int
    actor_id: str
