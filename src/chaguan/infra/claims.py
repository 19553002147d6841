"""A process's claim on a shared database while it serves: alone on it, or beside others that it hears through Redis.

A session's lock, unlike a lease, goes at once with its process, however that ended; so a restart waits for nobody. It
only tells a configuration that can't work: what is written is safe without it.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

import asyncpg

from chaguan.core.settings import ConfigError
from chaguan.infra.database.failures import summary
from chaguan.infra.database.postgres import PostgresDatabase

logger = logging.getLogger("chaguan.claims")
KEY = 0x6368_6167_7561_6E02
EVERY_S = 5.0
PATIENCE_S = 3.0
"""The former process of a restart may be some moments in ending."""
LOOKS = 3
"""So often in a row more must be here than Redis knows of: a process that starts is here before it is there."""
NEED_REDIS = "give every process the same redis_url, or stop the other one"

_HOLDERS = """
SELECT count(*), count(*) FILTER (WHERE mode = 'ExclusiveLock'), count(*) FILTER (WHERE pid = pg_backend_pid())
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((classid::bigint << 32) | objid::bigint) = $1
"""
_END_FORMER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()
"""


_GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""The database or the way to it; its pools tell of that."""
Known = Callable[[], int | None]
"""How many processes Redis knows of; None while it can't be asked."""


class Claim:
    """`trouble` is a sentence for people while others serve that this process can't serve beside."""

    def __init__(self, db: PostgresDatabase, known: Known | None) -> None:
        """`known` is None for a process without Redis, which must be alone."""
        self._db = db
        self._known = known
        self._name = f"chaguan claim {secrets.token_hex(8)}"
        self._connection: Any = None  # the driver has no types
        self._task: asyncio.Task[None] | None = None
        self._unheard = 0
        self.holders = 0
        """Processes that served this database at the last look."""
        self.trouble = ""

    async def start(self) -> None:
        """`ConfigError` where this process and those that serve already would not hear each other."""
        until = asyncio.get_running_loop().time() + PATIENCE_S
        with contextlib.suppress(*_GONE):
            while not await self._look():
                if asyncio.get_running_loop().time() > until:
                    await self._let_go()
                    raise ConfigError(self._refusal)
                await asyncio.sleep(0.1)
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._let_go()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                told = self._heard() if await self._look() else self._refusal
            except _GONE as error:
                logger.debug("the claim can't be looked after: %s", summary(error))
                await self._let_go()
                continue
            if told and told != self.trouble:
                logger.warning("%s", told)
            self.trouble = told

    async def _look(self) -> bool:
        """Whether the lock is held; taken again where its connection or its server went."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._db.dial(application_name=self._name, **_SOON_NOTICED)
            # After a cut in the network the server may not know yet that this process's former session is no more.
            await self._connection.execute(_END_FORMER, self._name)
        self.holders, _, own = await self._connection.fetchrow(_HOLDERS, KEY)
        if not own:
            shared = "" if self._known is None else "_shared"
            own = await self._connection.fetchval(f"SELECT pg_try_advisory_lock{shared}({KEY})")
        return bool(own)

    def _heard(self) -> str:
        known = None if self._known is None else self._known()
        self._unheard = self._unheard + 1 if known is not None and self.holders > known else 0
        if self._unheard < LOOKS:
            return ""
        return (
            f"{self.holders} processes serve the database {self._db.where}, and {known} of them meet at this Redis; "
            "give all of them the same redis_url."
        )

    @property
    def _refusal(self) -> str:
        return refusal(self._db.where, is_alone=self._known is None)

    async def _let_go(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with contextlib.suppress(*_GONE):
                await connection.close(timeout=2)


_SOON_NOTICED = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""A machine that lost its power must not keep the one that replaces it from starting for two hours."""


def refusal(where: str, *, is_alone: bool) -> str:
    if is_alone:
        return (
            f"Another process serves the database {where}, and this one has no redis_url, so neither would hear what "
            f"the other stores; {NEED_REDIS}."
        )
    return (
        f"A process without redis_url serves the database {where}, and would not hear what this one stores; "
        f"{NEED_REDIS}."
    )


async def find_holders(db: PostgresDatabase) -> tuple[int, int]:
    """How many processes serve the database now, and how many of them believe to be alone."""
    connection = await db.dial(application_name="chaguan doctor")
    try:
        all_of_them, alone, _ = await connection.fetchrow(_HOLDERS, KEY)
        return int(all_of_them), int(alone)
    finally:
        await connection.close(timeout=2)
