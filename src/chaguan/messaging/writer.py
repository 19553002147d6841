"""The log writer: the only way anything enters a log.

One transaction takes what queued while the one before it was syncing. A result is given out after the commit.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.figures import SIZES, Histogram
from chaguan.core.ids import partition_of
from chaguan.core.trace import Batch, Trace
from chaguan.infra.database import Database
from chaguan.messaging.store import log

MAX_ENTRIES = 256
MAX_BYTES = 1024 * 1024
MAX_OF_ONE = 32
QUEUE_BYTES = 32 * 1024 * 1024
MAX_AGE_MS = 2_000


class Appended(Struct, gc=False):
    """What an append gave. `is_new` is false when the key had been used before for the same."""

    seq: int
    ordinal: int
    created_at: int
    is_new: bool = True


Effect = Callable[[Connection, int, int], Any]
"""Runs in the append's transaction with the entry's seq and created_at; AppError refuses the entry."""
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


Outcome = tuple[Appended, Any] | AppError
Settle = Callable[[Appended | Exception], None]
"""Told on the loop, once, what became of an append."""


class _Pending:
    __slots__ = ("append", "settle", "size")

    def __init__(self, append: Append, settle: Settle) -> None:
        self.append = append
        self.settle = settle
        self.size = append.size


class WriterFigures:
    """Observed once a batch. A push counts from the commit to the last session it was handed to or queued for."""

    def __init__(self) -> None:
        self.entries = Histogram(SIZES)
        self.wait_s = Histogram()
        self.commit_s = Histogram()
        self.push_s = Histogram()

    def stored(self, batch: Batch) -> None:
        self.entries.observe(batch.entries)
        self.wait_s.observe(batch.wait_s)
        self.commit_s.observe(batch.commit_s)
        self.push_s.observe(batch.push_s)


class LogWriter:
    """Forms batches and hands them to the database, one at a time."""

    def __init__(self, db: Database, clock: Clock = now_ms) -> None:
        self._db = db
        self._clock = clock
        self._queue: deque[_Pending] = deque()
        self._bytes = 0
        self._running: asyncio.Task[None] | None = None
        self.batches = 0
        self.appended = 0
        self.figures = WriterFigures()

    @property
    def queued(self) -> tuple[int, int]:
        """Entries and bytes that wait for a batch."""
        return len(self._queue), self._bytes

    def append(self, append: Append) -> asyncio.Future[Appended]:
        """Queue an entry; the future gives its place in the log once that is durable."""
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self.put(append, partial(_resolve, future))
        return future

    def put(self, append: Append, settle: Settle) -> None:
        """The same for who needs no future: `settle` is called behind `on_appended`, in the same turn of the loop, so
        that a reply leaves in one write with the push."""
        if self._bytes > QUEUE_BYTES or self._is_late(append.created_at):
            raise AppError(ErrorCode.unavailable, "the log can't keep up", retry_after_ms=1_000)
        pending = _Pending(append, settle)
        self._queue.append(pending)
        self._bytes += pending.size
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def flush(self) -> None:
        """Wait until all that is queued now has been written."""
        while self._running is not None:
            await asyncio.shield(self._running)

    def _is_late(self, now: int) -> bool:
        return bool(self._queue) and now - self._queue[0].append.created_at > MAX_AGE_MS

    async def _run(self) -> None:
        try:
            # A new task begins a turn later, so everything that this turn of the loop received goes into the batch.
            while self._queue:
                batch = self._take()
                await self._write(batch, self._begin(batch))
                await asyncio.sleep(0)
        finally:
            self._running = None

    def _take(self) -> list[_Pending]:
        """The next batch in order of arrival; what exceeds one conversation's share waits for the next."""
        batch: list[_Pending] = []
        held: list[_Pending] = []
        counts: dict[str, int] = {}
        size = 0
        while self._queue and len(batch) < MAX_ENTRIES and size < MAX_BYTES and len(held) < MAX_ENTRIES:
            pending = self._queue.popleft()
            count = counts.get(pending.append.conversation_id, 0)
            if count >= MAX_OF_ONE:
                held.append(pending)
                continue
            counts[pending.append.conversation_id] = count + 1
            size += pending.size
            batch.append(pending)
        self._queue.extendleft(reversed(held))
        self._bytes -= size
        return batch

    def _begin(self, batch: list[_Pending]) -> Batch:
        oldest = batch[0].append.created_at
        record = Batch(self.batches + 1, len(batch), max(0, self._clock() - oldest) / 1000)
        for pending in batch:
            if pending.append.trace is not None:
                pending.append.trace.batch = record
        return record

    async def _write(self, batch: list[_Pending], record: Batch) -> None:
        appends = [pending.append for pending in batch]
        begun = perf_counter()
        try:
            outcomes = await self._db.write_locking(lambda connection: append_batch(connection, appends))
        except AppError as error:
            # The commit may or may not have happened: a retry with the same key finds the truth.
            self._refuse(batch, error)
        except Exception as error:  # noqa: BLE001
            # A defect in one entry must not cost the others their place: halve until it stands alone.
            await self._write_halves(batch, record, error)
        else:
            committed = perf_counter()
            record.commit_s = committed - begun
            places = self._publish(batch, outcomes)
            record.push_s = perf_counter() - committed
            self.figures.stored(record)
            for pending, place in zip(batch, places, strict=True):
                pending.settle(place)

    async def _write_halves(self, batch: list[_Pending], record: Batch, error: Exception) -> None:
        if len(batch) == 1:
            batch[0].settle(error)
            return
        middle = len(batch) // 2
        await self._write(batch[:middle], record)
        await self._write(batch[middle:], record)

    def _publish(self, batch: Sequence[_Pending], outcomes: Sequence[Outcome]) -> list[Appended | Exception]:
        """All of the batch goes out before anybody is answered."""
        self.batches += 1
        self.appended += len(batch)
        places: list[Appended | Exception] = []
        for pending, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, AppError):
                places.append(outcome)
                continue
            appended, value = outcome
            if appended.is_new and pending.append.on_appended is not None:
                pending.append.on_appended(appended, value)
            places.append(appended)
        return places

    @staticmethod
    def _refuse(batch: Sequence[_Pending], error: AppError) -> None:
        for pending in batch:
            pending.settle(error)


def _resolve(future: asyncio.Future[Appended], outcome: Appended | Exception) -> None:
    if future.done():  # nobody waits any more
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class _Line:
    """A conversation's head while a batch moves it."""

    __slots__ = ("entry_at", "last_at", "member_version", "moved", "ordinal", "seq")

    def __init__(self, head: log.Head) -> None:
        self.seq, self.ordinal = head.head_seq, head.head_ordinal
        self.last_at, self.entry_at = head.last_at, head.entry_at
        self.member_version = head.member_version
        self.moved = False


def append_batch(connection: Connection, appends: Sequence[Append]) -> list[Outcome]:
    """Allocates and stores; one entry's refusal takes no seq and harms no other."""
    return _Batch(connection, appends).run()


class _Batch:
    def __init__(self, connection: Connection, appends: Sequence[Append]) -> None:
        self._connection = connection
        self._appends = appends
        wanted = sorted({append.conversation_id for append in appends})
        log.lock(connection, wanted)
        self._lines = {id: _Line(head) for id, head in log.heads(connection, wanted).items()}
        self._seen = log.earlier(connection, [append.key for append in appends])
        self._rows: list[tuple[Any, ...]] = []

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
            self._store()
            append.recheck(self._connection)
        created_at = max(line.last_at, line.entry_at, append.created_at)
        value = self._run_effect(append, line.seq + 1, created_at)
        return self._allocate(append, line, created_at), value

    def _run_effect(self, append: Append, seq: int, created_at: int) -> Any:
        if append.effect is None:
            return None
        self._store()  # an effect may look at what this batch appended before it
        with self._connection.begin_nested():
            return append.effect(self._connection, seq, created_at)

    def _allocate(self, append: Append, line: _Line, created_at: int) -> Appended:
        line.seq += 1
        line.ordinal += append.countable
        line.entry_at = created_at
        if append.countable:
            line.last_at = created_at
        line.moved = True
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


def _repeated(append: Append, earlier: log.Earlier) -> Appended:
    if earlier.fingerprint != append.fingerprint:
        raise AppError(ErrorCode.conflict, "client_msg_id was used with other content")
    return Appended(earlier.seq, earlier.ordinal, earlier.created_at, is_new=False)
