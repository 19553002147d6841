"""Small reads that everybody asks for at once, many answered by one statement: when all come back after a restart, a
read serves two hundred of them instead of one."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import islice
from typing import Generic, TypeVar

from sqlalchemy import Connection

from chaguan.infra.database.port import Database

TOGETHER = 200
GATHERING_S = 0.01
"""A lone asker waits for nobody; of several, the second this long at most."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def first_of(waiting: Iterable[K]) -> list[K]:
    return list(islice(waiting, TOGETHER))


class GatheredReads(Generic[K, V]):
    """While many ask, a read begins each `GATHERING_S` for all who have asked meanwhile: read as they come, a storm
    would bring a read for nearly everybody. One that hangs holds up nobody else.

    `read` gives what was found of some keys, `pick` which of those that wait are read together."""

    def __init__(
        self,
        db: Database,
        read: Callable[[Connection, list[K]], Mapping[K, V]],
        pick: Callable[[Iterable[K]], list[K]] = first_of,
    ) -> None:
        self._db = db
        self._read_some = read
        self._pick = pick
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._began_at = 0.0

    async def find(self, key: K) -> V | None:
        """The read begins after this is asked, so what was stored before is seen."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._waiting[key] = answer
            if len(self._waiting) == 1:
                task = asyncio.create_task(self._read_all())
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
        # Shielded: who gives up must not take the answer from another who asked the same.
        return await asyncio.shield(answer)

    async def _read_all(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._began_at + GATHERING_S - loop.time()))
        self._began_at = loop.time()
        reads = []
        while self._waiting:
            batch = self._pick(self._waiting)
            reads.append(self._read(batch, [self._waiting.pop(key) for key in batch]))
        await asyncio.gather(*reads)

    async def _read(self, batch: list[K], answers: list[asyncio.Future[V | None]]) -> None:
        try:
            found = await self._db.read(lambda con: self._read_some(con, batch))
        except Exception as error:  # noqa: BLE001  handed to everybody who waits for it
            for answer in answers:
                _settle_error(answer, error)
            return
        for key, answer in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(found.get(key))


def _settle_error(answer: "asyncio.Future[V | None]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # read here, since everybody may have given up
