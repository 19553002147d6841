"""A batch of the log writer in its transaction: places are given out and stored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.ids import partition_of
from chaguan.infra.database.sql import changes
from chaguan.messaging.append import Append, Appended
from chaguan.messaging.model import JOINED, LEFT, ROLE
from chaguan.messaging.store import log

Outcome = tuple[Appended, Any] | AppError | None
"""None: another node writes this conversation at the moment, and it is to be tried again."""
_MOVES_MEMBERS = (JOINED, LEFT, ROLE)
_UNKNOWN = -1
"""The batch itself changed who belongs: whoever speaks after that is looked at again."""


class _Line:
    """A conversation's head while a batch moves it."""

    __slots__ = ("entry_at", "last_at", "member_version", "moved", "ordinal", "seq")

    def __init__(self, head: log.Head) -> None:
        self.seq, self.ordinal = head.head_seq, head.head_ordinal
        self.last_at, self.entry_at = head.last_at, head.entry_at
        self.member_version = head.member_version
        self.moved = False


def append_batch(connection: Connection, appends: Sequence[Append], *, wait: bool = False) -> list[Outcome]:
    """Allocates and stores; one entry's refusal takes no seq and harms no other. `wait`: until no other node writes
    the first one's conversation."""
    wanted = list(dict.fromkeys(append.conversation_id for append in appends))
    ours = log.lock(connection, wanted, wait=wait)
    appends_of_ours = [each for each in appends if each.conversation_id in ours]
    placed = iter(_Batch(connection, appends_of_ours).run() if ours else ())
    return [next(placed) if each.conversation_id in ours else None for each in appends]


class _Batch:
    def __init__(self, connection: Connection, appends: Sequence[Append]) -> None:
        self._connection = connection
        self._appends = appends
        wanted = sorted({append.conversation_id for append in appends})
        self._lines = {id: _Line(head) for id, head in log.heads(connection, wanted).items()}
        self._seen = log.earlier(connection, [append.key for append in appends])
        self._rows: list[tuple[Any, ...]] = []
        self._unstored: set[str] = set()
        """Conversations of which rows wait to be stored."""

    def run(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for append in self._appends:
            try:
                outcomes.append(self._place(append))
            except AppError as error:
                outcomes.append(error)
        self._store()
        log.move_heads(
            self._connection,
            [
                (line.seq, line.ordinal, line.last_at, line.entry_at, id)
                for id, line in self._lines.items()
                if line.moved
            ],
        )
        return outcomes

    def _place(self, append: Append) -> tuple[Appended, Any]:
        line = self._lines.get(append.conversation_id)
        if line is None:
            raise AppError(ErrorCode.not_found, "no such conversation")
        earlier = self._seen.get(append.key)
        if earlier is not None:
            return _repeated(append, earlier), None
        if append.recheck is not None and line.member_version != append.member_version:
            append.recheck(self._connection)
        created_at = max(line.last_at, line.entry_at, append.created_at)
        value = self._run_effect(append, line.seq + 1, created_at)
        if append.kind in _MOVES_MEMBERS:
            line.member_version = _UNKNOWN
        return self._allocate(append, line, created_at), value

    def _run_effect(self, append: Append, seq: int, created_at: int) -> Any:
        if append.effect is None:
            return None
        # The effect may look at what this batch appended before it.
        if append.conversation_id in self._unstored:
            self._store()
        before = changes(self._connection)
        try:
            return append.effect(self._connection, seq, created_at)
        except AppError as error:
            if changes(self._connection) != before:
                raise RuntimeError("an effect was refused after it had written") from error
            raise

    def _allocate(self, append: Append, line: _Line, created_at: int) -> Appended:
        line.seq += 1
        line.ordinal += append.countable
        line.entry_at = created_at
        if append.countable:
            line.last_at = created_at
        line.moved = True
        self._unstored.add(append.conversation_id)
        self._rows.append(
            (
                append.conversation_id,
                line.seq,
                append.kind,
                append.countable,
                line.ordinal,
                append.actor_id,
                append.client_msg_id,
                append.fingerprint,
                created_at,
                append.target_seq,
                append.state,
                append.body,
                partition_of(append.conversation_id),
            )
        )
        self._seen[append.key] = log.Earlier(line.seq, line.ordinal, created_at, append.fingerprint)
        return Appended(line.seq, line.ordinal, created_at)

    def _store(self) -> None:
        if self._rows:
            log.insert(self._connection, self._rows)
            self._rows = []
            self._unstored.clear()


def _repeated(append: Append, earlier: log.Earlier) -> Appended:
    if earlier.fingerprint != append.fingerprint:
        raise AppError(ErrorCode.conflict, "client_msg_id was used with other content")
    return Appended(earlier.seq, earlier.ordinal, earlier.created_at, is_new=False)
