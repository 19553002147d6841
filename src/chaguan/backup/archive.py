"""The form of a backup: a folder, or one tar file with the same pieces in it. Its manifest is written last, and a
backup appears under its name only when it is whole."""

import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

import msgspec
from msgspec import Struct

from chaguan.core.settings import ConfigError

FORMAT = 1
MANIFEST, DATABASE, INDEX, KEY = "manifest.json", "chaguan.db", "blobs.jsonl", "master.key"
BLOBS = "blobs/"
_STEP = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Piece(Struct, frozen=True):
    name: str
    size: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What is in a backup, and of what. `missing` names blobs that the store had lost before."""

    format: int = FORMAT
    chaguan: str
    engine: str
    revision: str
    epoch: str
    taken_at: int
    database: Piece
    index: Piece
    blobs: int
    blob_bytes: int
    rows: dict[str, int]
    database_bytes: int = 0
    """Where `database` is an index of pieces: what they are together."""
    missing: list[str] = []
    holds_master_key: bool = False

    @property
    def database_size(self) -> int:
        return self.database_bytes or self.database.size


class DamagedBackup(ConfigError):
    """A backup that is not what its manifest says."""


class Writer(Protocol):
    def add(self, name: str, source: IO[bytes], size: int) -> Piece: ...
    def finish(self) -> None: ...
    def discard(self) -> None: ...


@contextmanager
def new_backup(target: Path) -> Iterator[Writer]:
    """A tar file if the name ends so, else a folder. What fails leaves nothing."""
    if target.exists():
        raise ConfigError(f"{target} exists; give a backup a name of its own.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        writer: Writer = _TarWriter(target) if target.suffix == ".tar" else _FolderWriter(target)
    except OSError as error:
        raise ConfigError(f"The backup {target} can't be written: {error.strerror}.") from error
    try:
        yield writer
        writer.finish()
    except BaseException as error:
        writer.discard()
        if isinstance(error, OSError):
            raise ConfigError(f"The backup {target} can't be written: {error.strerror}.") from error
        raise


class _Hashed:
    """Reads exactly `size` bytes of a source and knows their checksum."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source = source
        self._left = size
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        part = self._source.read(wanted) if wanted else b""
        self._left -= len(part)
        self.sha256.update(part)
        return part

    def piece(self, name: str, size: int) -> Piece:
        if self._left or self._source.read(1):
            raise ConfigError(f"{name} changed its size while it was being copied; try again.")
        return Piece(name, size, self.sha256.hexdigest())


def _partial(target: Path) -> Path:
    return target.with_name(target.name + ".partial")


class _FolderWriter:
    def __init__(self, target: Path) -> None:
        self._target, self._folder = target, _partial(target)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)

    def add(self, name: str, source: IO[bytes], size: int) -> Piece:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        hashed = _Hashed(source, size)
        with _private(path) as file:
            shutil.copyfileobj(hashed, file, _STEP)
        return hashed.piece(name, size)

    def finish(self) -> None:
        os.sync()  # once for all of it: many blobs, each synced alone, would take the night
        self._folder.rename(self._target)
        os.sync()

    def discard(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class _TarWriter:
    def __init__(self, target: Path) -> None:
        self._target, self._path = target, _partial(target)
        self._path.unlink(missing_ok=True)
        self._file = _private(self._path)
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, source: IO[bytes], size: int) -> Piece:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashed = _Hashed(source, size)
        self._tar.addfile(info, cast(IO[bytes], hashed))  # it only reads
        return hashed.piece(name, size)

    def finish(self) -> None:
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.rename(self._target)
        os.sync()

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


class Backup:
    """A backup that is being read. Every piece is checked against its checksum as it passes."""

    def __init__(self, path: Path, tar: tarfile.TarFile | None) -> None:
        self._path, self._tar = path, tar
        self.manifest = self._read_manifest()

    def index(self) -> Iterator[Piece]:
        for line in self.lines(self.manifest.index):
            try:
                piece = msgspec.json.decode(line, type=Piece)
            except msgspec.DecodeError as error:
                raise self.damaged(f"{INDEX} can't be read") from error
            if not _NAME.fullmatch(piece.name):
                raise self.damaged(f"{INDEX} names {piece.name!r}")
            yield piece

    def lines(self, piece: Piece) -> Iterator[bytes]:
        with self.open(piece) as parts:
            yield from _lines(parts)

    @contextmanager
    def open(self, piece: Piece, at: str = "") -> Iterator["Checked"]:
        """`at` is where in the backup the piece is, its name if empty."""
        if not _NAME.fullmatch(at or piece.name):
            raise self.damaged(f"it names {piece.name!r}")
        try:
            file = self._file(at or piece.name)
        except (OSError, KeyError, tarfile.TarError) as error:
            raise self.damaged(f"{piece.name} is missing") from error
        with file:
            yield Checked(file, piece, self._path)

    def master_key(self) -> bytes:
        with self._file(KEY) as file:
            return file.read()

    def _file(self, name: str) -> IO[bytes]:
        if self._tar is None:
            return (self._path / name).open("rb")
        found = self._tar.extractfile(name)
        if found is None:
            raise KeyError(name)
        return found

    def _read_manifest(self) -> Manifest:
        try:
            with self._file(MANIFEST) as file:
                manifest = msgspec.json.decode(file.read(), type=Manifest)
        except (OSError, KeyError, tarfile.TarError, msgspec.DecodeError) as error:
            raise ConfigError(f"{self._path} is not a whole backup: it has no readable manifest.") from error
        if manifest.format > FORMAT:
            raise ConfigError(f"{self._path} was made by Chaguan {manifest.chaguan}; restore it with that.")
        return manifest

    def damaged(self, what: str) -> DamagedBackup:
        return DamagedBackup(f"The backup {self._path} is damaged: {what}. Nothing was restored.")


class Checked:
    """The bytes of a piece; raises `DamagedBackup` at its end unless they are the ones that were written."""

    def __init__(self, file: IO[bytes], piece: Piece, path: Path) -> None:
        self._file, self._piece, self._path = file, piece, path

    def __iter__(self) -> Iterator[bytes]:
        sha256, size = hashlib.sha256(), 0
        while part := self._file.read(_STEP):
            sha256.update(part)
            size += len(part)
            yield part
        if (size, sha256.hexdigest()) != (self._piece.size, self._piece.sha256):
            raise DamagedBackup(
                f"The backup {self._path} is damaged: {self._piece.name} is not what was written. Nothing was restored."
            )


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    pending = b""
    for part in parts:
        *lines, pending = (pending + part).split(b"\n")
        yield from lines
    if pending:
        yield pending


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    if path.is_dir():
        yield Backup(path, None)
        return
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115  closed below
    except (OSError, tarfile.TarError) as error:
        raise ConfigError(f"{path} is not a backup: {error}") from error
    with tar:
        yield Backup(path, tar)
