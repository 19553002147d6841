"""Who of several processes does what one alone should do: a row with a name, an owner and an end, in the database.

A lease and not a session's lock, since a process that was stopped (SIGSTOP, a machine that hangs) keeps its sessions.
It only saves work from being done twice: an owner that slept through its end finds out late, so what it does must be
harmless then, too.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, text

from chaguan.core.errors import AppError
from chaguan.infra import facts
from chaguan.infra.database import Database

logger = logging.getLogger("chaguan.leases")
LIFE_S = 6.0
EVERY_S = 1.5
"""An owner that lives prolongs it four times in its life; the others look as often."""

Change = Callable[[bool], Awaitable[None]]


def fact(name: str) -> str:
    """What the row of this lease is called."""
    return f"lease:{name}"


class Lease:
    """`on_change` hears whenever this process got it or lost it. On SQLite there is one process, which has all."""

    def __init__(self, db: Database, name: str, on_change: Change) -> None:
        self._db = db
        self._fact = fact(name)
        self._on_change = on_change
        self._owner = secrets.token_hex(8)
        self._task: asyncio.Task[None] | None = None
        self._ends_at = 0.0
        self.is_held = False

    async def start(self) -> None:
        """Returns after the first attempt."""
        if self._db.dialect == "sqlite":
            await self._become(True)
            return
        await self._attempt()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Another may have it at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            with contextlib.suppress(AppError):  # then it ends by itself
                await self._db.write(self._release)
        self.is_held = False

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self._attempt()

    async def _attempt(self) -> None:
        now = asyncio.get_running_loop().time
        asked_at = now()
        try:
            got = await self._db.write(self._take)
            self._ends_at = asked_at + LIFE_S if got else 0.0
        except AppError as error:
            got = self.is_held and now() < self._ends_at
            logger.debug("%s can't be asked for: %s", self._fact, error)
        if got != self.is_held:
            await self._become(got)

    async def _become(self, is_held: bool) -> None:
        self.is_held = is_held
        await self._on_change(is_held)

    def _take(self, connection: Connection) -> bool:
        """By the database's clock: those of the machines may differ."""
        clock = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
        now = int(connection.execute(text(clock)).scalar_one())
        owner, _, end = (facts.find(connection, self._fact) or b"").decode().partition(" ")
        if owner not in ("", self._owner) and now < int(end):
            return False
        facts.put(connection, self._fact, f"{self._owner} {now + int(LIFE_S * 1000)}".encode())
        return True

    def _release(self, connection: Connection) -> None:
        owner = (facts.find(connection, self._fact) or b"").decode().partition(" ")[0]
        if owner == self._owner:
            facts.put(connection, self._fact, b"")
