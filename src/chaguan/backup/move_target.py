"""The PostgreSQL database that a deployment moves to: empty or the same copy's own, and closed until it is finished."""

import asyncio
from typing import NamedTuple

import asyncpg

from chaguan.app import EPOCH
from chaguan.backup.sequences import set_sequences
from chaguan.core.settings import ConfigError
from chaguan.infra import facts, opening
from chaguan.infra.database import metadata
from chaguan.infra.database.postgres import PostgresDatabase
from chaguan.infra.database.survey import refuse_unsuitable
from chaguan.infra.migrations import migrate, refuse_newer, revision

_LOCK = 0x6368_6167_7561_6E03
_LOCK_S = 10
"""A copy that was killed keeps its lock until the server notices."""
_SETTINGS = {
    "application_name": "chaguan db copy",
    # What a crash of the server may take of it is copied again; the last transaction waits for all before it.
    "synchronous_commit": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "timezone": "UTC",
    "jit": "off",
}


class Names(NamedTuple):
    """What the deployment is called once it stands on PostgreSQL."""

    deployment: str
    epoch: str


class Target:
    """Two connections: one walks through what is there, the other changes it."""

    def __init__(self, where: str, reader: asyncpg.Connection, writer: asyncpg.Connection) -> None:
        self.where, self.reader, self.writer = where, reader, writer

    async def close(self) -> None:
        for connection in (self.reader, self.writer):
            connection.terminate()

    async def finish(self, names: Names) -> None:
        """In one transaction the database becomes a deployment; until then nothing serves it."""
        for table in metadata.sorted_tables:
            await self.writer.execute(f'ANALYZE "{table.name}"')
        async with self.writer.transaction():
            await self.writer.execute("SET LOCAL synchronous_commit = on")
            await set_sequences(self.writer)
            for name, value in ((opening.DEPLOYMENT, names.deployment), (EPOCH, names.epoch)):
                await self.writer.execute(
                    f"INSERT INTO {facts.meta.name} (name, value) VALUES ($1, $2) "  # noqa: S608
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    name,
                    value.encode(),
                )
            await self.writer.execute(f"DROP TABLE {opening.COPYING}")


async def open_target(url: str, source: str) -> Target:
    """For a copy of `source`. ConfigError says what stands in the way; nothing is written before all is known."""
    db = PostgresDatabase(url, lanes=1, writers=1, readers=1)
    writer: asyncpg.Connection | None = None
    try:
        await refuse_unsuitable(db)
        refuse_newer(await db.read(revision))
        writer = await connect(url)
        await _lock(writer, db.where)
        await _claim(writer, db.where, source)
        await migrate(db)
        return Target(db.where, await connect(url), writer)
    except BaseException:
        if writer is not None:
            writer.terminate()
        raise
    finally:
        await db.close()


async def open_to_compare(url: str) -> tuple[str, asyncpg.Connection]:
    db = PostgresDatabase(url, lanes=1, writers=1, readers=1)
    try:
        await refuse_unsuitable(db)
        return db.where, await connect(url)
    finally:
        await db.close()


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, timeout=10, server_settings=_SETTINGS)


async def find_deployment(url: str) -> str:
    """Which finished deployment stands in the database; empty for none."""
    db = PostgresDatabase(url, lanes=1, writers=1, readers=1)
    try:
        await refuse_unsuitable(db)
        return (await db.read(lambda it: facts.find_early(it, opening.DEPLOYMENT)) or b"").decode()
    finally:
        await db.close()


async def _lock(connection: asyncpg.Connection, where: str) -> None:
    try:
        async with asyncio.timeout(_LOCK_S):
            await connection.execute(f"SELECT pg_advisory_lock({_LOCK})")
    except TimeoutError as error:
        raise ConfigError(
            f"Another copy into the database {where} is running; let it come to its end."
        ) from error


async def _claim(connection: asyncpg.Connection, where: str, source: str) -> None:
    if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", opening.COPYING):
        if await connection.fetchval(f"SELECT source FROM {opening.COPYING}") == source:  # noqa: S608
            return
        raise ConfigError(
            f"The database {where} holds the unfinished copy of another deployment; name an empty database, "
            "or drop that one and create it anew."
        )
    ours = {table.name for table in metadata.sorted_tables}
    found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    for name in sorted(record["tablename"] for record in found):
        is_known = name in ours or name == "alembic_version"
        if not is_known or (name in ours and await _has_rows(connection, name)):
            raise ConfigError(f"The database {where} is not empty (table {name}); name an empty one.")
    async with connection.transaction():
        await connection.execute(f"CREATE TABLE {opening.COPYING} (source text NOT NULL)")
        await connection.execute(f"INSERT INTO {opening.COPYING} (source) VALUES ($1)", source)  # noqa: S608


async def _has_rows(connection: asyncpg.Connection, table: str) -> bool:
    return bool(await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")'))  # noqa: S608
