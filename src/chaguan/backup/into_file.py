"""A backup's database as a SQLite file in the folder where a restore is laid out."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from chaguan.app import EPOCH
from chaguan.backup import sqlite_snapshot, table_files
from chaguan.backup.archive import Backup
from chaguan.backup.copy_format import Row, Unreadable, decode_rows
from chaguan.backup.progress import bar, in_bytes
from chaguan.backup.table_files import TableFiles
from chaguan.core.settings import ConfigError
from chaguan.infra import facts, holds, leases, opening
from chaguan.infra.database import SqliteDatabase
from chaguan.infra.migrations import migrate, refuse_newer, revisions, upgrade

_AT_ONCE = 1_000


class IntoFile:
    def __init__(self, backup: Backup, stage: Path) -> None:
        self._backup = backup
        self._path = stage / opening.DATABASE
        self.where = str(stage.parent.resolve())

    @property
    def size_here(self) -> int:
        return size_of_file(self._backup)

    def refuse_unfit(self) -> None:
        """The folder is looked at by whoever lays out the restore in it."""

    def fetch(self) -> bytes:
        fetch_file(self._backup, self._path)
        return sqlite_snapshot.fact(self._path, opening.ROOT)

    def begin_anew(self, epoch: str) -> None:
        bring_up_to_date(self._path, epoch)

    def put_in_place(self, epoch: str, move: Callable[[], None]) -> None:
        if self._path.exists():  # else an earlier restore came as far as this
            move()
            self._path.rename(self._path.parents[1] / opening.DATABASE)


def size_of_file(backup: Backup) -> int:
    size = backup.manifest.database_size
    return (
        2 * size if backup.manifest.engine == table_files.ENGINE else size
    )  # rows have their indexes yet to get


def fetch_file(backup: Backup, path: Path) -> None:
    if backup.manifest.engine == table_files.ENGINE:
        _build(backup, path)
        return
    with backup.open(backup.manifest.database) as parts, path.open("xb") as file:
        for part in parts:
            file.write(part)
    if sqlite_snapshot.count_rows(path) != backup.manifest.rows:
        raise backup.damaged("its database does not hold the rows that its manifest names")


def bring_up_to_date(path: Path, epoch: str) -> None:
    asyncio.run(_begin(SqliteDatabase(path), epoch))
    sqlite_snapshot.settle(path)


async def _begin(db: SqliteDatabase, epoch: str) -> None:
    try:
        await migrate(db)
        await db.write(lambda connection: facts.put(connection, EPOCH, epoch.encode()))
    finally:
        await db.close()


def refuse_unknown(revision: str) -> None:
    """A schema that this version can't make."""
    refuse_newer(revision)
    if revision not in revisions():
        raise ConfigError(
            f"The backup names the schema {revision!r}, which no version had. Nothing was restored."
        )


def _build(backup: Backup, path: Path) -> None:
    """From PostgreSQL's tables: the schema of their time, and their rows."""
    found = backup.manifest.revision
    refuse_unknown(found)
    tables = table_files.read_index(backup)
    db = SqliteDatabase(path)
    db.run(lambda connection: upgrade(connection, found))
    asyncio.run(db.close())
    done, total = 0, backup.manifest.database_size
    with closing(sqlite3.connect(path)) as connection, bar("Database") as shown:
        for table in tables:
            _fill(connection, backup, table)
            done += table.size
            shown.tell(done, total, in_bytes(done))
        with connection:
            _forget_what_ran(connection)


def _fill(connection: sqlite3.Connection, backup: Backup, table: TableFiles) -> None:
    known = connection.execute(f'SELECT name FROM pragma_table_info("{table.name}")').fetchall()  # noqa: S608  checked
    if {name for (name,) in known} != set(table.names):
        raise backup.damaged(
            f"its table {table.name} is not the one of the schema {backup.manifest.revision}"
        )
    columns = ", ".join(f'"{name}"' for name in table.names)
    marks = ", ".join("?" * len(table.columns))
    statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'  # noqa: S608
    try:
        with connection:
            count = connection.executemany(statement, rows_of(backup, table)).rowcount
    except sqlite3.Error as error:
        raise backup.damaged(f"SQLite does not take its {table.name}: {error}") from error
    if max(0, count) != table.rows:
        raise backup.damaged(f"{table.name} does not hold the {table.rows} rows that its manifest names")


def rows_of(backup: Backup, table: TableFiles) -> Iterator[Row]:
    try:
        yield from decode_rows(table_files.stream(backup, table), [kind for _, kind in table.columns])
    except Unreadable as error:
        raise backup.damaged(f"{table.name} can't be read: {error}") from error


def _forget_what_ran(connection: sqlite3.Connection) -> None:
    """SQLite gives out the number after the last row's, PostgreSQL skips some: what a consumer took for read
    must not be beyond what comes next."""
    connection.execute(
        "UPDATE consumers SET position = min(position, (SELECT coalesce(max(id), 0) FROM entries))"
    )
    connection.execute(
        "DELETE FROM meta WHERE name IN (?, ?) OR name LIKE ?",
        (holds.NAME, opening.DEPLOYMENT, leases.fact("%")),
    )
