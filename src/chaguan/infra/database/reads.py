"""Reads that wait for a connection together share one transaction on it, and so one snapshot, taken after the last of
them was asked for. A transaction of its own costs a small read three times what the read costs: when everybody comes
back at once, that decides how long it takes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database.failures import Fate, fate_of
from chaguan.infra.database.port import Work

T = TypeVar("T")
TOGETHER = 32
WAIT_S = 5.0
"""Who has waited so long without a turn is told that the database has none for them."""
QUEUE_LIMIT = 4_096
Run = Callable[[Work[Any]], Awaitable[Any]]


class _Read(NamedTuple):
    work: Work[Any]
    answer: "asyncio.Future[Any]"
    asked_at: float


class SharedReads:
    """At most `at_once` transactions; `run` runs one and raises what is for people to read."""

    def __init__(self, run: Run, at_once: int) -> None:
        self._run = run
        self._free = at_once
        self._waiting: deque[_Read] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.TimerHandle | None = None

    async def read(self, work: Work[T]) -> T:
        if len(self._waiting) >= QUEUE_LIMIT:
            raise _no_turn()
        loop = asyncio.get_running_loop()
        read = _Read(work, loop.create_future(), loop.time())
        self._waiting.append(read)
        if self._free:
            self._free -= 1
            task = loop.create_task(self._answer_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._watch is None:
            self._watch = loop.call_later(WAIT_S, self._send_away)
        result: T = await read.answer
        return result

    async def close(self) -> None:
        """What was begun is finished."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._watch is not None:
            self._watch.cancel()

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                await self._answer(
                    [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
                )
        finally:
            self._free += 1

    async def _answer(self, reads: list[_Read]) -> None:
        reads = [read for read in reads if not read.answer.done()]  # who asked may have gone
        if not reads:
            return
        try:
            outcomes = await self._run(partial(_all, [read.work for read in reads]))
        except Exception as error:  # noqa: BLE001  handed to who waits for it
            if len(reads) > 1 and not _is_of_all(error):
                for read in reads:
                    await self._answer([read])
                return
            outcomes = [(None, error)] * len(reads)
        for read, (result, failure) in zip(reads, outcomes, strict=True):
            _settle(read.answer, result, failure)

    def _send_away(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time() - WAIT_S
        while self._waiting and self._waiting[0].asked_at <= before:
            _settle(self._waiting.popleft().answer, None, _no_turn())
        oldest = self._waiting[0].asked_at if self._waiting else None
        self._watch = None if oldest is None else loop.call_at(oldest + WAIT_S, self._send_away)


def _all(works: list[Work[Any]], connection: Connection) -> list[tuple[Any, Exception | None]]:
    """What a work raises of its own is its asker's business. An error of the database ends the transaction of all."""
    outcomes: list[tuple[Any, Exception | None]] = []
    for work in works:
        try:
            outcomes.append((work(connection), None))
        except Exception as error:
            is_own = isinstance(error, AppError) or fate_of(error) is Fate.defect
            if isinstance(error, DBAPIError) or not is_own:
                raise
            outcomes.append((None, error))
    return outcomes


def _is_of_all(error: Exception) -> bool:
    """Whether it would meet each of them alone as well: the server is away or overloaded."""
    return isinstance(error, AppError) and error.code is ErrorCode.unavailable


def _settle(answer: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
        answer.exception()  # read here: who asked may have gone meanwhile


def _no_turn() -> AppError:
    return AppError(ErrorCode.unavailable, "too much waits for the database", retry_after_ms=1_000)
