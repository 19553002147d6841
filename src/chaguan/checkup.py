"""What `chaguan doctor` finds at the engines that a deployment stands on: its database, Redis, the bucket."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts, opening
from chaguan.infra.blob_stores import bucket_of, is_settled
from chaguan.infra.blobs import Blobs
from chaguan.infra.broker import LinkLost, parse_redis_url, probe
from chaguan.infra.broker.place import is_public
from chaguan.infra.migrations import refuse_newer
from chaguan.infra.sealing import check
from chaguan.infra.together import refuse_apart

if TYPE_CHECKING:
    from chaguan.infra.database.postgres import PostgresDatabase


class Finding(Struct):
    """`level`: `ok`, `warn` or `fault`; `advice` says what to change."""

    level: str
    fact: str
    advice: str = ""

    @classmethod
    def of(cls, level: str, sentence: str) -> "Finding":
        """From "fact; advice", as the start says it."""
        fact, _, advice = sentence.rstrip(".").partition("; ")
        return cls(level, f"{fact}.", f"{advice[:1].upper()}{advice[1:]}." if advice else "")

    @property
    def is_fault(self) -> bool:
        return self.level == "fault"

    @property
    def text(self) -> str:
        sign = {"ok": "✓", "warn": "!", "fault": "✗"}[self.level]
        return f"{sign} {self.fact}" + (f"\n    → {self.advice}" if self.advice else "")


def _together(settings: Settings) -> Iterator[Finding]:
    try:
        refuse_apart(settings)
    except ConfigError as error:
        yield Finding.of("fault", str(error))
    if settings.is_shared and settings.redis_url and not settings.blobs_url:
        yield Finding(
            "warn",
            f"Several nodes would keep pictures and files in {settings.data / 'blobs'}, each in its own.",
            "Set blobs_url, unless one process serves alone or that folder is one disk for all of them.",
        )


def _sqlite(settings: Settings) -> Iterator[Finding]:
    file = settings.data / opening.DATABASE
    if settings.database_url or not settings.data.exists():
        return
    try:
        opening.refuse_unfinished(settings.data)
    except ConfigError as error:
        yield Finding.of("fault", str(error))
        return
    if not file.exists():
        return
    try:
        with contextlib.closing(_open_to_read(file)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        refuse_newer(schema[0])
    except sqlite3.DatabaseError as error:
        yield Finding("fault", f"The database can't be opened: {error}.", "Restore it from a backup.")
        return
    except ConfigError as error:
        yield Finding.of("fault", str(error))
        return
    if found == "ok":
        yield Finding("ok", "The database is intact.")
    else:
        yield Finding(
            "fault", f"The database is damaged: {found}.", "Stop serving and restore it from a backup."
        )


def _open_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)


_ARCHIVED = Finding("ok", "PostgreSQL archives its write-ahead log.")
_NOT_ARCHIVED = Finding(
    "ok",
    "PostgreSQL does not archive its write-ahead log: with its disk, what came after the last backup is lost.",
    "Run `chaguan backup` as often as that demands, or archive as well (docs/how-to/back-up-and-restore.md).",
)


def _postgres(settings: Settings) -> Iterator[Finding]:
    if settings.database_url:
        yield from asyncio.run(_look_at_postgres(settings))


async def _look_at_postgres(settings: Settings) -> list[Finding]:
    from chaguan.infra.database.postgres import PostgresDatabase
    from chaguan.infra.database.survey import is_archiving

    try:
        db = await opening.open_database(settings)
    except ConfigError as error:
        return [Finding.of("fault", str(error))]
    assert isinstance(db, PostgresDatabase)
    try:
        found = [Finding("ok", "The database answers and suits.")]
        found += await _standing(settings, db)
        found.append(_ARCHIVED if await db.read(is_archiving) else _NOT_ARCHIVED)
        root = await db.read(lambda connection: facts.find_early(connection, opening.ROOT))
        if root is not None:
            ring = opening.read_keyring(settings)
            check(ring, root)
            found.append(Finding("ok", f"The master key {ring.current_id} opens this data."))
    except AppError as error:
        return [Finding("fault", error.detail, "Put back the key file that belongs to this data.")]
    finally:
        await db.close()
    return found


async def _standing(settings: Settings, db: "PostgresDatabase") -> list[Finding]:
    """What a start would refuse or warn of, in what surrounds the database."""
    from chaguan.infra import claims, standing
    from chaguan.infra.database.survey import warnings

    found = [Finding.of("warn", warning) for warning in await warnings(db)]
    ahead_ms = await standing.clock_ahead_ms(db)
    if abs(ahead_ms) > standing.CLOCK_MS:
        level = "fault" if abs(ahead_ms) > standing.WRONG_CLOCK_MS else "warn"
        found.append(Finding.of(level, f"{standing.clocks_apart(ahead_ms, db.where)}; {standing.SET_CLOCKS}"))
    all_of_them, alone = await claims.find_holders(db)
    if alone or (all_of_them and not settings.redis_url):
        told = claims.refusal(db.where, is_alone=not settings.redis_url)
        found.append(Finding.of("warn", f"{told.rstrip('.')}, unless it is this one"))
    return found


def _master_key(settings: Settings) -> Iterator[Finding]:
    file = settings.data / opening.DATABASE
    if not file.exists() or settings.database_url:
        return
    try:
        ring = opening.read_keyring(settings)
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)) as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = 'root'").fetchone()
        if row is not None:
            check(ring, bytes(row[0]))
    except AppError as error:
        yield Finding("fault", error.detail, "Put back the key file that belongs to this data.")
        return
    except sqlite3.DatabaseError:
        return  # `_database` has said it
    yield Finding(
        "ok",
        f"The master key {ring.current_id} opens this data.",
        "Keep a copy of it, apart from the backups.",
    )


def _blobs(settings: Settings) -> Iterator[Finding]:
    bucket = bucket_of(settings)
    if bucket is None:
        return
    try:
        asyncio.run(_look_at_bucket(settings, Blobs.in_bucket(bucket)))
    except AppError as error:
        level = "fault" if is_settled(error) else "warn"
        yield Finding(
            level, f"The bucket {bucket.name}: {error.detail}.", "Look at blobs_url, [s3] and the service."
        )
        return
    yield Finding("ok", f"The bucket {bucket.name} can be written.")
    if bucket.endpoint.startswith("http:") and not re.match(r"http://(127\.|localhost)", bucket.endpoint):
        yield Finding(
            "warn",
            "The bucket is reached without TLS.",
            "Files are sealed, but anybody on the way can drop them.",
        )


async def _look_at_bucket(settings: Settings, blobs: Blobs) -> None:
    await blobs.check()
    if not settings.database_url and not (settings.data / opening.DATABASE).exists():
        return
    with contextlib.suppress(ConfigError):  # said of the database already
        db = await opening.open_database(settings)
        try:
            owner = await db.read(lambda connection: facts.find_early(connection, opening.BLOBS_OWNER))
        finally:
            await db.close()
        await blobs.refuse_foreign(owner or b"")


def _redis(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        return
    try:
        place = parse_redis_url(settings.redis_url)
        found = asyncio.run(probe(place))
    except ConfigError as error:
        yield Finding("fault", str(error), "Mend redis_url.")
    except LinkLost as error:
        yield Finding("fault", f"Redis can't be reached ({error}).", "Start it, or mend redis_url.")
    else:
        yield Finding("ok", f"Redis answers at {found}.")
        if is_public(found) and not place.password:
            yield Finding(
                "warn", "It is public and has no password.", "Set requirepass, and redis_url with it."
            )


LOOKS: list[Callable[[Settings], Iterator[Finding]]] = [
    _together,
    _sqlite,
    _postgres,
    _master_key,
    _blobs,
    _redis,
]
