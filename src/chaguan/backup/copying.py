"""`chaguan blobs copy`: all blobs from one store to another, each compared byte for byte, while the deployment serves.

A journal beside the data remembers what was copied and compared, so that an interrupted copy goes on where it was and
a second run costs little. Passes follow one another until one finds nothing new.
"""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec
import obstore
from msgspec import Struct
from obstore.store import ObjectStore

from chaguan.backup.archive import Piece
from chaguan.backup.progress import bar, in_bytes
from chaguan.backup.streams import Hashed, Streamed, checksum, has, put
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import opening
from chaguan.infra.blob_stores import (
    bucket_at,
    bucket_of,
    bucket_store,
    folder_store,
    sync_to_disk,
    translated,
)
from chaguan.infra.blobs import OWNER

_AT_ONCE = 4
_PASSES = 20
_PROBE = "probe/"


class Copied(Struct):
    blobs: int = 0
    bytes: int = 0
    removed: int = 0
    passes: int = 0


class Place(Struct, frozen=True):
    url: str
    store: ObjectStore
    folder: Path | None


def place_of(settings: Settings, url: str = "") -> Place:
    """Where `url` says (a folder or s3://…), or where the settings keep blobs."""
    if url.startswith("s3://"):
        return Place(url.rstrip("/"), bucket_store(bucket_at(settings, url)), None)
    bucket = None if url else bucket_of(settings)
    if bucket is not None:
        return Place(settings.blobs_url.rstrip("/"), bucket_store(bucket), None)
    folder = (Path(url) if url else settings.data / "blobs").resolve()
    return Place(str(folder), folder_store(folder), folder)


def copy_blobs(settings: Settings, source: Place, target: Place, say: Callable[[str], object]) -> Copied:
    if source.url == target.url:
        raise ConfigError(f"Source and target are both {source.url}; name another one with --from or --to.")
    journal = settings.data / f"blobs-copy-{_fingerprint(source.url, target.url)}.jsonl"
    opening.prepare_folder(settings.data)
    done = Copied()
    with _Journal(journal) as journalled:
        copy = _Copy(source, target, journalled)
        while done.passes < _PASSES:
            found = copy.one_pass(done)
            done.passes += 1
            if found == 0:
                return done
            say(f"Pass {done.passes}: {found} blobs copied and compared.")
    raise ConfigError(f"New blobs came in through {_PASSES} passes; run this again when less is uploaded.")


class _Journal:
    """What was copied and found right, one line each. Its own end may be torn; that blob is compared again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.pieces: dict[str, Piece] = {}

    def __enter__(self) -> "_Journal":
        if self._path.exists():
            for line in self._path.read_bytes().splitlines():
                try:
                    piece = msgspec.json.decode(line, type=Piece)
                except msgspec.DecodeError:
                    continue
                self.pieces[piece.name] = piece
        self._file: IO[bytes] = self._path.open("ab")
        if self._file.tell():
            self._file.write(b"\n")  # ends a line that was torn
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, piece: Piece) -> None:
        self.pieces[piece.name] = piece
        self._file.write(msgspec.json.encode(piece) + b"\n")
        self._file.flush()


class _Copy:
    def __init__(self, source: Place, target: Place, journal: _Journal) -> None:
        self._source, self._target, self._journal = source, target, journal

    def one_pass(self, done: Copied) -> int:
        here, there = dict(_listed(self._source.store)), dict(_listed(self._target.store))
        wanted = [name for name in here if not self._is_done(name, here[name], there.get(name))]
        total = sum(here[name] for name in wanted)
        before = done.bytes
        with bar("Blobs") as shown, ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE))
            stack.callback(pool.shutdown, cancel_futures=True)
            for piece in pool.map(self._copy, wanted):
                if piece is not None:
                    self._journal.add(piece)
                    done.blobs += 1
                    done.bytes += piece.size
                    moved = done.bytes - before
                    shown.tell(moved, total, f"{in_bytes(moved)} of {in_bytes(total)}")
        self._remove_what_went(here, there, done)
        return len(wanted)

    def _is_done(self, name: str, size: int, copied: int | None) -> bool:
        known = self._journal.pieces.get(name)
        return known is not None and known.size == size == copied

    def _copy(self, name: str) -> Piece | None:
        """None when it was deleted meanwhile."""
        source, target = self._source.store, self._target.store
        try:
            if has(target, name):
                piece = Piece(name, *checksum(source, name))
            else:
                hashed = Hashed(Streamed(source, name))
                put(target, name, hashed)
                piece = Piece(name, hashed.size, hashed.sha256)
        except AppError as error:
            if error.code is ErrorCode.not_found:
                return None
            raise
        if self._target.folder is not None:
            sync_to_disk(self._target.folder, name)
        if checksum(target, name) != (piece.size, piece.sha256):
            raise ConfigError(
                f"{name} differs in {self._target.url}; delete it there and run this again: it will be copied anew."
            )
        return piece

    def _remove_what_went(self, here: dict[str, int], there: dict[str, int], done: Copied) -> None:
        """What was deleted here since it was copied must not live on there. Only what this copy has made."""
        for name in [name for name in self._journal.pieces if name not in here and name in there]:
            with translated("deleted"):
                obstore.delete(self._target.store, name)
            done.removed += 1


def _listed(store: ObjectStore) -> Iterator[tuple[str, int]]:
    with translated("listed"):
        for page in obstore.list(store):
            for each in page:
                if each["path"] != OWNER and not each["path"].startswith(_PROBE):
                    yield each["path"], each["size"]


def _fingerprint(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
