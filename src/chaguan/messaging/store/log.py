"""The log in SQL. The statements of the append are written for the driver: they run for every message."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from chaguan.messaging.model import MESSAGE, NOTICES, STORED_COLUMNS, Stored

SCAN_LIMIT = 2_000
"""A page looks at no more rows than this, however many reactions stand between two messages."""


class Head(NamedTuple):
    conversation_id: str
    head_seq: int
    head_ordinal: int
    last_at: int
    member_version: int


class Earlier(NamedTuple):
    """What a key was used for before."""

    seq: int
    ordinal: int
    created_at: int
    fingerprint: bytes


Key = tuple[bytes, str, str]
"""(client_msg_id, actor_id, conversation_id)"""

_HEADS = (
    "SELECT json_group_array(json_array(h.conversation_id, head_seq, head_ordinal, last_at, member_version)) "
    "FROM json_each(?) AS wanted CROSS JOIN heads AS h ON h.conversation_id = wanted.value"
)
_INSERT = (
    "INSERT INTO entries (conversation_id, seq, kind, countable, ordinal, actor_id, client_msg_id, fingerprint, "
    "created_at, target_seq, state, body, partition, changed_seq) VALUES "
)
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
_MOVE_HEADS = (
    "UPDATE heads SET head_seq = json_extract(w.value, '$[0]'), head_ordinal = json_extract(w.value, '$[1]'), "
    "last_at = json_extract(w.value, '$[2]') FROM json_each(?) AS w "
    "WHERE conversation_id = json_extract(w.value, '$[3]')"
)
_TOGETHER = (64, 16, 4, 1)
"""Rows of one INSERT. The driver lets go of the interpreter and waits to get it back for every step of a statement:
with a busy loop beside it that takes half a millisecond, so a batch is written in few steps, not in one a row."""


def _cursor(connection: Connection) -> Any:
    # SQLAlchemy's own path costs as much again as the statement: 29 µs a row against 14.
    return connection.connection.cursor()


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def heads(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Head]:
    (found,) = _cursor(connection).execute(_HEADS, (_json(conversation_ids),)).fetchone()
    return {row[0]: Head(*row) for row in msgspec.json.decode(found)}


@cache
def _earlier_statement(size: int) -> str:
    return (
        f"WITH wanted (k, a, c) AS (VALUES {', '.join(['(?, ?, ?)'] * size)}) "
        "SELECT e.client_msg_id, e.actor_id, e.conversation_id, seq, ordinal, created_at, fingerprint "
        "FROM wanted CROSS JOIN entries AS e "
        "ON e.client_msg_id = k AND e.actor_id = a AND e.conversation_id = c"
    )


def earlier(connection: Connection, keys: Sequence[Key]) -> dict[Key, Earlier]:
    """One statement for the whole batch; its size is rounded up, so that few forms are ever compiled."""
    size = 1 << (len(keys) - 1).bit_length()
    values = [*chain.from_iterable(keys), *[None] * (3 * (size - len(keys)))]
    rows = _cursor(connection).execute(_earlier_statement(size), values)
    return {(row[0], row[1], row[2]): Earlier(*row[3:]) for row in rows}


@cache
def _insert_statement(size: int) -> str:
    return _INSERT + ", ".join([_ROW] * size)


def insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    cursor, at = _cursor(connection), 0
    for size in _TOGETHER:
        while len(rows) - at >= size:
            cursor.execute(_insert_statement(size), [*chain.from_iterable(rows[at : at + size])])
            at += size


def move_heads(connection: Connection, rows: Sequence[tuple[int, int, int, str]]) -> None:
    _cursor(connection).execute(_MOVE_HEADS, (_json(rows),))


def _stored(rows: Iterable[Sequence[Any]]) -> list[Stored]:
    return [Stored(*row) for row in rows]


def after(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Stored]:
    """Entries of all kinds above `seq`, ascending."""
    return _stored(
        _cursor(connection).execute(
            f"SELECT {STORED_COLUMNS} FROM entries WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?",
            (conversation_id, seq, limit),
        )
    )


def messages_before(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Stored]:
    """Messages below `seq`, ascending; looks at no more than SCAN_LIMIT rows."""
    rows = _cursor(connection).execute(
        f"SELECT {STORED_COLUMNS} FROM (SELECT * FROM entries WHERE conversation_id = ? AND seq < ? "
        "ORDER BY seq DESC LIMIT ?) WHERE kind = ? ORDER BY seq DESC LIMIT ?",
        (conversation_id, seq, SCAN_LIMIT, MESSAGE, limit),
    )
    return _stored(rows)[::-1]


def messages_after(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Stored]:
    return _stored(
        _cursor(connection).execute(
            f"SELECT {STORED_COLUMNS} FROM (SELECT * FROM entries WHERE conversation_id = ? AND seq > ? "
            "ORDER BY seq LIMIT ?) WHERE kind = ? ORDER BY seq LIMIT ?",
            (conversation_id, seq, SCAN_LIMIT, MESSAGE, limit),
        )
    )


def notices(connection: Connection, conversation_id: str, low: int, high: int, limit: int) -> list[Stored]:
    """What is told in words from `low` to `high`, ascending; the latest where there is more than `limit`."""
    rows = _cursor(connection).execute(
        f"SELECT {STORED_COLUMNS} FROM entries WHERE conversation_id = ? AND seq >= ? AND seq <= ? "
        f"AND kind IN ({', '.join(map(str, NOTICES))}) ORDER BY seq DESC LIMIT ?",
        (conversation_id, low, high, limit),
    )
    return _stored(rows)[::-1]


def by_seqs(connection: Connection, conversation_id: str, seqs: Sequence[int]) -> list[Stored]:
    return _stored(
        _cursor(connection).execute(
            f"SELECT {STORED_COLUMNS} FROM entries WHERE conversation_id = ? "
            "AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq",
            (conversation_id, _json(seqs)),
        )
    )


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Stored]:
    return _stored(
        _cursor(connection).execute(
            f"SELECT {STORED_COLUMNS} FROM entries WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
            (_json(ids),),
        )
    )


def since(connection: Connection, position: int, limit: int) -> list[Stored]:
    """The feed of consumers: entries in commit order above `position`."""
    return _stored(
        _cursor(connection).execute(
            f"SELECT {STORED_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ?", (position, limit)
        )
    )


def since_of(connection: Connection, position: int, limit: int, prefix: str) -> tuple[list[Stored], int]:
    """The feed of one kind of conversation, and the id up to which there is nothing more of it."""
    if not prefix:
        rows = since(connection, position, limit)
        return rows, rows[-1].id if rows else position
    upper = end(connection)[0]
    rows = _stored(
        _cursor(connection).execute(
            f"SELECT {STORED_COLUMNS} FROM entries WHERE id > ? AND id <= ? AND substr(conversation_id, 1, ?) = ? "
            "ORDER BY id LIMIT ?",
            (position, upper, len(prefix), prefix, limit),
        )
    )
    return rows, rows[-1].id if len(rows) == limit else max(upper, position)


def end(connection: Connection) -> tuple[int, int]:
    """(id, created_at) of the newest entry of the whole log."""
    row = (
        _cursor(connection).execute("SELECT id, created_at FROM entries ORDER BY id DESC LIMIT 1").fetchone()
    )
    return (row[0], row[1]) if row else (0, 0)


def ordinal_at(connection: Connection, conversation_id: str, seq: int) -> int:
    row = (
        _cursor(connection)
        .execute(
            "SELECT ordinal FROM entries WHERE conversation_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
            (conversation_id, seq),
        )
        .fetchone()
    )
    return int(row[0]) if row else 0


def set_state(
    connection: Connection, conversation_id: str, seq: int, changed_seq: int, state: str, body: bytes | None
) -> None:
    """The message's row holds its current state (DESIGN §2.1)."""
    connection.execute(
        text(
            "UPDATE entries SET state = :state, body = :body, changed_seq = :changed "
            "WHERE conversation_id = :conversation AND seq = :seq"
        ),
        {"state": state, "body": body, "changed": changed_seq, "conversation": conversation_id, "seq": seq},
    )


def forget_bodies(connection: Connection, conversation_id: str, seqs: Sequence[int]) -> None:
    """Edits of a recalled message carried its texts: they go with it."""
    _cursor(connection).execute(
        "UPDATE entries SET body = NULL WHERE conversation_id = ? AND seq IN (SELECT value FROM json_each(?))",
        (conversation_id, _json(seqs)),
    )


def position(connection: Connection, consumer: str) -> int:
    row = connection.execute(
        text("SELECT position FROM consumers WHERE name = :name"), {"name": consumer}
    ).fetchone()
    return int(row[0]) if row else 0


def set_position(connection: Connection, consumer: str, value: int) -> None:
    connection.execute(
        text(
            "INSERT INTO consumers (name, position) VALUES (:name, :value) "
            "ON CONFLICT (name) DO UPDATE SET position = excluded.position"
        ),
        {"name": consumer, "value": value},
    )
