"""A database inside a backup as its tables: each in pieces of a few MiB of what PostgreSQL's `COPY … (FORMAT binary)`
gives, and an index of them. No file of another engine's own is in it, so that either engine can take it in."""

import io
import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from chaguan.backup.archive import Backup, DamagedBackup, Piece, Writer

ENGINE = "postgresql"
INDEX = "tables.jsonl"
PART_BYTES = 16 * 1024 * 1024
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class TableFiles(Struct, frozen=True):
    """A table, its columns as (name, type in PostgreSQL's words), and the pieces that hold its rows, in order."""

    name: str
    columns: list[tuple[str, str]]
    rows: int
    parts: list[Piece]

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]


class TableWriter:
    """Cuts a stream whose length nobody knows yet into pieces that fit into memory."""

    def __init__(self, writer: Writer, table: str) -> None:
        self._writer, self._table = writer, table
        self._pending = bytearray()
        self.parts: list[Piece] = []

    def add(self, data: bytes) -> None:
        self._pending += data
        if len(self._pending) >= PART_BYTES:
            self.finish()

    def finish(self) -> None:
        if self._pending:
            name = f"tables/{self._table}/{len(self.parts) + 1:06}.copy"
            self.parts.append(self._writer.add(name, io.BytesIO(self._pending), len(self._pending)))
            self._pending = bytearray()


def write_index(writer: Writer, tables: list[TableFiles]) -> Piece:
    data = b"".join(msgspec.json.encode(table) + b"\n" for table in tables)
    return writer.add(INDEX, io.BytesIO(data), len(data))


def read_index(backup: Backup) -> list[TableFiles]:
    """Names in it are names and nothing else; that they are those of our tables is for whoever makes them to see."""
    found: dict[str, TableFiles] = {}
    for line in backup.lines(backup.manifest.database):
        try:
            table = msgspec.json.decode(line, type=TableFiles)
        except msgspec.DecodeError as error:
            raise backup.damaged(f"{INDEX} can't be read") from error
        for name in (table.name, *table.names):
            if not _IDENTIFIER.fullmatch(name):
                raise backup.damaged(f"{INDEX} names {name!r}")
        if table.name in found:
            raise backup.damaged(f"{INDEX} names {table.name} twice")
        found[table.name] = table
    if {table.name: table.rows for table in found.values()} != backup.manifest.rows:
        raise DamagedBackup(
            "The backup's tables do not hold the rows its manifest names. Nothing was restored."
        )
    return list(found.values())


def stream(backup: Backup, table: TableFiles) -> Iterator[bytes]:
    for part in table.parts:
        with backup.open(part) as data:
            yield from data
