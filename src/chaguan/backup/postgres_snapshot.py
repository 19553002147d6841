"""PostgreSQL's own part of a backup: its tables as of one moment, through `COPY`, while it is written to.

No program of PostgreSQL has to be there, in the right version; and no password leaves this process.
"""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, create_engine, inspect, text

from chaguan.app import EPOCH
from chaguan.backup.archive import Writer
from chaguan.backup.point import Copied, list_named
from chaguan.backup.postgres_link import Link, columns_of, linked, told
from chaguan.backup.progress import Bar, bar, in_bytes
from chaguan.backup.table_files import ENGINE, TableFiles, TableWriter, write_index
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts, opening
from chaguan.infra.database import metadata
from chaguan.infra.migrations import newest, revision, upgrade

_TABLES = text(
    "SELECT c.relname, pg_table_size(c.oid) FROM pg_class c WHERE c.relkind IN ('r', 'p') "
    "AND c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition "
    "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname"
)
VERSIONS = "alembic_version"


def refuse_unfit(settings: Settings) -> None:
    """What a server would refuse at its start, before anything is written."""

    async def look() -> None:
        db = await opening.open_database(settings)
        try:
            if not await db.read(lambda connection: facts.find_early(connection, opening.ROOT)):
                raise ConfigError(
                    "There is no deployment in the database that database_url names; name the one to back up."
                )
        finally:
            await db.close()

    asyncio.run(look())


def copy_into(writer: Writer, url: str, check: Callable[[bytes], None]) -> Copied:
    """The copy holds every transaction that was committed before this began, and none that came after."""
    with told("the backup"):
        return asyncio.run(_copy(writer, url, check))


async def _copy(writer: Writer, url: str, check: Callable[[bytes], None]) -> Copied:
    # Serializable and deferrable waits for a moment at which no decision of two others is half to be seen.
    async with linked(
        url,
        "chaguan backup",
        "SERIALIZABLE",
        postgresql_readonly=True,
        postgresql_deferrable=True,
    ) as link:
        root, epoch, found = await link.run(_facts)
        check(root)
        tables = await _copy_tables(writer, link)
        blobs = await link.run(list_named)
    return Copied(
        engine=ENGINE,
        revision=found,
        epoch=epoch,
        database=write_index(writer, tables),
        database_bytes=sum(table.size for table in tables),
        rows={table.name: table.rows for table in tables},
        blobs=blobs,
    )


def _facts(connection: Connection) -> tuple[bytes, str, str]:
    root = facts.find_early(connection, opening.ROOT) or b""
    epoch = facts.find_early(connection, EPOCH) or b""
    return root, epoch.decode(), revision(connection)


async def _copy_tables(writer: Writer, link: Link) -> list[TableFiles]:
    tables = await link.run(_ours)
    total = sum(size for _, size in tables)
    copied: list[TableFiles] = []
    with bar("Database") as shown:
        for name, _ in tables:
            before = sum(table.size for table in copied)
            copied.append(await _copy_table(writer, link, name, (shown, before, total)))
    return copied


def _ours(connection: Connection) -> list[tuple[str, int]]:
    known = _tables_of(revision(connection))
    return [(str(name), int(size)) for name, size in connection.execute(_TABLES) if name in known]


def _tables_of(found: str) -> set[str]:
    if found == newest():
        return set(metadata.tables)
    # An older schema may have had tables that were dropped since: made anew, it says which.
    with create_engine("sqlite://").begin() as connection:
        upgrade(connection, found)
        return set(inspect(connection).get_table_names()) - {VERSIONS}


async def _copy_table(writer: Writer, link: Link, name: str, progress: tuple[Bar, int, int]) -> TableFiles:
    shown, passed, total = progress
    columns = await link.run(lambda connection: columns_of(connection, name))
    parts = TableWriter(writer, name)

    async def take(data: bytes) -> None:
        nonlocal passed
        parts.add(data)
        passed += len(data)
        shown.tell(passed, total, in_bytes(passed))

    status = await link.driver.copy_from_table(
        name, columns=[column for column, _ in columns], output=take, format="binary"
    )
    parts.finish()
    return TableFiles(name, columns, int(status.split()[-1]), parts.parts)
