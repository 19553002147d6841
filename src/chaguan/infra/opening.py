"""Opening a deployment's data: its folder, its lock, its master key; each problem is one clear sentence."""

import contextlib
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import facts
from chaguan.infra.database import Database, SqliteDatabase
from chaguan.infra.keyring import ENVIRONMENT_NAME, KeyVariable, choose_source
from chaguan.infra.migrations import refuse_newer, revision
from chaguan.infra.sealing import Keyring, check

if TYPE_CHECKING:
    from chaguan.infra.database.postgres import PostgresDatabase

DATABASE = "chaguan.db"
RESTORING = "restoring"
MOVED = "moved"
"""Beside the SQLite file of a deployment that stands on PostgreSQL now."""
COPYING = "database_copy"
"""The table that a database on PostgreSQL has while a deployment is being copied into it."""
DEPLOYMENT = "deployment"
ROOT = "root"
BLOBS_OWNER = "blobs owner"
"""Names of facts: which deployment this is; its wrapped root secret; how it is called in its bucket, also after a move to
another database."""
CHECKED_BYTES = 64 * 1024 * 1024


def prepare_folder(path: Path) -> None:
    try:
        is_new = not path.exists()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_new:
            sync_folder(
                path.parent
            )  # a power cut must not take the folder away with all that it was promised to keep
        probe = path / ".writable"
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)  # another node that starts on the same folder probes it too
    except OSError as error:
        raise ConfigError(
            f"The data folder {path} can't be written ({error.strerror}); make it writable or set data_dir."
        ) from error


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_folder(path: Path, *, shared: bool = False) -> int:
    """On SQLite one process per folder: two would allocate the same seq. On PostgreSQL several may share it; nobody
    may restore into it meanwhile. The descriptor holds the lock."""
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(
            f"Another chaguan is serving the data in {path}; stop it, or give this one a data_dir of its own."
        ) from error
    return descriptor


@contextlib.contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """While this process serves the data."""
    prepare_folder(settings.data)
    lock = lock_folder(settings.data, shared=settings.is_shared)
    try:
        yield
    finally:
        unlock_folder(lock)


def unlock_folder(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)


async def open_database(settings: Settings) -> Database:
    if not settings.database_url:
        return open_file(settings.data)
    refuse_half_restored(settings.data)
    # Only here: its driver costs memory that a deployment on SQLite has no use for.
    from chaguan.infra.database.postgres import PostgresDatabase
    from chaguan.infra.database.survey import refuse_unsuitable

    db = PostgresDatabase(settings.database_url, lanes=settings.writer_lanes)
    try:
        await refuse_unsuitable(db)
        refuse_newer(await db.read(revision))
        await _refuse_half_copied(db)
        await _refuse_foreign(settings, db)
    except BaseException:
        await db.close()
        raise
    return db


def open_file(folder: Path) -> SqliteDatabase:
    """The embedded database of a data folder."""
    refuse_unfinished(folder)
    file = folder / DATABASE
    if file.exists():
        check_file(file)
    return SqliteDatabase(file)


async def _refuse_foreign(settings: Settings, db: "PostgresDatabase") -> None:
    """Before anything is written to it: whether this database is the one that belongs to this data folder."""
    of_database = await db.read(lambda connection: facts.find_early(connection, DEPLOYMENT))
    of_folder = claim_of(settings.data)
    if of_database is None and (settings.data / DATABASE).exists():
        raise ConfigError(
            f"The data folder {settings.data} holds a deployment on SQLite ({DATABASE}), and the database {db.where} "
            "is empty; choose another data_dir, or leave database_url out."
        )
    if of_folder and of_folder != (of_database or b"").decode():
        raise ConfigError(
            f"The database {db.where} belongs to another deployment than the data folder {settings.data}; "
            "give each deployment a database and a data folder of its own."
        )


async def claim_folder(settings: Settings, db: Database) -> None:
    """Writes into the folder which deployment it belongs to, where the database stands elsewhere."""
    if not settings.database_url or claim_of(settings.data):
        return
    new = secrets.token_hex(8)
    id = await db.write(lambda connection: facts.ensure(connection, DEPLOYMENT, new.encode()))
    (settings.data / DEPLOYMENT).write_bytes(id + b"\n")


def claim_of(folder: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return (folder / DEPLOYMENT).read_text().strip()
    return ""


async def _refuse_half_copied(db: "PostgresDatabase") -> None:
    if await db.read(lambda connection: inspect(connection).has_table(COPYING)):
        raise ConfigError(
            f"A deployment is being copied into the database {db.where}; let `chaguan db copy` come to its end, "
            "or run the same command again if it was interrupted."
        )


def refuse_unfinished(folder: Path) -> None:
    """A data folder that only a command that was interrupted, or another database, can go on from."""
    refuse_half_restored(folder)
    _refuse_moved(folder)


def _refuse_moved(folder: Path) -> None:
    """Two that go on from the same log would give the same numbers to different messages."""
    marker = folder / MOVED
    if marker.exists():
        raise ConfigError(
            f"The deployment in {folder} was moved to PostgreSQL; set database_url. Its SQLite file is as it was "
            f"then: to go on with it all the same, delete {marker} and {folder / DEPLOYMENT}."
        )


def refuse_half_restored(path: Path) -> None:
    staged = path / RESTORING
    if (staged / "ready").exists():
        raise ConfigError(f"A restore into {path} was interrupted; run the same `chaguan restore` again.")
    if staged.exists():
        raise ConfigError(
            f"A restore into {path} was interrupted; run the same `chaguan restore` again, "
            f"or delete {staged} to go on with what was there before."
        )


def check_file(file: Path) -> None:
    """Small files are read whole; for large ones that is `chaguan doctor`'s business, since it takes minutes.

    Read-only, because closing a connection that may write would move a left-over write-ahead log into the file.
    """
    look = (
        "PRAGMA quick_check(1)" if file.stat().st_size < CHECKED_BYTES else "SELECT 'ok' FROM sqlite_master"
    )
    try:
        with contextlib.closing(connect_to_read(file)) as connection:
            found = connection.execute(look).fetchone()
    except sqlite3.DatabaseError as error:
        raise ConfigError(
            f"The database {file} can't be opened ({error}); restore it from a backup."
        ) from error
    if found is None or found[0] != "ok":
        raise ConfigError(f"The database {file} is damaged ({found and found[0]}); restore it from a backup.")


def connect_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)


async def open_keyring(settings: Settings, db: Database) -> Keyring:
    """A fresh key is made only where nothing is sealed yet; a wrong one is told before anything is written."""
    root = await db.read(lambda connection: facts.find_early(connection, ROOT))
    keyring = read_keyring(settings, may_create=root is None)
    if root is not None:
        check(keyring, root)
    return keyring


def read_keyring(settings: Settings, *, may_create: bool = False) -> Keyring:
    path = Path(settings.master_key_file) if settings.master_key_file else settings.data / "master.key"
    return Keyring(choose_source(path, os.environ.get(ENVIRONMENT_NAME), may_create=may_create))


def key_path(settings: Settings) -> Path:
    """Where the key file is; ConfigError when the key comes from the environment."""
    if os.environ.get(ENVIRONMENT_NAME):
        raise ConfigError(f"{KeyVariable.name} holds the keys: put the new one first in it and restart.")
    return Path(settings.master_key_file) if settings.master_key_file else settings.data / "master.key"
