"""How a process stands to the machines around it while it serves on a shared database: others on it, clocks, the server.

What can't work is refused at the start, what may be regretted is warned of; `reasons` are for `/health`.
"""

import asyncio
import logging

from sqlalchemy import Connection, text

from chaguan.core import clock
from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError
from chaguan.infra.broker import Broker
from chaguan.infra.claims import Claim
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.infra.database.survey import warnings

logger = logging.getLogger("chaguan")
LOOK_S = 30
CLOCK_MS = 5_000
"""Clocks that follow a time server differ by milliseconds."""
WRONG_CLOCK_MS = 60_000
"""Beyond the leeway of tokens: what one node signs another would refuse."""


class Standing:
    def __init__(self, db: PostgresDatabase, broker: Broker) -> None:
        def known() -> int | None:
            return len(broker.peers) if broker.is_linked else None

        self._db = db
        self._claim = Claim(db, known if broker.is_shared else None)
        self._clock_trouble = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        for told in await warnings(self._db):
            logger.warning("%s", told)
        refuse_wrong_clock(await self._look_at_clock(), self._db.where)
        await self._claim.start()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._claim.stop()

    @property
    def reasons(self) -> list[str]:
        return [reason for reason in (self._claim.trouble, self._clock_trouble) if reason]

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._look_at_clock()
            except AppError as error:
                logger.debug("the database's clock can't be read: %s", error)

    async def _look_at_clock(self) -> int:
        ahead_ms = await clock_ahead_ms(self._db)
        told = f"{clocks_apart(ahead_ms, self._db.where)}." if abs(ahead_ms) > CLOCK_MS else ""
        if told and not self._clock_trouble:
            logger.warning("%s", told)
        self._clock_trouble = told
        return ahead_ms


async def clock_ahead_ms(db: PostgresDatabase) -> int:
    """How far this machine's clock is ahead of the database's, at least; 0 where the way there explains it."""

    def ask(connection: Connection) -> int:
        query = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
        return int(connection.execute(text(query)).scalar_one())

    before = clock.now_ms()
    theirs = await db.read(ask)
    return max(0, before - theirs) + min(0, clock.now_ms() - theirs)


def refuse_wrong_clock(ahead_ms: int, where: str) -> None:
    if abs(ahead_ms) > WRONG_CLOCK_MS:
        raise ConfigError(f"{clocks_apart(ahead_ms, where)}; {SET_CLOCKS}.")


SET_CLOCKS = "have both follow a time server, since tokens and times are judged by them"


def clocks_apart(ahead_ms: int, where: str) -> str:
    how = "ahead of" if ahead_ms > 0 else "behind"
    return f"This machine's clock is {abs(ahead_ms) // 1000} s {how} that of the database {where}"
