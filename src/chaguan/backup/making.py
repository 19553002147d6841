"""`chaguan backup`: one point across database and blobs, taken while the deployment serves.

First the blobs are held: from then on none is deleted. Then the database is copied as of one moment. Then every blob
that this copy names is copied: it was in place before the message that names it, it never changes, and it can't have
gone since. What is uploaded meanwhile belongs to the next backup.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from msgspec import Struct
from obstore.store import ObjectStore

from chaguan.app import EPOCH
from chaguan.backup import archive, sqlite_snapshot
from chaguan.backup.archive import Manifest, Piece, Writer
from chaguan.backup.point import Copied
from chaguan.backup.progress import bar, in_bytes
from chaguan.backup.streams import Streamed
from chaguan.core.clock import now_ms
from chaguan.core.errors import AppError, ErrorCode
from chaguan.core.settings import ConfigError, Settings
from chaguan.infra import opening, sealing
from chaguan.infra.blobs import Blobs
from chaguan.infra.database import Work
from chaguan.infra.holds import Hold
from chaguan.infra.keyring import KeyFile

CopyDatabase = Callable[[Writer, Callable[[bytes], None]], Copied]
Run = Callable[[Work[Any]], object]


class Done(Struct, frozen=True):
    manifest: Manifest
    key_id: str


def back_up(settings: Settings, target: Path, *, with_key: bool, say: Callable[[str], object]) -> Done:
    copy_database, run = _of_postgres(settings) if settings.database_url else _of_sqlite(settings, target)
    keys = _key_file(settings) if with_key else b""
    keyring = opening.read_keyring(settings)
    store = Blobs.of(settings).store
    with archive.new_backup(target) as writer, Hold(run) as hold:
        taken_at = now_ms()
        copied = copy_database(writer, partial(sealing.check, keyring))
        say(f"Database copied ({in_bytes(copied.size)}); copying what it names …")
        manifest = _write(writer, copied, store, taken_at)
        if with_key:
            # Both readings: a rotation may have gone on meanwhile.
            _add_bytes(writer, archive.KEY, _merged(keys, _key_file(settings)))
            manifest = msgspec.structs.replace(manifest, holds_master_key=True)
        if not hold.is_kept:
            raise ConfigError("The database could not be reached for too long to hold its blobs; try again.")
        _add_bytes(writer, archive.MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return Done(manifest, keyring.current_id)


def _of_sqlite(settings: Settings, target: Path) -> tuple[CopyDatabase, Run]:
    source = settings.data / opening.DATABASE
    if not source.exists():
        raise ConfigError(f"There is no deployment in {settings.data}; set data_dir to the one to back up.")
    return partial(_copy_file, source, target), opening.open_file(settings.data).run


def _of_postgres(settings: Settings) -> tuple[CopyDatabase, Run]:
    # Only here: its driver costs memory that a deployment on SQLite has no use for.
    from chaguan.backup import postgres_link, postgres_snapshot

    postgres_snapshot.refuse_unfit(settings)
    return (
        lambda writer, check: postgres_snapshot.copy_into(writer, settings.database_url, check),
        partial(postgres_link.write_once, settings.database_url),
    )


def _copy_file(source: Path, target: Path, writer: Writer, check: Callable[[bytes], None]) -> Copied:
    with _scratch(target) as folder:
        copy = folder / archive.DATABASE
        with bar("Database") as shown:
            sqlite_snapshot.take(source, copy, lambda done, total: shown.tell(done, total))
        check(sqlite_snapshot.fact(copy, opening.ROOT))
        rows = sqlite_snapshot.count_rows(copy)
        with copy.open("rb") as file:
            database = writer.add(archive.DATABASE, file, copy.stat().st_size)
        return Copied(
            engine=sqlite_snapshot.ENGINE,
            revision=sqlite_snapshot.revision(copy),
            epoch=sqlite_snapshot.fact(copy, EPOCH).decode(),
            database=database,
            rows=rows,
            blobs=sqlite_snapshot.blobs_named_in(copy),
        )


def _write(writer: Writer, copied: Copied, store: ObjectStore, taken_at: int) -> Manifest:
    pieces, missing = _write_blobs(writer, store, copied.blobs)
    lines = b"".join(msgspec.json.encode(piece) + b"\n" for piece in pieces)
    return Manifest(
        chaguan=version("chaguan"),
        engine=copied.engine,
        revision=copied.revision,
        epoch=copied.epoch,
        taken_at=taken_at,
        database=copied.database,
        database_bytes=copied.database_bytes,
        index=_add_bytes(writer, archive.INDEX, lines),
        blobs=len(pieces),
        blob_bytes=sum(piece.size for piece in pieces),
        rows=copied.rows,
        missing=missing,
    )


def _write_blobs(
    writer: Writer, store: ObjectStore, named: list[tuple[str, bool]]
) -> tuple[list[Piece], list[str]]:
    pieces: list[Piece] = []
    missing: list[str] = []
    copied = 0
    with bar("Blobs") as shown:
        for number, (name, is_used) in enumerate(named):
            piece = _write_blob(writer, store, name)
            if piece is not None:
                pieces.append(piece)
                copied += piece.size
            elif is_used:
                missing.append(name)  # an upload that is not done yet is no loss: nothing names it
            shown.tell(number + 1, len(named), in_bytes(copied))
    return pieces, missing


def _write_blob(writer: Writer, store: ObjectStore, name: str) -> Piece | None:
    try:
        source = Streamed(store, name)
    except AppError as error:
        if error.code is ErrorCode.not_found:
            return None
        raise
    piece = writer.add(archive.BLOBS + name, cast(IO[bytes], source), source.size)
    return Piece(name, piece.size, piece.sha256)


def _add_bytes(writer: Writer, name: str, data: bytes) -> Piece:
    return writer.add(name, io.BytesIO(data), len(data))


def _key_file(settings: Settings) -> bytes:
    path = opening.key_path(settings)
    KeyFile(path).read()  # says what is wrong with it
    return path.read_bytes()


def _merged(before: bytes, after: bytes) -> bytes:
    """The keys of the later reading first, then those that only the earlier one had."""
    seen = after.splitlines()
    return b"\n".join([*seen, *(line for line in before.splitlines() if line not in seen)]) + b"\n"


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """Beside the backup: there is room for a copy of the database, or the backup would not fit either."""
    with tempfile.TemporaryDirectory(prefix=".chaguan-", dir=target.parent) as folder:
        yield Path(folder)
