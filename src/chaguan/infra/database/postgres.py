"""The shared database: PostgreSQL through asyncpg, for many processes at once.

`write` is serializable, so that a function which reads and then decides is as right as on SQLite's one writer; what
fails of others' doings is run again. `write_locking` reads what is newest at each statement, for the log's writer.
Functions are not put together under savepoints as on SQLite: a savepoint costs the two round trips of a transaction,
and the server itself lets commits share a sync. Reads that have to wait are put together (`reads.py`).
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy import Connection, Engine, RootTransaction, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database.failures import Fate, fate_of, translate
from chaguan.infra.database.port import Work
from chaguan.infra.database.reads import SharedReads

T = TypeVar("T")

STATEMENT_MS = 10_000
WAIT_FOR_CONNECTION_S = 5
MAX_AGAIN = 20
MAX_LOST = 10
"""More than a pool holds: when the server goes, all of its connections go."""
PATIENCE_S = 5
QUEUE_LIMIT = 4_096
LARGEST_PAUSE_S = 0.2


class _CommitUnknown(Exception):
    """The connection went while the commit was on its way."""


def where_of(url: str) -> str:
    """For people: without user and password."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


class PostgresDatabase:
    """Three small pools, so that neither readers nor other writers keep the log's writer waiting."""

    dialect = "postgresql"

    def __init__(self, url: str, *, lanes: int = 4, writers: int = 4, readers: int = 8) -> None:
        self._url = url
        self.lanes = lanes
        self.last_error = ""
        self._running: set[asyncio.Task[Any]] = set()
        self._warned: set[int] = set()
        # One more, for what another node keeps waiting.
        self._lockers = self._open(lanes + 1, "READ COMMITTED")
        self._writers = self._open(writers, "SERIALIZABLE")
        self._readers = self._open(readers, "REPEATABLE READ", readonly=True)
        self._reads = SharedReads(lambda work: self._try(self._readers, work), readers)

    @property
    def may_fail_over(self) -> bool:
        """Whether the address names several servers: then one of them is expected to take another's place."""
        return "," in urlsplit(self._url).netloc

    @property
    def where(self) -> str:
        return where_of(self._url)

    async def write(self, work: Work[T]) -> T:
        return await self._start(self._write(self._writers, work))

    async def write_locking(self, work: Work[T]) -> T:
        return await self._start(self._write(self._lockers, work))

    async def read(self, work: Work[T]) -> T:
        return await self._reads.read(work)

    async def alter(self, work: Work[T]) -> T:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: self._connect(limit_s=None),
            poolclass=NullPool,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
        )
        return await self._once(engine, work)

    async def close(self) -> None:
        """What was begun is finished."""
        await self._reads.close()
        await asyncio.gather(*self._running, return_exceptions=True)
        for engine in (self._lockers, self._writers, self._readers):
            await engine.dispose()

    def _open(self, size: int, isolation: str, *, readonly: bool = False) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: self._connect(limit_s=STATEMENT_MS / 1000),
            pool_size=size,
            max_overflow=0,
            pool_timeout=WAIT_FOR_CONNECTION_S,
            hide_parameters=True,
            isolation_level=isolation,
        )
        event.listen(engine.sync_engine, "checkout", _must_be_open)
        if readonly:
            event.listen(engine.sync_engine, "connect", _read_only)
        return engine

    async def dial(self, **settings: str) -> asyncpg.Connection:
        """A connection beside the pools, for who needs a session of their own and closes it."""
        return await self._connect(STATEMENT_MS / 1000, **settings)

    async def _connect(self, limit_s: float | None, **settings: str) -> asyncpg.Connection:
        limit_ms = str(int((limit_s or 0) * 1000))
        connection = await asyncpg.connect(
            self._url,
            timeout=WAIT_FOR_CONNECTION_S,
            # The server ends a statement that takes too long; this is for a server that no longer answers at all.
            command_timeout=limit_s and limit_s + 5,
            server_settings={
                "application_name": "chaguan",
                "statement_timeout": limit_ms,
                "lock_timeout": str(int(limit_ms) // 2),
                "idle_in_transaction_session_timeout": limit_ms,
                "synchronous_commit": "on",
                "timezone": "UTC",
                "jit": "off",
                **settings,
            },
        )
        connection.add_log_listener(self._heard)
        return connection

    def _heard(self, connection: Any, message: Any) -> None:
        if getattr(message, "severity", "") == "WARNING":
            self._warned.add(id(connection))

    async def _start(self, work: Coroutine[Any, Any, T]) -> T:
        """Whoever asked may go away; what was begun goes on, as it does on SQLite's threads."""
        if len(self._running) >= QUEUE_LIMIT:
            work.close()
            raise AppError(ErrorCode.unavailable, "too much waits for the database", retry_after_ms=1_000)
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # asked for here, since nobody else may be there to ask

    async def _write(self, engine: AsyncEngine, work: Work[T]) -> T:
        try:
            result = await self._try(engine, work)
        except AppError as error:
            if error.code in (ErrorCode.unavailable, ErrorCode.timeout) and error.__cause__ is not None:
                self.last_error = error.detail
            raise
        self.last_error = ""
        return result

    async def _try(self, engine: AsyncEngine, work: Work[T]) -> T:
        """As often as it can help."""
        counts = {Fate.again: MAX_AGAIN, Fate.lost: MAX_LOST}
        until = asyncio.get_running_loop().time() + PATIENCE_S
        for attempt in range(MAX_AGAIN + MAX_LOST):
            try:
                return await self._once(engine, work)
            except AppError:
                raise
            except _CommitUnknown as error:
                raise AppError(
                    ErrorCode.timeout, "database: the commit may have happened", retry_after_ms=1_000
                ) from error.__cause__
            except Exception as error:  # noqa: BLE001  a defect goes on as it is
                fate = fate_of(error)
                left = counts.get(fate, 0)
                if left == 0 or asyncio.get_running_loop().time() > until:
                    told = translate(error, fate)
                    raise told from (None if told is error else error)
                counts[fate] = left - 1
            await asyncio.sleep(random.uniform(0, min(LARGEST_PAUSE_S, 0.002 * 2**attempt)))
        raise AppError(ErrorCode.unavailable, "database: always others in the way", retry_after_ms=1_000)

    async def _once(self, engine: AsyncEngine, work: Work[T]) -> T:
        # One greenlet for all: a step of SQLAlchemy's own asynchronous connection costs as much as a small statement.
        return await greenlet_spawn(self._transact, engine.sync_engine, work)

    def _transact(self, engine: Engine, work: Work[T]) -> T:
        connection = engine.connect()
        try:
            transaction = connection.begin()
            result = work(connection)
            self._commit(connection, transaction)
        except BaseException as error:
            _give_up(connection, error)
            raise
        connection.close()
        return result

    def _commit(self, connection: Connection, transaction: RootTransaction) -> None:
        driver = id(connection.connection.driver_connection)
        self._warned.discard(driver)
        try:
            transaction.commit()
        except Exception as error:
            if fate_of(error) in (Fate.lost, Fate.busy):
                raise _CommitUnknown from error
            raise
        if driver in self._warned:
            # The server stopped waiting for its synchronous standby: committed here, perhaps nowhere else.
            raise _CommitUnknown from ConnectionError("the standby did not confirm the commit")


def _read_only(connection: Any, _record: Any) -> None:
    connection.readonly = True


def _must_be_open(_connection: Any, record: Any, _proxy: Any) -> None:
    """A connection that went while it lay in the pool costs nobody an attempt; the pool opens another."""
    if record.driver_connection.is_closed():
        raise exc.DisconnectionError


def _give_up(connection: Connection, error: BaseException) -> None:
    """Closing rolls back; a connection in doubt is not used again, nor are statements that it has prepared."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    stale = "cached" in str(original) and "statement" in str(original)
    if isinstance(error, _CommitUnknown | asyncio.CancelledError) or stale or fate_of(error) is Fate.lost:
        connection.invalidate()
    connection.close()
