"""The embedded database: a SQLite file, one thread that writes and a few that read.

Write functions that are queued together share one transaction, each under a savepoint, and one sync to disk.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from chaguan.core.errors import AppError, ErrorCode
from chaguan.infra.database.port import Work

T = TypeVar("T")

MAX_TOGETHER = 64
READ_TOGETHER = 32
QUEUE_LIMIT = 4_096


def translate(error: BaseException) -> BaseException:
    """A failing disk or a locked file is `unavailable` to the caller; anything else is a defect and stays itself."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.OperationalError):
        return AppError(ErrorCode.unavailable, f"database: {original}", retry_after_ms=1_000)
    if isinstance(original, sqlite3.DatabaseError) and "malformed" in str(original):
        return AppError(ErrorCode.unavailable, "database: the file is damaged", retry_after_ms=5_000)
    return error


class _Job:
    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class SqliteDatabase:
    """One writer thread, a small pool of readers; WAL, and a commit returns only after the sync to disk."""

    dialect = "sqlite"
    lanes = 1

    def __init__(
        self, path: Path, *, readers: int = 2, synchronous: str = "FULL", busy_timeout_ms: int = 5_000
    ) -> None:
        self.path = path
        self._synchronous = synchronous
        self._busy_timeout_ms = busy_timeout_ms
        self._loop: asyncio.AbstractEventLoop | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._queued = 0
        self._writer: threading.Thread | None = None
        self._engine = self._open("IMMEDIATE")
        self._read_engine = self._open("DEFERRED")
        self._asked: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._reader_count = readers
        self._readers: list[threading.Thread] = []
        self._stopping = False
        self.last_error: str = ""

    def _open(self, mode: str) -> Engine:
        engine = create_engine(
            f"sqlite:///{self.path}", poolclass=NullPool, connect_args={"check_same_thread": False}
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                f"synchronous={self._synchronous}",
                "foreign_keys=OFF",
                f"busy_timeout={self._busy_timeout_ms}",
                "cache_size=-65536",
                "temp_store=MEMORY",
                "wal_autocheckpoint=4000",
                "mmap_size=268435456",
            ):
                connection.execute(f"PRAGMA {pragma}").close()

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # Not through SQLAlchemy, whose own path costs five times the statement.
            connection.connection.cursor().execute(f"BEGIN {mode}")

        return engine

    async def write(self, work: Work[T]) -> T:
        loop = self._start()
        if self._queued >= QUEUE_LIMIT:
            raise AppError(ErrorCode.unavailable, "too many writes wait", retry_after_ms=1_000)
        future: asyncio.Future[T] = loop.create_future()
        self._queued += 1
        self._jobs.put(_Job(work, future))
        return await future

    async def write_locking(self, work: Work[T]) -> T:
        """The same here: there is one writer, who waits for nobody."""
        return await self.write(work)

    async def alter(self, work: Work[T]) -> T:
        return await self.write(work)

    async def read(self, work: Work[T]) -> T:
        future: asyncio.Future[T] = self._start().create_future()
        self._asked.put(_Job(work, future))
        return await future

    async def close(self) -> None:
        """Readers first: the last connection to close moves the write-ahead log into the file, and two that close
        at once would each leave that to the other."""
        join = asyncio.get_running_loop().run_in_executor
        for _ in self._readers:
            self._asked.put(None)
        for reader in self._readers:
            await join(None, reader.join)
        if self._writer is not None:
            self._jobs.put(None)
            await join(None, self._writer.join)
        self._writer, self._readers = None, []
        self._engine.dispose()
        self._read_engine.dispose()

    def run(self, work: Work[T]) -> T:
        """One unit of work from a place without a loop (command line, start-up)."""
        with self._engine.begin() as connection:
            return work(connection)

    def _start(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._writer = threading.Thread(target=self._write_forever, name="writer", daemon=True)
            self._writer.start()
            for nth in range(self._reader_count):
                reader = threading.Thread(target=self._read_forever, name=f"reader {nth}", daemon=True)
                reader.start()
                self._readers.append(reader)
        return self._loop

    def _read_forever(self) -> None:
        """Reads that wait together share one snapshot, taken after the last of them was asked for, and one wake-up
        of the loop: a thousand returning sessions cost a hundred switches between threads and not some thousand."""
        connection: Connection | None = None
        while (job := self._asked.get()) is not None:
            batch = [job, *self._more_reads()]
            try:
                if connection is None:
                    connection = self._read_engine.connect()
                with connection.begin():
                    for job in batch:
                        _read_one(connection, job)
            except Exception as error:  # noqa: BLE001  as below
                for job in batch:
                    job.error = job.error or error
                _discard(connection)
                connection = None
            self._deliver(batch, _settle)
        _discard(connection)

    def _more_reads(self) -> list[_Job]:
        jobs: list[_Job] = []
        while len(jobs) < READ_TOGETHER - 1:
            try:
                job = self._asked.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._asked.put(None)  # the end is met again after these
                break
            jobs.append(job)
        return jobs

    def _write_forever(self) -> None:
        connection: Connection | None = None
        while (job := self._jobs.get()) is not None:
            batch = [job, *self._drain()]
            try:
                if connection is None:
                    connection = self._engine.connect()
                self._run_together(connection, batch)
            except Exception as error:  # noqa: BLE001  those who wait are told; without this thread all would wait
                self._fail(batch, error)
                _discard(connection)
                connection = None
            self._deliver(batch, self._written)
            if self._stopping:
                break
        _discard(connection)

    def _drain(self) -> list[_Job]:
        jobs: list[_Job] = []
        while len(jobs) < MAX_TOGETHER - 1:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._stopping = True
                break
            jobs.append(job)
        return jobs

    def _run_together(self, connection: Connection, batch: list[_Job]) -> None:
        if len(batch) == 1:
            self._run_alone(connection, batch[0])
        else:
            with connection.begin():
                for job in batch:
                    self._run_one(connection, job)
        self.last_error = ""

    @staticmethod
    def _run_alone(connection: Connection, job: _Job) -> None:
        """Without others in the transaction it needs no savepoint, which would cost as much as a small append."""
        transaction = connection.begin()
        try:
            job.result = job.work(connection)
        except BaseException as error:  # noqa: BLE001  its caller's business
            transaction.rollback()
            job.error = error
        else:
            transaction.commit()

    @staticmethod
    def _run_one(connection: Connection, job: _Job) -> None:
        savepoint = connection.begin_nested()
        try:
            job.result = job.work(connection)
        except sqlite3.Error as error:
            savepoint.rollback()
            job.error = error
        except BaseException as error:  # noqa: BLE001
            # Whatever a unit of work raises is its caller's business; the others in the transaction go on.
            savepoint.rollback()
            job.error = error
        else:
            savepoint.commit()

    def _fail(self, batch: list[_Job], error: Exception) -> None:
        self.last_error = str(error.orig if isinstance(error, DBAPIError) else error)
        for job in batch:
            job.error = error

    def _deliver(self, batch: list[_Job], settled: Callable[[list[_Job]], None]) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(settled, batch)

    def _written(self, batch: list[_Job]) -> None:
        self._queued -= len(batch)
        _settle(batch)


def _discard(connection: Connection | None) -> None:
    """What it had begun is rolled back by closing it."""
    if connection is not None:
        with contextlib.suppress(DBAPIError, sqlite3.Error):
            connection.close()


def _read_one(connection: Connection, job: _Job) -> None:
    try:
        job.result = job.work(connection)
    except BaseException as error:  # noqa: BLE001  its caller's business; the others go on
        job.error = error


def _settle(batch: list[_Job]) -> None:
    for job in batch:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(translate(job.error))
