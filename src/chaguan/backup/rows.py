"""The rows of a table on SQLite and on PostgreSQL, in the order of their keys and in one form."""

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import Boolean, Text
from sqlalchemy.types import String

import chaguan.app  # noqa: F401  registers every domain's tables
from chaguan.core.settings import ConfigError
from chaguan.infra.database import metadata

Row = tuple[Any, ...]

CHUNK_ROWS, CHUNK_BYTES = 5_000, 4 * 1024 * 1024
"""A chunk ends at whichever comes first: this bounds memory, also where one row is large."""
_FIRST_FETCH = 100


class Layout(NamedTuple):
    """A table as both sides have it. `left_out`: keys of rows that are a side's own."""

    name: str
    columns: tuple[str, ...]
    key: tuple[int, ...]
    booleans: tuple[int, ...]
    texts: tuple[int, ...]
    left_out: frozenset[Row]

    def key_of(self, row: Row) -> Row:
        return tuple(row[at] for at in self.key)

    @property
    def key_names(self) -> list[str]:
        return [f'"{self.columns[at]}"' for at in self.key]

    @property
    def select(self) -> str:
        columns = ", ".join(f'"{name}"' for name in self.columns)
        return f'SELECT {columns} FROM "{self.name}"'  # noqa: S608  names of our own tables


def layouts(left_out: dict[str, frozenset[Row]]) -> list[Layout]:
    found = []
    for table in metadata.sorted_tables:
        columns = list(table.columns)
        found.append(
            Layout(
                table.name,
                tuple(column.name for column in columns),
                tuple(at for at, column in enumerate(columns) if column.primary_key),
                tuple(at for at, column in enumerate(columns) if isinstance(column.type, Boolean)),
                tuple(at for at, column in enumerate(columns) if isinstance(column.type, Text | String)),
                left_out.get(table.name, frozenset()),
            )
        )
    return found


def rows_here(connection: sqlite3.Connection, layout: Layout) -> Iterator[Row]:
    """In chunks by key, each a short read: a server beside it can go on moving its write-ahead log into the file."""
    key, marks = ", ".join(layout.key_names), ", ".join("?" * len(layout.key))
    order = f"ORDER BY {key} LIMIT {CHUNK_ROWS}"
    chunk = _read(connection, layout, f"{layout.select} {order}", ())
    while chunk:
        for row in chunk:
            if layout.key_of(row) not in layout.left_out:
                yield as_there(layout, row)
        after = f"{layout.select} WHERE ({key}) > ({marks}) {order}"
        chunk = _read(connection, layout, after, layout.key_of(chunk[-1]))


def _read(connection: sqlite3.Connection, layout: Layout, statement: str, after: Row) -> list[Row]:
    rows: list[Row] = []
    size = 0
    try:
        cursor = connection.execute(statement, after)
        for row in cursor:
            rows.append(row)
            size += weight(row)
            if size > CHUNK_BYTES:
                break
        cursor.close()
    except sqlite3.Error as error:
        raise ConfigError(f"The table {layout.name} of the SQLite file can't be read: {error}.") from error
    return rows


def as_there(layout: Layout, row: Row) -> Row:
    """As PostgreSQL will give it back."""
    values = row
    for at in layout.booleans:
        if values[at] is not None:
            values = (*values[:at], bool(values[at]), *values[at + 1 :])
    for at in layout.texts:
        if values[at] is not None and "\0" in values[at]:
            if at in layout.key:
                raise ConfigError(
                    f"{layout.name} has a row whose key holds the character NUL, which PostgreSQL can't store; "
                    f"remove it: {layout.key_of(row)!r}."
                )
            values = (*values[:at], values[at].replace("\0", "\ufffd"), *values[at + 1 :])
    return values


async def rows_there(connection: asyncpg.Connection, layout: Layout) -> AsyncIterator[Sequence[Row]]:
    """Chunks of one snapshot, through a cursor of the server, in the order of bytes that SQLite has."""
    order = ", ".join(
        f'{name} COLLATE "C"' if at in layout.texts else name
        for at, name in zip(layout.key, layout.key_names, strict=True)
    )
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(f"{layout.select} ORDER BY {order}")
        wanted = _FIRST_FETCH
        while records := await cursor.fetch(wanted):
            rows = [tuple(record) for record in records]
            mean = 1 + sum(map(weight, rows)) // len(rows)
            wanted = max(1, min(CHUNK_ROWS, CHUNK_BYTES // mean))
            yield [row for row in rows if layout.key_of(row) not in layout.left_out]


def weight(row: Row) -> int:
    return 8 * len(row) + sum(len(value) for value in row if isinstance(value, bytes | str))
