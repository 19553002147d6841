"""SQLite's own part of a backup: a copy of the database as of one moment, taken while it is written to. Another
engine has its own module with these verbs."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from chaguan.backup.point import list_named
from chaguan.core.settings import ConfigError
from chaguan.infra import facts

ENGINE = "sqlite"
_PAGES = 2_048


def take(source: Path, target: Path, tell: Callable[[int, int], None]) -> None:
    """The copy holds every transaction that was committed before this began, and none that came after."""
    try:
        with (
            closing(_connect(source)) as live,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            # The open read transaction is what fixes the moment: without it, each commit would start the copy anew.
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM meta").fetchone()
            live.backup(
                copy, pages=_PAGES, progress=lambda _, left, total: tell(total - left, total), sleep=0
            )
            live.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode=DELETE")
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise ConfigError(f"The database {source} can't be copied: {error}.") from error
    if found != "ok":
        raise ConfigError(f"The database {source} is damaged ({found}): it must not replace an older backup.")


def count_rows(path: Path) -> dict[str, int]:
    with closing(_connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        names = [name for (name,) in tables if not name.startswith("sqlite_")]
        count = 'SELECT count(*) FROM "{}"'
        return {name: connection.execute(count.format(name)).fetchone()[0] for name in names}


def revision(path: Path) -> str:
    with closing(_connect(path)) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else ""


def fact(path: Path, name: str) -> bytes:
    with closing(_connect(path)) as connection:
        found = connection.execute(f"SELECT value FROM {facts.meta.name} WHERE name = ?", (name,)).fetchone()  # noqa: S608
        return bytes(found[0]) if found else b""


def blobs_named_in(path: Path) -> list[tuple[str, bool]]:
    """Every blob that the database names, and whether a message uses it."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        return list_named(connection)


def settle(path: Path) -> None:
    """All of it in the one file, so that the file alone may be moved."""
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=10, isolation_level=None)
