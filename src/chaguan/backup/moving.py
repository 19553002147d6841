"""`chaguan db copy`: a deployment from its SQLite file to PostgreSQL, while it serves, all but the last pass.

Each pass walks through both databases and brings over what lacks or differs. The last ones run with the folder's lock,
when nothing writes any more, until one finds every table the same on both sides. Only then does the target become a
deployment and the folder say that it has moved; whatever interrupts this, the same command goes on.
"""

import asyncio
import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from chaguan.app import EPOCH
from chaguan.backup import move_target, sqlite_snapshot
from chaguan.backup.move_target import Names, Target
from chaguan.backup.progress import bar, in_bytes
from chaguan.backup.rows import Row, layouts
from chaguan.backup.tables import Compared, Mender, compare
from chaguan.core.clock import now_ms
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts, holds, opening
from chaguan.infra.blobs import Blobs
from chaguan.infra.database.failures import summary
from chaguan.infra.migrations import newest, refuse_newer
from chaguan.infra.sealing import Vault
from chaguan.media import check_media

_LIVE_PASSES, _LAST_PASSES = 5, 5
_FEW = 2_000
"""A pass that found no more than this is repeated within seconds: time for the last one."""
_LOOK_S = 0.2
_ARRIVAL_MS = 3_600_000
"""Blobs of messages this much older than the first look were in it for certain."""
_OWN: dict[str, frozenset[Row]] = {
    facts.meta.name: frozenset({(EPOCH,), (opening.DEPLOYMENT,), (holds.NAME,)})
}
Say = Callable[[str], object]


class Moved(Struct, frozen=True):
    where: str
    epoch: str
    rows: dict[str, int] = {}
    passes: int = 0
    blobs: int = 0
    blob_bytes: int = 0
    bad_blobs: list[str] = []
    is_old_news: bool = False
    """It had been finished before."""


class _Mark(Struct, frozen=True):
    """What the file `moved` holds."""

    to: str
    deployment: str
    epoch: str


def copy_database(settings: Settings, url: str, *, say: Say, wait_s: float) -> Moved:
    _refuse_unmovable(settings)
    with _told():
        return asyncio.run(_copy(settings, url, say, wait_s))


def compare_databases(settings: Settings, url: str) -> list[Compared]:
    """Every table of the SQLite file held against PostgreSQL, for whoever wants to see it before serving from there."""
    file = _require_file(settings)
    with _told():
        return asyncio.run(_compare_all(file, url))


async def _compare_all(file: Path, url: str) -> list[Compared]:
    where, there = await move_target.open_to_compare(url)
    try:
        if not await there.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
            raise ConfigError(f"There is no deployment in the database {where}.")
        with contextlib.closing(opening.connect_to_read(file)) as here:
            return await _walk("Comparing", here, there, None)
    finally:
        there.terminate()


async def _walk(
    title: str,
    here: sqlite3.Connection,
    there: asyncpg.Connection,
    writer: asyncpg.Connection | None,
) -> list[Compared]:
    """One pass over all tables; with a `writer` it also mends."""
    found, passed = [], 0
    with bar(title) as shown:
        total = _count(here)

        def tell(more: int) -> None:
            nonlocal passed
            passed += more
            shown.tell(passed, total, f"{passed} rows")

        for layout in layouts(_OWN):
            mender = Mender(writer, layout) if writer is not None else None
            found.append(await compare(here, there, layout, tell, mender))
    return found


def _count(connection: sqlite3.Connection) -> int:
    count = 'SELECT count(*) FROM "{}"'
    return sum(connection.execute(count.format(layout.name)).fetchone()[0] for layout in layouts(_OWN))


async def _copy(settings: Settings, url: str, say: Say, wait_s: float) -> Moved:
    mark = _find_mark(settings)
    if mark is not None and await move_target.find_deployment(url) == mark.deployment:
        _claim_folder(settings, mark)
        return Moved(mark.to, mark.epoch, is_old_news=True)
    file = settings.data / opening.DATABASE
    target = await move_target.open_target(url, sqlite_snapshot.fact(file, EPOCH).decode())
    try:
        with contextlib.closing(opening.connect_to_read(file)) as here:
            return await _Move(settings, target, here, say).run(wait_s)
    finally:
        await target.close()


class _Move:
    def __init__(self, settings: Settings, target: Target, here: sqlite3.Connection, say: Say) -> None:
        self._settings, self._target, self._here, self._say = settings, target, here, say
        self._passes = 0
        self._blobs = self._blob_bytes = 0
        self._bad: dict[str, None] = {}

    async def run(self, wait_s: float) -> Moved:
        lock = _try_lock(self._settings)
        looked_at = 0
        if lock is None:
            await self._follow()
            looked_at = now_ms()
            await self._look_at_blobs(0)
            await self._follow()
            lock = await self._wait_for_lock(wait_s)
        try:
            same = await self._bring_to_end()
            await self._look_at_blobs(max(0, looked_at - _ARRIVAL_MS))
            return await self._finish({each.table: each.here.rows for each in same})
        finally:
            opening.unlock_folder(lock)

    async def _follow(self) -> None:
        """While others write: until a pass found so little that the next would not find less."""
        before = None
        for _ in range(_LIVE_PASSES):
            found = sum(each.differences for each in await self._pass())
            if found <= _FEW or (before is not None and found > before // 2):
                return
            before = found

    async def _bring_to_end(self) -> list[Compared]:
        """Nobody writes now. Rows that stood in one another's way take a second pass; then one must find nothing."""
        for _ in range(_LAST_PASSES):
            found = await self._pass()
            if all(each.is_same for each in found):
                return found
        bad = ", ".join(each.table for each in found if not each.is_same)
        raise ConfigError(
            f"After {_LAST_PASSES} passes the two databases still differ ({bad}): somebody else writes to "
            f"{self._target.where}; end that and run this again."
        )

    async def _pass(self) -> list[Compared]:
        self._passes += 1
        found = await _walk(f"Pass {self._passes}", self._here, self._target.reader, self._target.writer)
        rows, differences = sum(each.here.rows for each in found), sum(each.differences for each in found)
        self._say(f"Pass {self._passes}: {rows} rows compared, {differences} of them brought over.")
        return found

    async def _wait_for_lock(self, wait_s: float) -> int:
        self._say(
            "All is copied but what is written from now on. STOP THE SERVER NOW: the last pass waits for that."
        )
        until = time.monotonic() + wait_s
        while (lock := _try_lock(self._settings)) is None:
            if time.monotonic() > until:
                raise ConfigError(
                    "The server was not stopped in time; run the same command again when it may be: it goes on "
                    "where it was."
                )
            await asyncio.sleep(_LOOK_S)
        return lock

    async def _look_at_blobs(self, used_from: int) -> None:
        vault, blobs = _vault(self._settings), Blobs.of(self._settings)
        file = (self._settings.data / opening.DATABASE).absolute().as_uri()
        engine = create_engine(f"sqlite:///{file}?mode=ro&uri=true", poolclass=NullPool)
        with engine.connect() as connection, bar("Blobs") as shown:
            total = max(1, connection.exec_driver_sql("SELECT count(*) FROM media").scalar_one())
            number = 0
            async for found in check_media(connection, vault, blobs, used_from):
                number += 1
                self._blob_bytes += found.size
                self._bad |= dict.fromkeys(found.problems)
                shown.tell(number, total, in_bytes(self._blob_bytes))
            self._blobs += number

    async def _finish(self, rows: dict[str, int]) -> Moved:
        mark = _find_mark(self._settings) or _Mark(
            self._target.where, secrets.token_hex(8), secrets.token_hex(8)
        )
        # The folder first: from here on the file starts no more, and the database does not start yet.
        _put(self._settings.data / opening.MOVED, msgspec.json.encode(mark) + b"\n")
        _claim_folder(self._settings, mark)
        await self._target.finish(Names(mark.deployment, mark.epoch))
        return Moved(
            self._target.where, mark.epoch, rows, self._passes, self._blobs, self._blob_bytes, list(self._bad)
        )


def _require_file(settings: Settings) -> Path:
    file = settings.data / opening.DATABASE
    if not file.exists():
        raise ConfigError(
            f"There is no SQLite deployment in {settings.data}; set data_dir to the one to copy."
        )
    return file


def _refuse_unmovable(settings: Settings) -> None:
    file = _require_file(settings)
    opening.refuse_half_restored(settings.data)
    opening.check_file(file)
    found = sqlite_snapshot.revision(file)
    refuse_newer(found)
    if found < newest():
        raise ConfigError(
            f"The data in {settings.data} has the schema {found} of an older Chaguan, this one has {newest()}; "
            "start this version on it once, then copy."
        )
    if opening.claim_of(settings.data) and _find_mark(settings) is None:
        raise ConfigError(
            f"The data folder {settings.data} belongs to a deployment on PostgreSQL already; if its SQLite file is "
            f"the one to copy all the same, delete {settings.data / opening.DEPLOYMENT}."
        )
    _vault(settings)  # the wrong master key is told now, and not after hours of copying


def _vault(settings: Settings) -> Vault:
    root = sqlite_snapshot.fact(settings.data / opening.DATABASE, opening.ROOT)
    return Vault(opening.read_keyring(settings), root)


def _find_mark(settings: Settings) -> _Mark | None:
    try:
        return msgspec.json.decode((settings.data / opening.MOVED).read_bytes(), type=_Mark)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"{settings.data / opening.MOVED} can't be read; delete it and copy again."
        ) from error


def _claim_folder(settings: Settings, mark: _Mark) -> None:
    _put(settings.data / opening.DEPLOYMENT, mark.deployment.encode() + b"\n")


def _put(path: Path, data: bytes) -> None:
    """Whole or not at all, and on the disk when this returns."""
    new = path.with_name(path.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
        opening.sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}; run this again.") from error


def _try_lock(settings: Settings) -> int | None:
    try:
        return opening.lock_folder(settings.data)
    except ConfigError:
        return None


@contextmanager
def _told() -> Iterator[None]:
    """What PostgreSQL and its driver raise, as a sentence."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise ConfigError(
            f"PostgreSQL ended the copy ({summary(error)}); run the same command again, it goes on where it was."
        ) from error
