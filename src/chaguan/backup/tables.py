"""A table of one database held against the same of another, and made like it. Whatever was copied before is only
compared, so that copying again is how to go on."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator

import asyncpg
import msgspec
from msgspec import Struct, field

from chaguan.backup import rows as chunks
from chaguan.backup.rows import Layout, Row, rows_here, rows_there, weight
from chaguan.core.settings import ConfigError

Tell = Callable[[int], object]

_NAMED = 3
_encode = msgspec.msgpack.Encoder().encode


class Tally:
    """How many rows passed, and a checksum over all their columns."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, row: Row) -> int:
        """Gives the row's size."""
        encoded = _encode(row)
        self.rows += 1
        self._hash.update(encoded)
        return len(encoded)

    @property
    def checksum(self) -> str:
        return self._hash.hexdigest()


class Compared(Struct):
    """A table after its rows were held against one another. The counts of `here` and `there` are as they were found."""

    table: str
    here: Tally = field(default_factory=Tally)
    there: Tally = field(default_factory=Tally)
    lacking: int = 0
    different: int = 0
    surplus: int = 0
    named: list[str] = []

    @property
    def differences(self) -> int:
        return self.lacking + self.different + self.surplus

    @property
    def is_same(self) -> bool:
        """Twice the same question: row by row, and by count and checksum of each side for itself."""
        here, there = self.here, self.there
        return self.differences == 0 and (here.rows, here.checksum) == (there.rows, there.checksum)

    def name(self, key: Row) -> None:
        if len(self.named) < _NAMED:
            self.named.append("/".join(map(str, key)))


class Mender:
    """Brings rows over, in transactions of bounded size."""

    def __init__(self, connection: asyncpg.Connection, layout: Layout) -> None:
        self._connection, self._layout = connection, layout
        self._gone: list[Row] = []
        self._new: list[Row] = []
        self._weight = 0

    async def remove(self, row: Row) -> None:
        self._gone.append(self._layout.key_of(row))
        await self._count(row)

    async def add(self, row: Row) -> None:
        self._new.append(row)
        await self._count(row)

    async def replace(self, old: Row, new: Row) -> None:
        self._gone.append(self._layout.key_of(old))
        await self.add(new)

    async def _count(self, row: Row) -> None:
        self._weight += weight(row)
        if self._weight > chunks.CHUNK_BYTES or len(self._gone) + len(self._new) >= chunks.CHUNK_ROWS:
            await self.flush()

    async def flush(self) -> None:
        layout = self._layout
        try:
            async with self._connection.transaction():
                if self._gone:
                    found = " AND ".join(f"{name} = ${at}" for at, name in enumerate(layout.key_names, 1))
                    statement = f'DELETE FROM "{layout.name}" WHERE {found}'  # noqa: S608
                    await self._connection.executemany(statement, self._gone)
                if self._new:
                    await self._insert()
        except asyncpg.DataError as error:
            raise _refused(layout, error) from error
        except asyncpg.PostgresError as error:
            if (error.sqlstate or "")[:2] in ("22", "23"):
                raise _refused(layout, error) from error
            raise
        self._gone, self._new, self._weight = [], [], 0

    async def _insert(self) -> None:
        layout = self._layout
        try:
            async with self._connection.transaction():
                await self._connection.copy_records_to_table(
                    layout.name, records=self._new, columns=layout.columns
                )
        except asyncpg.UniqueViolationError:
            # An older state of another row stands in the way, until its turn comes; the next pass brings this one.
            columns = ", ".join(f'"{name}"' for name in layout.columns)
            marks = ", ".join(f"${at}" for at in range(1, len(layout.columns) + 1))
            statement = f'INSERT INTO "{layout.name}" ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING'  # noqa: S608
            await self._connection.executemany(statement, self._new)


def _refused(layout: Layout, error: Exception) -> ConfigError:
    return ConfigError(
        f"PostgreSQL does not take a row of {layout.name}: {str(error).splitlines()[0]}. Nothing is lost: "
        "mend the row on SQLite and run this again, it goes on where it was."
    )


async def compare(
    here: sqlite3.Connection,
    there: asyncpg.Connection,
    layout: Layout,
    tell: Tell,
    mender: Mender | None = None,
) -> Compared:
    """Both sides side by side in the order of the key; `mender` makes the other side like this one."""
    done = Compared(layout.name)
    others = _Others(there, layout, done)
    await others.step()
    for row in rows_here(here, layout):
        done.here.add(row)
        if done.here.rows % 1_000 == 0:
            tell(1_000)
        key = layout.key_of(row)
        while others.row is not None and others.key < key:
            await others.drop(mender)
        if others.row is None or others.key > key:
            done.lacking += 1
            done.name(key)
            if mender is not None:
                await mender.add(row)
            continue
        if others.row != row:
            done.different += 1
            done.name(key)
            if mender is not None:
                await mender.replace(others.row, row)
        await others.step()
    tell(done.here.rows % 1_000)
    while others.row is not None:
        await others.drop(mender)
    if mender is not None:
        await mender.flush()
    return done


class _Others:
    """The other side's row whose turn it is."""

    def __init__(self, connection: asyncpg.Connection, layout: Layout, done: Compared) -> None:
        self._layout, self._done = layout, done
        self._chunks = rows_there(connection, layout)
        self._rows: Iterator[Row] = iter(())
        self.row: Row | None = None
        self.key: Row = ()

    async def step(self) -> None:
        self.row = next(self._rows, None)
        while self.row is None:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                return
            self._rows = iter(chunk)
            self.row = next(self._rows, None)
        self._done.there.add(self.row)
        self.key = self._layout.key_of(self.row)

    async def drop(self, mender: Mender | None) -> None:
        assert self.row is not None
        self._done.surplus += 1
        self._done.name(self.key)
        if mender is not None:
            await mender.remove(self.row)
        await self.step()
