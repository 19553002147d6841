"""What goes to the log writer, and what comes back."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.trace import Trace
from chaguan.messaging.store import log


class Appended(Struct, gc=False):
    """What an append gave. `is_new` is false when the key had been used before for the same."""

    seq: int
    ordinal: int
    created_at: int
    is_new: bool = True


Effect = Callable[[Connection, int, int], Any]
"""Runs in the append's transaction with the entry's seq and created_at; AppError refuses the entry,
and comes before it has written anything."""
Recheck = Callable[[Connection], None]
"""Runs when the conversation's members changed since access was decided; raises AppError if it is lost."""


class Append(Struct, kw_only=True, gc=True):
    """One entry on its way into the log."""

    conversation_id: str
    kind: int
    actor_id: str
    client_msg_id: bytes
    fingerprint: bytes
    created_at: int
    member_version: int
    recheck: Recheck | None = None
    countable: bool = False
    target_seq: int = 0
    state: str = ""
    body: bytes | None = None
    effect: Effect | None = None
    trace: Trace | None = None
    on_appended: Callable[[Appended, Any], None] | None = None
    """Called on the loop after the commit, in the order of the log, before the caller goes on."""

    @property
    def size(self) -> int:
        return 200 + len(self.state) + (len(self.body) if self.body else 0)

    @property
    def key(self) -> log.Key:
        return self.client_msg_id, self.actor_id, self.conversation_id


Settle = Callable[[Appended | Exception], None]
"""Told on the loop, once, what became of an append."""
