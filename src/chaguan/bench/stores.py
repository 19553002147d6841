"""The database under a growing log, seen from outside the server: filling it quickly, and counting what it writes.

Data goes in past the product here, into the product's own tables; nothing else may use them meanwhile.
"""

import asyncio
import contextlib
import os
import sqlite3
import struct
import time
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from chaguan.bench.processes import Process
from chaguan.infra.opening import DATABASE
from chaguan.messaging.tables import entries

T = TypeVar("T")
COLUMNS = [column.name for column in entries.columns if column.name != "id"]
Row = tuple[Any, ...]
"""Of `entries`, in the order of COLUMNS."""
FILL_CACHE_KIB = 1_000_000
PORTION = 20_000
_AS_SERVED = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=4000")
"""What raw inserts are held to, as `infra/database/sqlite.py` sets it."""


class Counted(NamedTuple):
    """Since the store began."""

    bytes_written: float
    commits: int
    cpu_s: float
    """Of the database's own processes; an embedded one has none."""
    journal_bytes: float = 0
    """Of what was written, where the engine tells it apart."""

    def since(self, earlier: "Counted") -> "Counted":
        return Counted(
            self.bytes_written - earlier.bytes_written,
            self.commits - earlier.commits,
            self.cpu_s - earlier.cpu_s,
            self.journal_bytes - earlier.journal_bytes,
        )


class Store(Protocol):
    name: str
    page_bytes: int

    def fill(self, rows: Iterable[Row]) -> None: ...
    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]: ...
    def move_heads(self, heads: Iterable[tuple[str, int, int]]) -> None:
        """(conversation, head, its time)."""

    def tidy(self) -> None:
        """What a server does by and by when it was not filled in a minute."""

    def settle(self) -> None:
        """Write out what the engine still keeps in its journal, so that the next count begins with nothing owed."""

    def counted(self, servers: Sequence[Process]) -> Counted: ...
    def raw(self, rows: Sequence[Row], together: int) -> tuple[Counted, float]:
        """Insert them and nothing else, `together` in a commit; with the CPU of all who took part."""

    def bytes_stored(self) -> int: ...
    def close(self) -> None: ...


class SqliteStore:
    name = "sqlite"
    page_bytes = 4096

    def __init__(self, data: Path) -> None:
        self._path = data / DATABASE
        self._own = Process(os.getpid())
        marks = ", ".join("?" * len(COLUMNS))
        self._insert = f"INSERT INTO entries ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608  constants

    @contextlib.contextmanager
    def _open(self, *pragmas: str) -> Any:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
            yield connection
        finally:
            connection.close()

    def fill(self, rows: Iterable[Row]) -> None:
        with self._open("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{FILL_CACHE_KIB}") as connection:
            connection.execute("BEGIN")
            connection.executemany(self._insert, rows)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode=WAL").close()

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._open() as connection:
            return list(connection.execute(statement, values).fetchall())

    def move_heads(self, heads: Iterable[tuple[str, int, int]]) -> None:
        with self._open() as connection:
            connection.execute("BEGIN")
            connection.executemany(
                "UPDATE heads SET head_seq = ?2, head_ordinal = ?2, last_at = ?3, entry_at = ?3 "
                "WHERE conversation_id = ?1",
                heads,
            )
            connection.execute("COMMIT")

    def tidy(self) -> None:
        return None

    def settle(self) -> None:
        with self._open() as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def counted(self, servers: Sequence[Process]) -> Counted:
        written = self._own.bytes_written() + sum(server.bytes_written() for server in servers)
        return Counted(written, self._commits(), 0)

    def _commits(self) -> int:
        """The write-ahead log's index counts them, while a connection has it open."""
        index = self._path.with_name(f"{DATABASE}-shm")
        with contextlib.suppress(FileNotFoundError), index.open("rb") as file:
            return int(struct.unpack_from("=I", file.read(12), 8)[0])
        return 0

    def raw(self, rows: Sequence[Row], together: int) -> tuple[Counted, float]:
        with self._open(*_AS_SERVED) as connection:
            before, spent = self.counted(()), time.process_time()
            for at in range(0, len(rows), together):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(self._insert, rows[at : at + together])
                connection.execute("COMMIT")
            cpu = time.process_time() - spent
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
            return self.counted(()).since(before), cpu

    def bytes_stored(self) -> int:
        return self._path.stat().st_size

    def close(self) -> None:
        return None


class PostgresStore:
    name = "postgresql"
    page_bytes = 8192

    def __init__(self, url: str) -> None:
        import asyncpg

        self._loop = asyncio.Runner()
        self._connection = self._wait(asyncpg.connect(url, server_settings={"synchronous_commit": "on"}))
        self._version = int(self.run("SHOW server_version_num")[0][0])
        self._postmaster = self._find_postmaster()
        types = [_ARRAYS[str(entries.c[name].type)] for name in COLUMNS]
        places = ", ".join(f"${at}::{type}[]" for at, type in enumerate(types, 1))
        self._insert = f"INSERT INTO entries ({', '.join(COLUMNS)}) SELECT * FROM unnest({places})"  # noqa: S608

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        async def run() -> T:
            return await work

        return self._loop.run(run())

    def _find_postmaster(self) -> Process | None:
        """The server's first process, where it runs on this machine and may be looked at."""
        (folder,) = self.run("SHOW data_directory")[0]
        with contextlib.suppress(OSError, ValueError):
            pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
            process = Process(pid)
            process.children()
            return process
        return None

    def fill(self, rows: Iterable[Row]) -> None:
        self._wait(self._connection.copy_records_to_table("entries", records=rows, columns=COLUMNS))

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        head, *tails = statement.split("?")
        numbered = head + "".join(f"${at}{tail}" for at, tail in enumerate(tails, 1))
        return [tuple(row) for row in self._wait(self._connection.fetch(numbered, *values))]

    def move_heads(self, heads: Iterable[tuple[str, int, int]]) -> None:
        ids, seqs, times = zip(*heads, strict=True)
        statement = (
            "UPDATE heads SET head_seq = w.seq, head_ordinal = w.seq, last_at = w.at, entry_at = w.at "
            "FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS w (id, seq, at) WHERE conversation_id = w.id"
        )
        self._wait(self._connection.execute(statement, list(ids), list(seqs), list(times)))

    def tidy(self) -> None:
        # Without statistics it plans for empty tables.
        self._wait(self._connection.execute("VACUUM ANALYZE"))

    def settle(self) -> None:
        self._wait(self._connection.execute("CHECKPOINT"))

    def counted(self, servers: Sequence[Process]) -> Counted:
        self._wait(self._connection.execute("SELECT pg_stat_force_next_flush()"))
        (pages,) = self.run(next(text for since, text in _PAGES_WRITTEN if self._version >= since))[0]
        journal, commits = self.run(_JOURNAL)[0]
        cpu = family_cpu_s(self._postmaster) if self._postmaster else 0.0
        return Counted(float(pages or 0) + float(journal), commits, cpu, float(journal))

    def raw(self, rows: Sequence[Row], together: int) -> tuple[Counted, float]:
        before, spent = self.counted(()), time.process_time()
        for at in range(0, len(rows), together):
            columns = [list(column) for column in zip(*rows[at : at + together], strict=True)]
            self._wait(self._connection.execute(self._insert, *columns))
        cpu = time.process_time() - spent
        self.settle()
        counted = self.counted(()).since(before)
        return counted, cpu + counted.cpu_s

    def bytes_stored(self) -> int:
        return int(self.run("SELECT pg_database_size(current_database())")[0][0])

    def close(self) -> None:
        self._wait(self._connection.close())
        self._loop.close()


_ARRAYS = {
    "TEXT": "text",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "BLOB": "bytea",
}
_PAGES_WRITTEN = (
    (180_000, "SELECT sum(write_bytes) FROM pg_stat_io WHERE object = 'relation'"),
    (160_000, "SELECT sum(writes * op_bytes) FROM pg_stat_io"),
    (0, "SELECT (buffers_checkpoint + buffers_clean + buffers_backend) * 8192 FROM pg_stat_bgwriter"),
)
"""By the version from which on it is asked so."""
_JOURNAL = (
    "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, "
    "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
)


def family_cpu_s(process: Process) -> float:
    """Of the server's first process and all that it has ever started, be they alive or over."""
    return process.cpu_s() + process.reaped_cpu_s() + sum(child.cpu_s() for child in process.children())


def open_store(data: Path, database_url: str) -> Store:
    return PostgresStore(database_url) if database_url else SqliteStore(data)
