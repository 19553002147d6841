"""A connection of a backup or a restore to PostgreSQL: one transaction on it, for statements and for COPY, without
limits of time; and what PostgreSQL raises, as a sentence."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, exc, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from chaguan.core.settings import ConfigError
from chaguan.infra.database import Work
from chaguan.infra.database.failures import summary
from chaguan.infra.database.postgres import PostgresDatabase

T = TypeVar("T")
_CONNECT_S = 10
_COLUMNS = text(
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass(:name) "
    "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
)


class Link:
    """One transaction. COPY goes past SQLAlchemy, on the same connection and so in the same transaction."""

    def __init__(self, connection: AsyncConnection, driver: asyncpg.Connection) -> None:
        self._connection = connection
        self.driver = driver

    async def run(self, work: Callable[[Connection], T]) -> T:
        return await self._connection.run_sync(work)

    async def commit(self) -> None:
        await self._connection.commit()


@asynccontextmanager
async def linked(url: str, name: str, isolation: str, **options: bool) -> AsyncIterator[Link]:
    """Rolled back at the end unless committed before."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(_connect, url, name),
        poolclass=NullPool,
        hide_parameters=True,
        execution_options={"isolation_level": isolation, **options},
    )
    connection = await engine.connect()
    try:
        await connection.begin()
        # The driver's adapter begins with the first statement, and COPY would not count as one.
        await connection.exec_driver_sql("SELECT 1")
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        yield Link(connection, driver)
    finally:
        await connection.invalidate()  # closes it, which ends the transaction; whatever state it is in
        await connection.close()
        await engine.dispose()


async def _connect(url: str, name: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        url,
        timeout=_CONNECT_S,
        server_settings={
            "application_name": name,
            "synchronous_commit": "on",
            "statement_timeout": "0",
            "lock_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
            "timezone": "UTC",
            "jit": "off",
        },
    )


def columns_of(connection: Connection, table: str) -> list[tuple[str, str]]:
    """Name and type of each, in PostgreSQL's words; none where there is no such table."""
    found = connection.execute(_COLUMNS, {"name": f'"{table}"'})
    return [(str(name), str(kind)) for name, kind in found]


def write_once(url: str, work: Work[Any]) -> None:
    """One unit of work from a place without a loop, whatever has become of earlier connections."""

    async def run() -> None:
        db = PostgresDatabase(url, lanes=1, writers=1, readers=1)
        try:
            await db.write(work)
        finally:
            await db.close()

    asyncio.run(run())


@contextmanager
def told(what: str) -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, exc.DBAPIError) as error:
        raise ConfigError(
            f"PostgreSQL ended {what} ({summary(error)}); run the same command again."
        ) from error
    except (ConnectionError, TimeoutError) as error:
        raise ConfigError(
            f"The connection to PostgreSQL was lost during {what}; run the same command again."
        ) from error
