"""Reading the log behind the writers: a consumer with its own position, at least once, in order."""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection

from chaguan.core.clock import Clock, now_ms
from chaguan.core.errors import AppError
from chaguan.infra.database import Database, Work
from chaguan.infra.leases import Lease
from chaguan.messaging.horizon import Horizon
from chaguan.messaging.model import Stored
from chaguan.messaging.store import log

logger = logging.getLogger("chaguan.feed")

Handler = Callable[[list[Stored]], Awaitable[Work[Any] | None]]
"""What it gives back, if anything, is written in the transaction of the position: then it happens exactly once."""
CHUNK = 500
PASSED = 1_000
"""Entries that are not for a consumer and that it lets pass before it looks at the log for them."""
SPAN = 20_000
"""Entries that a consumer of one kind of conversation looks through at once; after as many in which it found nothing
it notes where it is, or a restart would look through all of them again."""
POLL_S = 0.5
"""How often a consumer looks by itself, where other processes write too and nothing tells of it."""
TOLD_POLL_S = 5.0
"""The same where a broker tells: what it says may get lost."""
UNSETTLED_S = 0.005
"""How long it waits for transactions that may still write below what it sees."""


class _Overtaken(Exception):
    """Another process moved this consumer's position: its work is done there, and undone here."""


class Feed:
    """Calls `handle` with entries in order of their ids, in which those of one conversation follow one another, none
    left out. `handle` may see an entry again after a crash. Of several processes one at a time does it; `on_owned` is
    awaited when this one becomes it, before it handles anything.

    `prefix` keeps to conversations whose ids begin with it. What `handle` raises stops nothing for good: the same
    entries are tried again after a pause that grows to 30 s. `gather_s` lets a busy log fill larger chunks.
    """

    def __init__(
        self,
        db: Database,
        name: str,
        handle: Handler,
        prefix: str = "",
        *,
        chunk: int = CHUNK,
        gather_s: float = 0,
        clock: Clock = now_ms,
    ) -> None:
        self._db = db
        self.name = name
        self._handle = handle
        self._prefix = prefix
        self._chunk = chunk
        self._gather_s = gather_s
        self._clock = clock
        self._waiting_since = 0
        self._woken_at = 0
        self._passed = 0
        self._hurried = asyncio.Event()
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lease = Lease(db, name, self._lease_changed)
        self._owned = asyncio.Event()
        self.on_owned: Callable[[], Awaitable[None]] | None = None
        self.on_stored: Callable[[], None] | None = None
        """Called after what `handle` gave back was written."""
        self.is_told = False
        """Whether somebody calls `wake` when other processes write."""
        self._horizon = Horizon()
        self._stored = 0
        """The position in the database; the one in memory may be beyond it, where there was nothing to handle."""
        self._is_settled = True
        self._must_reload = True
        self.position = 0
        self.failures = 0
        self.last_failure: Exception | None = None

    @property
    def lag_ms(self) -> int:
        """How long the oldest entry that was not handled yet has been waiting, about. Its owner knows it; others: 0."""
        return max(0, self._clock() - self._waiting_since) if self._waiting_since and self.is_owned else 0

    @property
    def is_owned(self) -> bool:
        """Whether this process is the one that handles what is said."""
        return self._owned.is_set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        await self._lease.start()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self._lease.stop()
            self._owned.clear()

    async def _lease_changed(self, is_held: bool) -> None:
        if self._db.dialect != "sqlite":
            logger.info("%s is %s", self.name, "this process's" if is_held else "another process's")
        if is_held:
            self._must_reload = True
            self._waiting_since = self._woken_at = 0
            with contextlib.suppress(AppError):  # then before the first step
                await self._reload()
            self._owned.set()
            self.wake()
        else:
            self._owned.clear()

    async def _reload(self) -> None:
        """Where the owner before left off."""
        self._stored = self.position = await self._db.read(partial(log.position, consumer=self.name))
        if self.on_owned is not None:
            await self.on_owned()
        self._must_reload = False

    async def _wait(self) -> None:
        """Until woken, or until it is time to look what other processes wrote."""
        with contextlib.suppress(TimeoutError):
            is_alone = self._db.dialect == "sqlite"
            async with asyncio.timeout(None if is_alone else TOLD_POLL_S if self.is_told else POLL_S):
                await self._woken.wait()

    def wake(self, conversation_id: str = "") -> None:
        """The log grew, by an entry of this conversation; without one, by who knows what."""
        is_ours = not conversation_id or conversation_id.startswith(self._prefix)
        if not is_ours and self._passed < PASSED:
            self._passed += 1
            return
        self._passed = 0
        if not self._woken_at:
            self._woken_at = self._clock()
            self._waiting_since = self._waiting_since or self._woken_at
        self._idle.clear()
        self._woken.set()

    async def caught_up(self) -> None:
        """Wait until everything committed before this call was handled."""
        self._hurried.set()
        self.wake()
        await self._idle.wait()

    async def begin_anew(self, forget: Work[Any]) -> None:
        """Read the log once more from its beginning; `forget` undoes, in the same transaction, what was made of it.
        Where another process is the owner, that one notices when the log next grows."""

        def write(connection: Connection) -> None:
            log.set_position(connection, self.name, 0)
            forget(connection)

        await self._db.write(write)
        self._must_reload = True
        self.wake()

    async def _run(self) -> None:
        while True:
            await self._owned.wait()
            await self._wait()
            await self._gather()
            self._woken.clear()
            try:
                if self._must_reload:
                    await self._reload()
                while self.is_owned and await self._step():
                    if not self._is_settled:
                        await asyncio.sleep(UNSETTLED_S)
                self._recovered()
            except _Overtaken:
                self._must_reload = True
                self._woken.set()
            except Exception as error:  # noqa: BLE001  a consumer must outlive what it stumbles over
                self._failed(error)
                await asyncio.sleep(min(30, 0.1 * 2**self.failures))
                self._woken.set()
            if not self._woken.is_set():
                self._idle.set()

    def _failed(self, error: Exception) -> None:
        """Counted each time, logged once a streak; where and not what, as an exception's text may quote a message."""
        self.failures += 1
        self.last_failure = error
        if self.failures == 1:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno} {place.name}"
            logger.error(
                "%s fails after entry %d and tries on: %s at %s",
                self.name,
                self.position,
                type(error).__name__,
                where,
            )

    def _recovered(self) -> None:
        if self.failures:
            logger.info("%s works again after %d attempts", self.name, self.failures)
        self.failures = 0

    async def _gather(self) -> None:
        if self._gather_s:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._gather_s):
                    await self._hurried.wait()
            self._hurried.clear()

    async def _step(self) -> bool:
        """Handles a chunk; false when there is nothing left that was committed before."""
        start, known = self.position, self._horizon.settled
        self._woken_at = 0

        def read(connection: Connection) -> tuple[log.Tail, list[Stored]]:
            tail = log.tail(connection, known)
            if not self._prefix:
                return tail, log.since(connection, start, self._chunk)
            return tail, log.since_of(connection, start, start + SPAN, self._chunk, self._prefix)

        tail, rows = await self._db.read(read)
        settled = self._horizon.after(tail)
        looked = min(settled, start + SPAN) if self._prefix else settled
        is_full = len(rows) == self._chunk
        rows = [row for row in rows if row.id <= settled]
        # A full chunk has more behind it; without one, all up to the horizon was looked at.
        end = max(start, rows[-1].id if is_full and rows else start if is_full else looked)
        if rows:
            self._waiting_since = rows[0].created_at
            await self._store(await self._handle(rows), end)
        elif end - self._stored >= SPAN:
            await self._store(None, end)
        self._is_settled = settled >= tail.last_id
        # What is behind a full chunk is at least as young as its last.
        self._waiting_since = rows[-1].created_at if is_full and rows else self._woken_at
        self.position = end
        return end != start or not self._is_settled

    async def _store(self, work: Work[Any] | None, end: int) -> None:
        known = self._stored

        def write(connection: Connection) -> None:
            if not log.advance(connection, self.name, known, end):
                raise _Overtaken
            if work is not None:
                work(connection)

        await self._db.write(write)
        self._stored = end
        if work is not None and self.on_stored is not None:
            self.on_stored()


def log_end(connection: Connection) -> int:
    """The id of the newest entry there is."""
    return log.end(connection)[0]


def begin_at_end(connection: Connection, name: str) -> None:
    """In somebody's own unit of work: the consumer `name` starts with what is said from here on, if it never ran."""
    log.begin_at_end(connection, name)
