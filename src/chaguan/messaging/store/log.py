"""The log in SQL. The statements of the append are written for the driver: they run for every message."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from chaguan.infra.database.sql import NUMBERS, TEXTS, Statement, is_postgres
from chaguan.messaging.model import MESSAGE, NOTICES, STORED_COLUMNS, Stored

SCAN_LIMIT = 2_000
"""A page looks at no more rows than this, however many reactions stand between two messages."""


class LastSaid(NamedTuple):
    """The last message that somebody wrote in a conversation."""

    seq: int
    actor_id: str
    created_at: int


class Head(NamedTuple):
    conversation_id: str
    head_seq: int
    head_ordinal: int
    last_at: int
    entry_at: int
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
    "SELECT json_group_array(json_array(h.conversation_id, head_seq, head_ordinal, last_at, entry_at, "
    "member_version)) "
    "FROM json_each(?) AS wanted CROSS JOIN heads AS h ON h.conversation_id = wanted.value"
)
_HEADS_ON_POSTGRES = Statement(
    "SELECT conversation_id, head_seq, head_ordinal, last_at, entry_at, member_version FROM heads "
    f"WHERE conversation_id IN {TEXTS}"
)
_COLUMNS = (
    "conversation_id, seq, kind, countable, ordinal, actor_id, client_msg_id, fingerprint, created_at, target_seq, "
    "state, body, partition, changed_seq"
)
_INSERT = f"INSERT INTO entries ({_COLUMNS}) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
_INSERT_ON_POSTGRES = (
    # The transaction has its number before it takes an id: `horizon.py` rests on that.
    "WITH own AS MATERIALIZED (SELECT pg_current_xact_id() AS number) "
    f"INSERT INTO entries ({_COLUMNS}) SELECT w.*, 0 FROM own, "
    "unnest($1::text[], $2::bigint[], $3::smallint[], $4::boolean[], $5::bigint[], $6::text[], $7::bytea[], "
    "$8::bytea[], $9::bigint[], $10::bigint[], $11::text[], $12::bytea[], $13::smallint[]) AS w "
    "WHERE own.number IS NOT NULL"
)
_EARLIER_ON_POSTGRES = (
    "SELECT e.client_msg_id, e.actor_id, e.conversation_id, seq, ordinal, created_at, fingerprint "
    "FROM unnest($1::bytea[], $2::text[], $3::text[]) AS w (k, a, c) "
    "JOIN entries AS e ON e.client_msg_id = k AND e.actor_id = a AND e.conversation_id = c"
)
_MOVE_HEADS = (
    "UPDATE heads SET head_seq = json_extract(w.value, '$[0]'), head_ordinal = json_extract(w.value, '$[1]'), "
    "last_at = json_extract(w.value, '$[2]'), entry_at = json_extract(w.value, '$[3]') FROM json_each(?) AS w "
    "WHERE conversation_id = json_extract(w.value, '$[4]')"
)
_MOVE_HEADS_ON_POSTGRES = (
    "UPDATE heads SET head_seq = w.seq, head_ordinal = w.ordinal, last_at = w.at, entry_at = w.entry_at "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) "
    "AS w (seq, ordinal, at, entry_at, id) "
    "WHERE conversation_id = w.id"
)
_LAST_SAID = Statement(
    "SELECT seq, actor_id, created_at FROM entries "
    f"WHERE conversation_id = ? AND kind = {MESSAGE} AND countable ORDER BY seq DESC LIMIT 1"
)
_LOCK = (
    "SELECT CASE WHEN n = $2 THEN pg_advisory_xact_lock(k)::text = '' ELSE pg_try_advisory_xact_lock(k) END "
    "FROM unnest($1::bigint[]) WITH ORDINALITY AS w (k, n) ORDER BY n"
)
_TOGETHER = (64, 16, 4, 1)
"""Rows of one INSERT. The driver lets go of the interpreter and waits to get it back for every step of a statement:
with a busy loop beside it that takes half a millisecond, so a batch is written in few steps, not in one a row."""


def _cursor(connection: Connection) -> Any:
    # SQLAlchemy's own path costs as much again as the statement: 29 µs a row against 14.
    return connection.connection.cursor()


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def lock(connection: Connection, conversation_ids: Sequence[str], *, wait: bool) -> set[str]:
    """Be the only writer of these conversations until the end of the transaction, whose first statement this is.
    Gives those of them that no other node writes at the moment; with `wait` the first is waited for.

    So nobody holds one while waiting for another, and batches that share a conversation do not queue for each other
    with all that they have. It is a statement of its own, so that the next one sees what the former holders
    committed, and it gives the transaction no number yet: numbers then follow one another in a conversation as its
    entries do.
    """
    if not is_postgres(connection):
        return set(conversation_ids)
    rows = _cursor(connection)
    rows.execute(_LOCK, ([_lock_number(id) for id in conversation_ids], int(wait)))
    return {id for id, (is_ours,) in zip(conversation_ids, rows.fetchall(), strict=True) if is_ours}


def _lock_number(conversation_id: str) -> int:
    digest = hashlib.blake2b(conversation_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def heads(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, Head]:
    wanted = _json(conversation_ids)
    if is_postgres(connection):
        return {row[0]: Head(*row) for row in _HEADS_ON_POSTGRES.rows(connection, wanted)}
    (found,) = _cursor(connection).execute(_HEADS, (wanted,)).fetchone()
    return {row[0]: Head(*row) for row in msgspec.json.decode(found)}


def last_said(connection: Connection, conversation_id: str) -> LastSaid | None:
    row = _LAST_SAID.first(connection, conversation_id)
    return LastSaid(int(row[0]), row[1], int(row[2])) if row else None


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
    cursor = _cursor(connection)
    if is_postgres(connection):
        cursor.execute(_EARLIER_ON_POSTGRES, _by_column(keys))
    else:
        size = 1 << (len(keys) - 1).bit_length()
        cursor.execute(
            _earlier_statement(size), [*chain.from_iterable(keys), *[None] * (3 * (size - len(keys)))]
        )
    return {(row[0], row[1], row[2]): Earlier(*row[3:]) for row in cursor.fetchall()}


@cache
def _insert_statement(size: int) -> str:
    return _INSERT + ", ".join([_ROW] * size)


def insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    cursor, at = _cursor(connection), 0
    if is_postgres(connection):
        cursor.execute(_INSERT_ON_POSTGRES, _by_column(rows))
        return
    for size in _TOGETHER:
        while len(rows) - at >= size:
            cursor.execute(_insert_statement(size), [*chain.from_iterable(rows[at : at + size])])
            at += size


def move_heads(connection: Connection, rows: Sequence[tuple[int, int, int, int, str]]) -> None:
    if is_postgres(connection):
        if rows:
            _cursor(connection).execute(_MOVE_HEADS_ON_POSTGRES, _by_column(rows))
        return
    _cursor(connection).execute(_MOVE_HEADS, (_json(rows),))


def _by_column(rows: Iterable[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def _stored(rows: Iterable[Sequence[Any]]) -> list[Stored]:
    return [Stored(*row) for row in rows]


_AFTER = Statement(
    f"SELECT {STORED_COLUMNS} FROM entries WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?"
)
_MESSAGES_BEFORE = Statement(
    f"SELECT {STORED_COLUMNS} FROM (SELECT * FROM entries WHERE conversation_id = ? AND seq < ? "
    "ORDER BY seq DESC LIMIT ?) AS looked_at WHERE kind = ? ORDER BY seq DESC LIMIT ?"
)
_MESSAGES_AFTER = Statement(
    f"SELECT {STORED_COLUMNS} FROM (SELECT * FROM entries WHERE conversation_id = ? AND seq > ? "
    "ORDER BY seq LIMIT ?) AS looked_at WHERE kind = ? ORDER BY seq LIMIT ?"
)
_BY_SEQS = Statement(
    f"SELECT {STORED_COLUMNS} FROM entries WHERE conversation_id = ? AND seq IN {NUMBERS} ORDER BY seq"
)
_BY_IDS = Statement(f"SELECT {STORED_COLUMNS} FROM entries WHERE id IN {NUMBERS} ORDER BY id DESC")
_SINCE = Statement(f"SELECT {STORED_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ?")
_SINCE_OF = Statement(
    f"SELECT {STORED_COLUMNS} FROM entries WHERE id > ? AND id <= ? AND substr(conversation_id, 1, ?) = ? "
    "ORDER BY id LIMIT ?"
)
_END = Statement("SELECT id, created_at FROM entries ORDER BY id DESC LIMIT 1")
_ORDINAL_AT = Statement(
    "SELECT ordinal FROM entries WHERE conversation_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
)
_TAIL = Statement(
    "SELECT coalesce(max(id), 0), 0, 0 FROM entries",
    # A number of its own, as the snapshot ends behind the newest transaction that is over: one that still runs may
    # have a larger number. Only where there is something to wait for, since numbers are not for ever.
    "SELECT last_id, pg_snapshot_xmin(s)::text::bigint, "
    "CASE WHEN last_id > ? THEN pg_current_xact_id()::text::bigint ELSE 0 END "
    "FROM (SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last_id FROM entries_id_seq) AS log, "
    "pg_current_snapshot() AS s",
)


def after(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Stored]:
    """Entries of all kinds above `seq`, ascending."""
    return _stored(_AFTER.rows(connection, conversation_id, seq, limit))


def messages_before(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Stored]:
    """Messages below `seq`, ascending; looks at no more than SCAN_LIMIT rows."""
    rows = _MESSAGES_BEFORE.rows(connection, conversation_id, seq, SCAN_LIMIT, MESSAGE, limit)
    return _stored(rows)[::-1]


def messages_after(connection: Connection, conversation_id: str, seq: int, limit: int) -> list[Stored]:
    return _stored(_MESSAGES_AFTER.rows(connection, conversation_id, seq, SCAN_LIMIT, MESSAGE, limit))


_NOTICES = Statement(
    f"SELECT {STORED_COLUMNS} FROM entries WHERE conversation_id = ? AND seq >= ? AND seq <= ? "
    f"AND kind IN ({', '.join(map(str, NOTICES))}) ORDER BY seq DESC LIMIT ?"
)


def notices(connection: Connection, conversation_id: str, low: int, high: int, limit: int) -> list[Stored]:
    """What is told in words from `low` to `high`, ascending; the latest where there is more than `limit`."""
    return _stored(_NOTICES.rows(connection, conversation_id, low, high, limit))[::-1]


def by_seqs(connection: Connection, conversation_id: str, seqs: Sequence[int]) -> list[Stored]:
    return _stored(_BY_SEQS.rows(connection, conversation_id, _json(seqs)))


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Stored]:
    return _stored(_BY_IDS.rows(connection, _json(ids)))


def since(connection: Connection, position: int, limit: int) -> list[Stored]:
    """Entries above `position` in order of their ids; where many write, ids below may still come (`Horizon`)."""
    return _stored(_SINCE.rows(connection, position, limit))


def since_of(connection: Connection, position: int, until: int, limit: int, prefix: str) -> list[Stored]:
    """The same of one kind of conversation, and no further than `until`: where there is little of that kind, to find
    nothing would mean to read all that was ever said."""
    return _stored(_SINCE_OF.rows(connection, position, until, len(prefix), prefix, limit))


class Tail(NamedTuple):
    """The end of the whole log, and which transactions may still write below it."""

    last_id: int
    """The last id that was ever given out."""
    oldest_running: int
    """All transactions below this number have ended; 0 where one writes at a time."""
    own_number: int
    """Above the number of every transaction that had one before this look; 0 where nothing is behind `settled`."""


def tail(connection: Connection, settled: int) -> Tail:
    row = _TAIL.first(connection, settled) if is_postgres(connection) else _TAIL.first(connection)
    assert row is not None
    return Tail(*row)


def end(connection: Connection) -> tuple[int, int]:
    """(id, created_at) of the newest entry of the whole log."""
    row = _END.first(connection)
    return (row[0], row[1]) if row else (0, 0)


def ordinal_at(connection: Connection, conversation_id: str, seq: int) -> int:
    row = _ORDINAL_AT.first(connection, conversation_id, seq)
    return int(row[0]) if row else 0


_SET_STATE = Statement(
    "UPDATE entries SET state = ?, body = ?, changed_seq = ? WHERE conversation_id = ? AND seq = ?"
)


def set_state(
    connection: Connection, conversation_id: str, seq: int, changed_seq: int, state: str, body: bytes | None
) -> None:
    """The message's row holds its current state (DESIGN §2.1)."""
    _SET_STATE.run(connection, state, body, changed_seq, conversation_id, seq)


_FORGET = Statement(f"UPDATE entries SET body = NULL WHERE conversation_id = ? AND seq IN {NUMBERS}")


def forget_bodies(connection: Connection, conversation_id: str, seqs: Sequence[int]) -> None:
    """Edits of a recalled message carried its texts: they go with it."""
    _FORGET.run(connection, conversation_id, _json(seqs))


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


def positions(connection: Connection, prefix: str) -> dict[str, int]:
    """Of all consumers whose names begin so."""
    rows = connection.execute(
        text("SELECT name, position FROM consumers WHERE substr(name, 1, :length) = :prefix"),
        {"length": len(prefix), "prefix": prefix},
    )
    return {name: int(position) for name, position in rows}


def forget_position(connection: Connection, consumer: str, value: int) -> None:
    """If it is still there."""
    connection.execute(
        text("DELETE FROM consumers WHERE name = :name AND position = :value"),
        {"name": consumer, "value": value},
    )


_ADVANCE = Statement("UPDATE consumers SET position = ? WHERE name = ? AND position = ?")
_BEGIN = Statement("INSERT INTO consumers (name, position) VALUES (?, ?) ON CONFLICT DO NOTHING")


def begin_at_end(connection: Connection, consumer: str) -> None:
    """For a consumer that starts now: what was said before is not its business. One that has begun stays."""
    if connection.execute(
        text("SELECT position FROM consumers WHERE name = :name"), {"name": consumer}
    ).fetchone():
        return
    _BEGIN.run(connection, consumer, end(connection)[0])


def advance(connection: Connection, consumer: str, known: int, value: int) -> bool:
    """Move a position on from where it was known to be; false: another process has moved it meanwhile."""
    if _ADVANCE.run(connection, value, consumer, known):
        return True
    return known == 0 and bool(_BEGIN.run(connection, consumer, value))
