"""Whom user tokens speak for, looked up many at a time: when everybody returns at once after a restart, a read serves
two hundred of them instead of one."""

import asyncio
from functools import partial

from sqlalchemy import Connection

from chaguan.accounts.store import users as store
from chaguan.accounts.store.users import Known
from chaguan.infra.database import Database

_TOGETHER = 200
_GATHERING_S = 0.01
"""A lone asker waits for nobody; of several, the second this long at most."""

Place = tuple[str, str, str]
"""App, the business's id of the user, device."""


class Recognition:
    """While many ask, a read begins each `_GATHERING_S` for all who have asked meanwhile: read as they come, a storm
    would bring a read for nearly everybody. One that hangs holds up nobody else."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: dict[Place, asyncio.Future[Known | None]] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._began_at = 0.0

    async def find(self, app_id: str, subject: str, device_id: str) -> Known | None:
        """The read begins after this is asked, so what was stored before is seen."""
        place = (app_id, subject, device_id)
        answer = self._waiting.get(place)
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._waiting[place] = answer
            if len(self._waiting) == 1:
                task = asyncio.create_task(self._read_all())
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
        # Shielded: who gives up must not take the answer from another who asked the same.
        return await asyncio.shield(answer)

    async def _read_all(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._began_at + _GATHERING_S - loop.time()))
        self._began_at = loop.time()
        reads = []
        while self._waiting:
            batch = _one_batch(self._waiting)
            reads.append(self._read(batch, [self._waiting.pop(place) for place in batch]))
        await asyncio.gather(*reads)

    async def _read(self, batch: list[Place], answers: list[asyncio.Future[Known | None]]) -> None:
        try:
            found = await self._db.read(partial(_read, batch=batch))
        except Exception as error:  # noqa: BLE001  handed to everybody who waits for it
            for answer in answers:
                _settle_error(answer, error)
            return
        for place, answer in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(found.get(place[1]))


def _one_batch(waiting: dict[Place, asyncio.Future[Known | None]]) -> list[Place]:
    """Of one app, and no user twice."""
    app_id = next(iter(waiting))[0]
    batch: dict[str, Place] = {}
    for place in waiting:
        if place[0] == app_id:
            batch.setdefault(place[1], place)
        if len(batch) == _TOGETHER:
            break
    return list(batch.values())


def _read(connection: Connection, batch: list[Place]) -> dict[str, Known]:
    return store.list_known(connection, batch[0][0], {subject: device for _, subject, device in batch})


def _settle_error(answer: asyncio.Future[Known | None], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # read here, since everybody may have given up
