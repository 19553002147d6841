"""Opening a deployment's data: its folder, its lock, its master key; each problem is one clear sentence."""

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path

from chaguan.core.settings import ConfigError, Settings
from chaguan.infra.database import SqliteDatabase
from chaguan.infra.keyring import ENVIRONMENT_NAME, KeyVariable, choose_source
from chaguan.infra.sealing import Keyring

DATABASE = "chaguan.db"
RESTORING = "restoring"
CHECKED_BYTES = 64 * 1024 * 1024


def prepare_folder(path: Path) -> None:
    try:
        is_new = not path.exists()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_new:
            _sync_folder(
                path.parent
            )  # a power cut must not take the folder away with all that it was promised to keep
        probe = path / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"The data folder {path} can't be written ({error.strerror}); make it writable or set data_dir."
        ) from error


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_folder(path: Path) -> int:
    """One process per folder: two would allocate the same seq. The descriptor holds the lock."""
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(
            f"Another chaguan is serving the data in {path}; stop it, or give this one a data_dir of its own."
        ) from error
    return descriptor


def unlock_folder(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)


def open_database(path: Path) -> SqliteDatabase:
    _refuse_half_restored(path)
    file = path / DATABASE
    if file.exists():
        _check_file(file)
    return SqliteDatabase(file)


def _refuse_half_restored(path: Path) -> None:
    staged = path / RESTORING
    if (staged / "ready").exists():
        raise ConfigError(f"A restore into {path} was interrupted; run the same `chaguan restore` again.")
    if staged.exists():
        raise ConfigError(
            f"A restore into {path} was interrupted; run the same `chaguan restore` again, "
            f"or delete {staged} to go on with what was there before."
        )


def _check_file(file: Path) -> None:
    """Small files are read whole; for large ones that is `chaguan doctor`'s business, since it takes minutes.

    Read-only, because closing a connection that may write would move a left-over write-ahead log into the file.
    """
    look = (
        "PRAGMA quick_check(1)" if file.stat().st_size < CHECKED_BYTES else "SELECT 'ok' FROM sqlite_master"
    )
    try:
        with contextlib.closing(_connect_to_read(file)) as connection:
            found = connection.execute(look).fetchone()
    except sqlite3.DatabaseError as error:
        raise ConfigError(
            f"The database {file} can't be opened ({error}); restore it from a backup."
        ) from error
    if found is None or found[0] != "ok":
        raise ConfigError(f"The database {file} is damaged ({found and found[0]}); restore it from a backup.")


def _connect_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)


def open_keyring(settings: Settings) -> Keyring:
    """A fresh key is made only where nothing is sealed yet."""
    path = Path(settings.master_key_file) if settings.master_key_file else settings.data / "master.key"
    is_new = not (settings.data / DATABASE).exists()
    return Keyring(choose_source(path, os.environ.get(ENVIRONMENT_NAME), may_create=is_new))


def key_path(settings: Settings) -> Path:
    """Where the key file is; ConfigError when the key comes from the environment."""
    if os.environ.get(ENVIRONMENT_NAME):
        raise ConfigError(f"{KeyVariable.name} holds the keys: put the new one first in it and restart.")
    return Path(settings.master_key_file) if settings.master_key_file else settings.data / "master.key"
