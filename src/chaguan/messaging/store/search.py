"""The search index in SQL: segments, and the blocks they consist of. A segment of level BUILDING is not there yet."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from chaguan.infra.database.sql import NUMBERS, TEXTS, Statement
from chaguan.messaging.search.segments import Segment

BUILDING = -1
_COLUMNS = "id, level, first_id, last_id, messages, fences"
_NEWEST = Statement(
    f"SELECT {_COLUMNS} FROM search_segments WHERE first_id < ? AND level >= 0 ORDER BY first_id DESC LIMIT ?"
)
_BLOCK = Statement("SELECT data FROM search_blocks WHERE segment_id = ? AND number = ?")
_SIZES = Statement("SELECT id, level, messages FROM search_segments WHERE level >= 0 ORDER BY first_id")
_SEGMENTS = Statement(f"SELECT {_COLUMNS} FROM search_segments WHERE id IN {NUMBERS} ORDER BY first_id")
_SET_LEVEL = Statement("UPDATE search_segments SET level = ? WHERE id = ?")
_PUT_BLOCK = Statement("INSERT INTO search_blocks (segment_id, number, data) VALUES (?, ?, ?)")
_REMOVE = Statement(f"DELETE FROM search_segments WHERE id IN {NUMBERS}")
_FINISH = Statement("UPDATE search_segments SET level = ?, fences = ? WHERE id = ?")
_DROP_UNFINISHED = Statement("DELETE FROM search_segments WHERE level = ?")
_UNUSED = Statement("SELECT DISTINCT segment_id FROM search_blocks EXCEPT SELECT id FROM search_segments")
_DROP_BLOCKS = Statement(
    "DELETE FROM search_blocks WHERE segment_id = ? AND number IN "
    "(SELECT number FROM search_blocks WHERE segment_id = ? LIMIT ?)"
)
_KEYS = Statement(f"SELECT id, data_key FROM conversations WHERE id IN {TEXTS} AND data_key IS NOT NULL")
_INSERT = Statement(
    "INSERT INTO search_segments (level, first_id, last_id, messages, fences) VALUES (?, ?, ?, ?, ?) RETURNING id"
)


class Overtaken(Exception):
    """Another process merges now, and has cleaned up what this one was building."""


def newest(connection: Connection, before: int, limit: int) -> list[Segment]:
    """Segments that hold entries below `before`, newest first. Their ranges don't overlap."""
    return [Segment(*row) for row in _NEWEST.rows(connection, before, limit)]


def block(connection: Connection, segment_id: int, number: int) -> bytes:
    row = _BLOCK.first(connection, segment_id, number)
    assert row is not None, "a segment goes before its blocks do"
    return bytes(row[0])


def sizes(connection: Connection) -> list[tuple[int, int, int]]:
    """(id, level, messages) of all segments, oldest first."""
    return [(row[0], row[1], row[2]) for row in _SIZES.rows(connection)]


def segments(connection: Connection, ids: Sequence[int]) -> list[Segment]:
    """Oldest first."""
    return [Segment(*row) for row in _SEGMENTS.rows(connection, json.dumps(ids))]


def set_level(connection: Connection, segment_id: int, level: int) -> None:
    _SET_LEVEL.run(connection, level, segment_id)


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
    rows = [(segment_id, number + at, data) for at, data in enumerate(blocks)]
    _PUT_BLOCK.run_many(connection, rows)


def replace(
    connection: Connection, segment_id: int, level: int, fences: bytes, sources: Sequence[int]
) -> None:
    """The finished segment appears and its sources go, at once. Their blocks are removed by and by."""
    if _REMOVE.run(connection, json.dumps(sources)) != len(sources):
        raise Overtaken
    if _FINISH.run(connection, level, fences, segment_id) != 1:
        raise Overtaken


def drop_unfinished(connection: Connection) -> list[int]:
    """After a crash: forget segments that were being built; gives all whose blocks lie about unused."""
    _DROP_UNFINISHED.run(connection, BUILDING)
    return [row[0] for row in _UNUSED.rows(connection)]


def drop_blocks(connection: Connection, segment_id: int, limit: int) -> bool:
    """Removes some blocks of a segment; false when there were none left."""
    return bool(_DROP_BLOCKS.run(connection, segment_id, segment_id, limit))


def keys(connection: Connection, conversation_ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """Wrapped data keys of those conversations that still have one."""
    return [(row[0], row[1]) for row in _KEYS.rows(connection, json.dumps(conversation_ids))]


def _insert(
    connection: Connection, level: int, first_id: int, last_id: int, messages: int, fences: bytes
) -> int:
    row = _INSERT.first(connection, level, first_id, last_id, messages, fences)
    assert row is not None
    return int(row[0])
