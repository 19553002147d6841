"""`chaguan restore`: a deployment from a backup, whole or not at all.

Everything is laid out and checked in a folder inside the data folder first. Then that folder is marked as ready and its
pieces are moved into place. Whatever interrupts this, the same command finishes it; until then nothing serves.
"""

import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from obstore.store import ObjectStore

from chaguan.backup import archive, sqlite_snapshot, table_files
from chaguan.backup.archive import Backup, Manifest, Piece
from chaguan.backup.into_file import IntoFile
from chaguan.backup.progress import bar, in_bytes
from chaguan.backup.streams import checksum, put
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import opening, sealing
from chaguan.infra.blob_stores import bucket_of, bucket_store, folder_store
from chaguan.infra.keyring import ENVIRONMENT_NAME, KeyFile, KeySource, KeyVariable, MasterKeyError
from chaguan.infra.sealing import Keyring

_READY = "ready"
_OWN_FILES = {"lock", "master.key", opening.RESTORING}
_WITH_DATABASE = (
    f"{opening.DATABASE}-wal",
    f"{opening.DATABASE}-shm",
    opening.MOVED,
    opening.DEPLOYMENT,
)
_BLOBS = "blobs"


class Place(Protocol):
    """Where the database goes to. Whatever it raises before `move` was called leaves nothing there."""

    where: str
    """For people."""

    @property
    def size_here(self) -> int:
        """How many bytes it takes on the disk of the data folder, about."""
        ...

    def refuse_unfit(self) -> None: ...
    def fetch(self) -> bytes:
        """All of it, checked; gives the wrapped root secret, by which a master key is tried."""
        ...

    def begin_anew(self, epoch: str) -> None:
        """A newer schema, a new epoch: clients must forget what the restored log no longer knows."""

    def put_in_place(self, epoch: str, move: Callable[[], None]) -> None:
        """Calls `move`, which puts the files in place and may have done so before; with its end the deployment is there."""


class Restored(Struct, frozen=True):
    manifest: Manifest
    epoch: str
    replaced: Path | None
    key_path: Path | None
    """Where the master key from the backup or the command line was put."""
    where: str = ""


def restore(
    settings: Settings, source: Path, *, replace: bool, key_file: Path | None, say: Callable[[str], object]
) -> Restored:
    with archive.open_backup(source) as backup:
        if backup.manifest.engine not in (sqlite_snapshot.ENGINE, table_files.ENGINE):
            raise ConfigError(
                f"This backup holds a {backup.manifest.engine} database, which this command can't restore."
            )
        opening.prepare_folder(settings.data)
        lock = opening.lock_folder(settings.data)
        try:
            return _Restore(settings, backup, replace, key_file, say).run()
        finally:
            opening.unlock_folder(lock)


class _Restore:
    def __init__(
        self,
        settings: Settings,
        backup: Backup,
        replace: bool,
        key_file: Path | None,
        say: Callable[[str], object],
    ) -> None:
        self._settings, self._backup, self._say = settings, backup, say
        self._replace, self._key_file = replace, key_file
        self._data = settings.data
        self._stage = settings.data / opening.RESTORING
        self._database = _place_for_database(settings, backup, self._stage)
        self._own_key = (
            Path(settings.master_key_file) if settings.master_key_file else self._data / "master.key"
        )

    def run(self) -> Restored:
        if (self._stage / _READY).exists():
            return self._finish_earlier()
        self._refuse_other_data()
        self._database.refuse_unfit()
        shutil.rmtree(self._stage, ignore_errors=True)
        try:
            self._stage.mkdir(mode=0o700)
            done = self._lay_out()
            self._database.put_in_place(done.epoch, lambda: self._move_into_place(done))
        except BaseException as error:
            if not (self._stage / _READY).exists():
                shutil.rmtree(self._stage, ignore_errors=True)
            if isinstance(error, OSError):
                raise ConfigError(f"{self._data} can't be written: {error.strerror}.") from error
            raise
        self._clear_up()
        return done

    def _lay_out(self) -> Restored:
        self._require_room(self._backup.manifest)
        key_path = self._fetch_key(self._database.fetch())
        epoch = secrets.token_hex(8)
        self._database.begin_anew(epoch)
        self._fetch_blobs()
        return Restored(self._backup.manifest, epoch, self._aside(), key_path, self._database.where)

    def _refuse_other_data(self) -> None:
        if self._replace:
            return
        found = sorted(path.name for path in self._data.iterdir() if path.name not in _OWN_FILES)
        if found:
            raise ConfigError(
                f"{self._data} is not empty ({', '.join(found[:3])}); restore into another folder, "
                "or add --replace to put what is there aside."
            )

    def _require_room(self, manifest: Manifest) -> None:
        needed = self._database.size_here + (0 if bucket_of(self._settings) else manifest.blob_bytes)
        free = shutil.disk_usage(self._data).free
        if needed > free:
            raise ConfigError(
                f"{self._data} has {in_bytes(free)} free; this backup needs {in_bytes(needed)}."
            )

    def _fetch_key(self, root: bytes) -> Path | None:
        """The first key that is to be found must open the data; without one nothing is restored."""
        source, place = self._find_key()
        try:
            sealing.check(Keyring(source), root)
        except MasterKeyError as error:
            raise ConfigError(f"{error.detail} Nothing was restored.") from error
        return place

    def _find_key(self) -> tuple[KeySource, Path | None]:
        if value := os.environ.get(ENVIRONMENT_NAME):
            return KeyVariable(value), None  # a server will look there first, too
        if self._key_file is not None:
            return self._staged_key(self._key_file.read_bytes)
        if self._backup.manifest.holds_master_key and not self._own_key.exists():
            return self._staged_key(self._backup.master_key)
        if not self._own_key.exists():
            raise ConfigError(
                f"This backup has no master key in it and can't be read without: put the key's copy at "
                f"{self._own_key}, or give it with --key FILE. Nothing was restored."
            )
        return KeyFile(self._own_key), None

    def _staged_key(self, read: Callable[[], bytes]) -> tuple[KeySource, Path]:
        path = self._stage / archive.KEY
        try:
            data = read()
        except OSError as error:
            raise ConfigError(f"The master key can't be read: {error.strerror}.") from error
        path.touch(mode=0o600)
        path.write_bytes(data)
        return KeyFile(path), self._own_key

    def _fetch_blobs(self) -> None:
        bucket = bucket_of(self._settings)
        store = bucket_store(bucket) if bucket else folder_store(self._stage / _BLOBS)
        manifest, done = self._backup.manifest, 0
        with bar("Blobs") as shown:
            for number, piece in enumerate(self._backup.index()):
                self._fetch_blob(store, piece)
                done += piece.size
                shown.tell(number + 1, manifest.blobs, in_bytes(done))

    def _fetch_blob(self, store: ObjectStore, piece: Piece) -> None:
        try:
            with self._backup.open(piece, archive.BLOBS + piece.name) as parts:
                put(store, piece.name, parts)
        except AppError as error:
            if error.code is not ErrorCode.conflict:
                raise
            # Names are never used twice: it is there from before, or from a restore that was interrupted.
            if checksum(store, piece.name) != (piece.size, piece.sha256):
                raise ConfigError(
                    f"The bucket holds another {piece.name}; restore into an empty prefix."
                ) from None

    def _aside(self) -> Path | None:
        names = {opening.DATABASE, _BLOBS, *_WITH_DATABASE}
        if not any((self._data / name).exists() for name in names):
            return None
        return self._data / f"replaced-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"

    def _mark_ready(self, done: Restored) -> None:
        os.sync()
        marker = self._stage / (_READY + ".new")
        marker.write_bytes(msgspec.json.encode(done, enc_hook=str))
        marker.rename(self._stage / _READY)
        os.sync()

    def _finish_earlier(self) -> Restored:
        done = msgspec.json.decode((self._stage / _READY).read_bytes(), type=Restored, dec_hook=_path)
        if done.manifest != self._backup.manifest:
            raise ConfigError(
                f"A restore of another backup into {self._data} was interrupted; finish that first."
            )
        if done.where != self._database.where:
            raise ConfigError(
                f"A restore into {done.where} was interrupted, and this one is into {self._database.where}; "
                "finish that first, with the same database_url."
            )
        self._say("An earlier restore was interrupted before its last step; finishing it.")
        self._database.put_in_place(done.epoch, lambda: self._move_into_place(done))
        self._clear_up()
        return done

    def _move_into_place(self, done: Restored) -> None:
        """Each move may have been made already. The database follows: with it the deployment is there."""
        if not (self._stage / _READY).exists():
            self._mark_ready(done)
        for name in _WITH_DATABASE:
            self._put_aside(self._data / name, done.replaced)
        if (self._stage / _BLOBS).exists():
            self._put_aside(self._data / _BLOBS, done.replaced)
            (self._stage / _BLOBS).rename(self._data / _BLOBS)
        if done.key_path is not None:
            self._put_key(done.key_path, done.replaced)
        self._put_aside(self._data / opening.DATABASE, done.replaced)
        os.sync()

    def _clear_up(self) -> None:
        os.sync()
        shutil.rmtree(self._stage)

    def _put_key(self, path: Path, aside: Path | None) -> None:
        staged = self._stage / archive.KEY
        if path.exists() and path.read_bytes() == staged.read_bytes():
            return
        new = path.with_name(path.name + ".restored")  # it may be on another disk, where a move is a copy
        shutil.copy2(staged, new)
        self._put_aside(path, aside)
        new.rename(path)

    def _put_aside(self, path: Path, folder: Path | None) -> None:
        if path.exists():
            folder = folder or self._data / "replaced"
            folder.mkdir(mode=0o700, exist_ok=True)
            shutil.move(path, folder / path.name)


def _path(kind: type, value: object) -> object:
    return kind(value)


def _place_for_database(settings: Settings, backup: Backup, stage: Path) -> Place:
    if not settings.database_url:
        return IntoFile(backup, stage)
    # Only here: its driver costs memory that a deployment on SQLite has no use for.
    from chaguan.backup.into_postgres import IntoPostgres

    return IntoPostgres(backup, stage, settings.database_url)
