"""A backup's database into an empty one on PostgreSQL: in one transaction, so that it is there whole or not at all."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from chaguan.app import EPOCH
from chaguan.backup import sqlite_snapshot, table_files
from chaguan.backup.archive import Backup
from chaguan.backup.into_file import bring_up_to_date, fetch_file, refuse_unknown, rows_of, size_of_file
from chaguan.backup.postgres_link import Link, columns_of, linked, told
from chaguan.backup.progress import Bar, bar, in_bytes
from chaguan.backup.rows import Layout, Row, layouts, rows_here
from chaguan.backup.sequences import set_sequences
from chaguan.backup.table_files import TableFiles
from chaguan.core.settings import ConfigError
from chaguan.infra import facts, holds, leases, opening
from chaguan.infra.database import metadata
from chaguan.infra.database.postgres import PostgresDatabase, where_of
from chaguan.infra.database.survey import refuse_unsuitable
from chaguan.infra.migrations import lock, newest, upgrade

NAME = "chaguan restore"
_LEAVE_S = 5
_LOOK_S = 0.1
_RELATION = text(
    "SELECT min(relname) FROM pg_class c WHERE relnamespace = current_schema()::regnamespace "
    "AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
    "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
)
_NODES = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND (application_name = 'chaguan' OR application_name LIKE 'chaguan claim %')"
)


class IntoPostgres:
    """Loaded last, when the files are fetched and the key is known to fit; committed after they are in place."""

    def __init__(self, backup: Backup, stage: Path, url: str) -> None:
        self._backup, self._url = backup, url
        self._file = stage / "from.db"
        """Of a backup of SQLite, brought up to date before it is brought over."""
        self._name = where_of(url)
        self.where = f"the database {self._name}"

    @property
    def size_here(self) -> int:
        return 0 if self._backup.manifest.engine == table_files.ENGINE else size_of_file(self._backup)

    def refuse_unfit(self) -> None:
        asyncio.run(self._look())

    async def _look(self) -> None:
        db = PostgresDatabase(self._url, lanes=1, writers=1, readers=1)
        try:
            await refuse_unsuitable(db)
        finally:
            await db.close()
        with told("the restore"):
            async with self._linked() as link:
                await self._refuse_unfit(link)

    def fetch(self) -> bytes:
        """Looks at every byte, so that nothing is begun with a backup that is damaged."""
        if self._backup.manifest.engine != table_files.ENGINE:
            fetch_file(self._backup, self._file)
            return sqlite_snapshot.fact(self._file, opening.ROOT)
        refuse_unknown(self._backup.manifest.revision)
        root, done = b"", 0
        with bar("Checking") as shown:
            for table in table_files.read_index(self._backup):
                if table.name == facts.meta.name:
                    root = next(
                        (value for name, value in rows_of(self._backup, table) if name == opening.ROOT), b""
                    )
                for part in table_files.stream(self._backup, table):
                    done += len(part)
                    shown.tell(done, self._backup.manifest.database_size, in_bytes(done))
        if not root:
            raise self._backup.damaged("no deployment is in it")
        return root

    def begin_anew(self, epoch: str) -> None:
        if self._backup.manifest.engine != table_files.ENGINE:
            bring_up_to_date(self._file, epoch)

    def put_in_place(self, epoch: str, move: Callable[[], None]) -> None:
        with told("the restore"):
            asyncio.run(self._put(epoch, move))

    async def _put(self, epoch: str, move: Callable[[], None]) -> None:
        async with self._linked() as link:
            await link.run(lock)  # a node that starts now waits, and then finds a deployment
            if await link.run(_epoch) == epoch:
                move()  # an earlier restore was interrupted after the commit
                return
            await self._refuse_unfit(link)
            if self._backup.manifest.engine == table_files.ENGINE:
                await self._load_tables(link)
            else:
                await self._load_file(link)
            await link.run(lambda connection: _begin(connection, epoch))
            await set_sequences(link.driver)
            await link.driver.execute("ANALYZE " + ", ".join(f'"{name}"' for name in metadata.tables))
            move()
            await link.commit()

    def _linked(self) -> contextlib.AbstractAsyncContextManager[Link]:
        return linked(self._url, NAME, "READ COMMITTED")

    async def _refuse_unfit(self, link: Link) -> None:
        if found := await link.run(lambda connection: connection.execute(_RELATION).scalar()):
            raise ConfigError(
                f"The database {self._name} is not empty ({found}); name an empty one, or drop it and create it anew. "
                "Nothing was restored."
            )
        until = time.monotonic() + _LEAVE_S
        while nodes := await link.run(_nodes):
            if time.monotonic() > until:
                raise ConfigError(
                    f"Chaguan is running on the database {self._name} ({nodes} connections): stop every node, "
                    "they would go on with the former epoch. Nothing was restored."
                )
            await asyncio.sleep(_LOOK_S)

    async def _load_tables(self, link: Link) -> None:
        backup = self._backup
        await link.run(lambda connection: upgrade(connection, backup.manifest.revision))
        lacking = await link.run(_tables)
        with bar("Database") as shown:
            progress = _Progress(shown, backup.manifest.database_size)
            for table in table_files.read_index(backup):
                await _load(link, backup, table, progress)
                lacking.discard(table.name)
        if lacking:
            raise backup.damaged(f"it lacks the table {min(lacking)}")
        await link.run(lambda connection: upgrade(connection, newest()))

    async def _load_file(self, link: Link) -> None:
        await link.run(lambda connection: upgrade(connection, newest()))
        with contextlib.closing(sqlite3.connect(self._file)) as file, bar("Database") as shown:
            progress = _Progress(shown, sum(self._backup.manifest.rows.values()))
            for layout in layouts({}):
                await link.driver.copy_records_to_table(
                    layout.name, records=_records(file, layout, progress), columns=layout.columns
                )


class _Progress:
    def __init__(self, shown: Bar, total: int) -> None:
        self._shown, self._total = shown, total
        self._done = 0

    def add(self, more: int) -> None:
        self._done += more
        self._shown.tell(self._done, self._total)


async def _load(link: Link, backup: Backup, table: TableFiles, progress: _Progress) -> None:
    columns = await link.run(lambda connection: columns_of(connection, table.name))
    if sorted(columns) != sorted(table.columns):
        raise backup.damaged(
            f"its table {table.name} is not the one of the schema {backup.manifest.revision}"
        )
    status = await link.driver.copy_to_table(
        table.name, source=_bytes(backup, table, progress), columns=table.names, format="binary"
    )
    if status != f"COPY {table.rows}":
        raise backup.damaged(f"{table.name} does not hold the {table.rows} rows that its manifest names")


async def _bytes(backup: Backup, table: TableFiles, progress: _Progress) -> AsyncIterator[bytes]:
    for part in table_files.stream(backup, table):
        progress.add(len(part))
        yield part


async def _records(file: sqlite3.Connection, layout: Layout, progress: _Progress) -> AsyncIterator[Row]:
    for row in rows_here(file, layout):
        progress.add(1)
        yield row


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def _nodes(connection: Connection) -> int:
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))  # else a transaction sees the same for ever
    return int(connection.execute(_NODES).scalar_one())


def _epoch(connection: Connection) -> str:
    return (facts.find_early(connection, EPOCH) or b"").decode()


def _begin(connection: Connection, epoch: str) -> None:
    """A new epoch; and what only the nodes of that time meant: who owns what, and that a backup was running."""
    facts.put(connection, EPOCH, epoch.encode())
    connection.execute(
        text("DELETE FROM meta WHERE name = :hold OR name LIKE :leases"),
        {"hold": holds.NAME, "leases": leases.fact("%")},
    )
