"""The search index in SQL: segments, and the blocks they consist of. A segment of level BUILDING is not there yet."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from chaguan.messaging.search.segments import Segment

BUILDING = -1
_COLUMNS = "id, level, first_id, last_id, messages, fences"


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def newest(connection: Connection, before: int, limit: int) -> list[Segment]:
    """Segments that hold entries below `before`, newest first. Their ranges don't overlap."""
    rows = _cursor(connection).execute(
        f"SELECT {_COLUMNS} FROM search_segments WHERE first_id < ? AND level >= 0 ORDER BY first_id DESC LIMIT ?",
        (before, limit),
    )
    return [Segment(*row) for row in rows]


def block(connection: Connection, segment_id: int, number: int) -> bytes:
    row = (
        _cursor(connection)
        .execute("SELECT data FROM search_blocks WHERE segment_id = ? AND number = ?", (segment_id, number))
        .fetchone()
    )
    return bytes(row[0])


def sizes(connection: Connection) -> list[tuple[int, int, int]]:
    """(id, level, messages) of all segments, oldest first."""
    rows = _cursor(connection).execute(
        "SELECT id, level, messages FROM search_segments WHERE level >= 0 ORDER BY first_id"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def segments(connection: Connection, ids: Sequence[int]) -> list[Segment]:
    """Oldest first."""
    rows = _cursor(connection).execute(
        f"SELECT {_COLUMNS} FROM search_segments WHERE id IN (SELECT value FROM json_each(?)) ORDER BY first_id",
        (json.dumps(ids),),
    )
    return [Segment(*row) for row in rows]


def set_level(connection: Connection, segment_id: int, level: int) -> None:
    _cursor(connection).execute("UPDATE search_segments SET level = ? WHERE id = ?", (level, segment_id))


def add(
    connection: Connection,
    first_id: int,
    last_id: int,
    messages: int,
    fences: bytes,
    blocks: Sequence[bytes],
) -> None:
    segment_id = _insert(connection, 0, first_id, last_id, messages, fences)
    put_blocks(connection, segment_id, 0, blocks)


def begin(connection: Connection, sources: Sequence[Segment]) -> int:
    """A segment that will take the place of the sources."""
    messages = sum(source.messages for source in sources)
    return _insert(connection, BUILDING, sources[0].first_id, sources[-1].last_id, messages, b"")


def put_blocks(connection: Connection, segment_id: int, number: int, blocks: Sequence[bytes]) -> None:
    _cursor(connection).executemany(
        "INSERT INTO search_blocks (segment_id, number, data) VALUES (?, ?, ?)",
        [(segment_id, number + at, data) for at, data in enumerate(blocks)],
    )


def replace(
    connection: Connection, segment_id: int, level: int, fences: bytes, sources: Sequence[int]
) -> None:
    """The finished segment appears and its sources go, at once. Their blocks are removed by and by."""
    cursor = _cursor(connection)
    cursor.execute(
        "DELETE FROM search_segments WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(sources),)
    )
    cursor.execute(
        "UPDATE search_segments SET level = ?, fences = ? WHERE id = ?", (level, fences, segment_id)
    )


def drop_unfinished(connection: Connection) -> list[int]:
    """After a crash: forget segments that were being built; gives all whose blocks lie about unused."""
    cursor = _cursor(connection)
    cursor.execute("DELETE FROM search_segments WHERE level = ?", (BUILDING,))
    rows = cursor.execute(
        "SELECT DISTINCT segment_id FROM search_blocks EXCEPT SELECT id FROM search_segments"
    )
    return [row[0] for row in rows]


def drop_blocks(connection: Connection, segment_id: int, limit: int) -> bool:
    """Removes some blocks of a segment; false when there were none left."""
    cursor = _cursor(connection)
    cursor.execute(
        "DELETE FROM search_blocks WHERE segment_id = ? AND number IN "
        "(SELECT number FROM search_blocks WHERE segment_id = ? LIMIT ?)",
        (segment_id, segment_id, limit),
    )
    return bool(cursor.rowcount)


def keys(connection: Connection, conversation_ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """Wrapped data keys of those conversations that still have one."""
    rows = _cursor(connection).execute(
        "SELECT c.id, c.data_key FROM json_each(?) AS wanted CROSS JOIN conversations AS c ON c.id = wanted.value "
        "WHERE data_key IS NOT NULL",
        (json.dumps(conversation_ids),),
    )
    return [(row[0], row[1]) for row in rows]


def _insert(
    connection: Connection, level: int, first_id: int, last_id: int, messages: int, fences: bytes
) -> int:
    cursor = _cursor(connection)
    cursor.execute(
        "INSERT INTO search_segments (level, first_id, last_id, messages, fences) VALUES (?, ?, ?, ?, ?)",
        (level, first_id, last_id, messages, fences),
    )
    return int(cursor.lastrowid)
