"""The log writer: the only way anything enters a log.

One transaction takes what queued while the one before it was syncing. A result is given out after the commit.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from time import perf_counter

from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.figures import SIZES, Histogram
from chaguan.core.trace import Batch
from chaguan.infra.database import Database
from chaguan.messaging.append import Append, Appended, Settle
from chaguan.messaging.batch import Outcome, append_batch
from chaguan.messaging.waiting import Pending, Waiting

logger = logging.getLogger("chaguan.messaging")
Place = Appended | Exception
QUEUE_BYTES = 32 * 1024 * 1024
WORTH_ANOTHER = 64
"""Entries for which a batch is begun beside another."""
SLOW_S = 0.05
"""After this long a batch is passed by others: it may wait for a conversation that another node writes."""


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
    """Forms batches and hands them to the database: one at a time, or up to `db.lanes` where that takes several.

    A second beside one that is on its way is begun only if it is large or the other takes long: a batch costs as much
    as thirty entries, so that many small ones would keep two cores busy with half the messages.
    """

    def __init__(self, db: Database, clock: Clock = now_ms) -> None:
        self._db = db
        self._clock = clock
        self._waiting = Waiting()
        self._running: set[asyncio.Task[None]] = set()
        self._patient: asyncio.Task[None] | None = None
        """Writes what another node was writing."""
        self._begun: dict[Batch, float] = {}
        """The batches that are on their way, oldest first, and since when."""
        self._next_look: asyncio.TimerHandle | None = None
        self.batches = 0
        self.appended = 0
        self.figures = WriterFigures()

    @property
    def queued(self) -> tuple[int, int]:
        """Entries and bytes that wait for a batch."""
        return self._waiting.entries, self._waiting.bytes

    def append(self, append: Append) -> asyncio.Future[Appended]:
        """Queue an entry; the future gives its place in the log once that is durable."""
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self.put(append, partial(_resolve, future))
        return future

    def put(self, append: Append, settle: Settle) -> None:
        """The same for who needs no future: `settle` is called behind `on_appended`, in the same turn of the loop, so
        that a reply leaves in one write with the push."""
        is_late = self._waiting.is_late(append.conversation_id, append.created_at)
        if is_late or self._waiting.bytes > QUEUE_BYTES:
            raise AppError(ErrorCode.unavailable, "the log can't keep up", retry_after_ms=1_000)
        self._waiting.put(Pending(append, settle))
        self._look()

    async def flush(self) -> None:
        """Wait until all that is queued now has been written."""
        while tasks := self._running | ({self._patient} if self._patient else set()):
            await asyncio.wait(tasks)

    def _look(self) -> None:
        """Begin a batch if it is time for one."""
        if not self._waiting.ready or len(self._running) >= self._db.lanes:
            return
        if not self._running or self._is_worth_another():
            task = asyncio.create_task(self._run())
            self._running.add(task)
        elif self._next_look is None:
            self._next_look = asyncio.get_running_loop().call_later(SLOW_S, self._look_again)

    def _look_again(self) -> None:
        self._next_look = None
        self._look()

    def _is_worth_another(self) -> bool:
        if self._waiting.ready >= WORTH_ANOTHER:
            return True
        oldest = next(iter(self._begun.values()), None)
        return oldest is not None and perf_counter() - oldest >= SLOW_S

    async def _run(self) -> None:
        try:
            await self._write_what_waits()
        finally:
            # At once and not when the task is told to be done: an entry that came between would wait for nobody.
            self._running = {task for task in self._running if task is not asyncio.current_task()}
            self._look()

    async def _write_what_waits(self) -> None:
        # A new task begins a turn later, so everything that this turn of the loop received goes into the batch.
        while self._waiting.ready and (not self._begun or self._is_worth_another()):
            batch = self._waiting.take()
            record = self._begin(batch)
            self._begun[record] = perf_counter()
            try:
                await self._write_and_release(batch, record)
            finally:
                del self._begun[record]
            await asyncio.sleep(0)

    async def _write_and_release(self, batch: list[Pending], record: Batch, *, wait: bool = False) -> None:
        left: list[Pending] = []
        try:
            left = await self._write(batch, record, wait=wait)
        finally:
            self._waiting.release(batch, self._clock(), left)
        if self._waiting.has_left and self._patient is None:
            self._patient = asyncio.create_task(self._write_what_was_left())

    async def _write_what_was_left(self) -> None:
        """One batch at a time, each of which waits for its first conversation: beside those that wait for nothing."""
        try:
            while self._waiting.has_left:
                batch = self._waiting.take_left()
                await self._write_and_release(batch, self._begin(batch), wait=True)
                self._look()
        finally:
            self._patient = None

    def _begin(self, batch: list[Pending]) -> Batch:
        oldest = now = self._clock()
        record = Batch(self.batches + 1, len(batch), 0)
        for pending in batch:
            oldest = min(oldest, pending.append.created_at)
            if pending.append.trace is not None:
                pending.append.trace.batch = record
        record.wait_s = (now - oldest) / 1000
        return record

    async def _write(self, batch: list[Pending], record: Batch, *, wait: bool) -> list[Pending]:
        """Gives back what stays to be written, as another node has its conversations."""
        appends = [pending.append for pending in batch]
        begun = perf_counter()
        try:
            outcomes = await self._db.write_locking(
                lambda connection: append_batch(connection, appends, wait=wait)
            )
        except AppError as error:
            # The commit may or may not have happened: a retry with the same key finds the truth.
            self._refuse(batch, error)
        except Exception as error:  # noqa: BLE001
            # A defect in one entry must not cost the others their place: halve until it stands alone.
            return await self._write_halves(batch, record, error, wait=wait)
        else:
            committed = perf_counter()
            record.commit_s = committed - begun
            places = self._publish(batch, outcomes)
            record.push_s = perf_counter() - committed
            record.entries = len(places)
            self.figures.stored(record)
            for pending, place in places:
                _settle(pending, place)
            return [pending for pending, outcome in zip(batch, outcomes, strict=True) if outcome is None]
        return []

    async def _write_halves(
        self, batch: list[Pending], record: Batch, error: Exception, *, wait: bool
    ) -> list[Pending]:
        if len(batch) == 1:
            _settle(batch[0], error)
            return []
        middle = len(batch) // 2
        left = await self._write(batch[:middle], record, wait=wait)
        behind = {pending.append.conversation_id for pending in left}
        left += [pending for pending in batch[middle:] if pending.append.conversation_id in behind]
        rest = [pending for pending in batch[middle:] if pending.append.conversation_id not in behind]
        return left + (await self._write(rest, record, wait=wait) if rest else [])

    def _publish(self, batch: Sequence[Pending], outcomes: Sequence[Outcome]) -> list[tuple[Pending, Place]]:
        """All that was written of the batch goes out before anybody is answered."""
        places: list[tuple[Pending, Place]] = []
        for pending, outcome in zip(batch, outcomes, strict=True):
            if outcome is None:
                continue
            if isinstance(outcome, AppError):
                places.append((pending, outcome))
                continue
            appended, value = outcome
            if appended.is_new and pending.append.on_appended is not None:
                pending.append.on_appended(appended, value)
            places.append((pending, appended))
        self.batches += 1
        self.appended += len(places)
        return places

    @staticmethod
    def _refuse(batch: Sequence[Pending], error: AppError) -> None:
        for pending in batch:
            _settle(pending, error)


def _settle(pending: Pending, outcome: Place) -> None:
    """A defect in telling one must not leave the others of the batch without an answer."""
    try:
        pending.settle(outcome)
    except Exception:
        logger.exception("an entry of %s was not answered", pending.append.conversation_id)


def _resolve(future: asyncio.Future[Appended], outcome: Place) -> None:
    if future.done():  # nobody waits any more
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
