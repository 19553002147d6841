"""Notes among staff, and who was named in them, in SQL."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.infra.database.sql import TEXTS, Statement


class Written(Struct, kw_only=True):
    """A note as stored, still sealed."""

    conversation_id: str
    seq: int
    changed_seq: int
    created_at: int
    author_id: str
    case_id: str = ""
    mentions: list[str] = []
    whisper_to: str = ""
    edited_at: int = 0
    removed_by: str = ""
    revision: bytes = b""
    body: bytes | None = None


class Reader(Struct, frozen=True):
    """Whose eyes a page is for: a supervisor gets every whisper, others those that they wrote or that are for them."""

    user_id: str
    is_supervisor: bool


_COLUMNS = ", ".join(Written.__struct_fields__)
_HOLES = ", ".join("?" * len(Written.__struct_fields__))
_MINE = "(whisper_to = '' OR whisper_to = ? OR author_id = ? OR ? = 1)"
_FIND = Statement(f"SELECT {_COLUMNS} FROM case_notes WHERE conversation_id = ? AND seq = ?")
_PUT = Statement(
    f"INSERT INTO case_notes ({_COLUMNS}) VALUES ({_HOLES}) ON CONFLICT (conversation_id, seq) DO UPDATE SET "
    "changed_seq = excluded.changed_seq, mentions = excluded.mentions, edited_at = excluded.edited_at, "
    "removed_by = excluded.removed_by, revision = excluded.revision, body = excluded.body"
)
_LATEST = Statement(
    f"SELECT {_COLUMNS} FROM case_notes WHERE conversation_id = ? AND seq < ? AND seq >= ? AND {_MINE} "
    "ORDER BY seq DESC LIMIT ?"
)
_CHANGED = Statement(
    f"SELECT {_COLUMNS} FROM case_notes WHERE conversation_id = ? AND changed_seq > ? AND seq >= ? AND {_MINE} "
    "ORDER BY changed_seq LIMIT ?"
)
_PLACES = Statement(
    "SELECT conversation_id FROM case_notes WHERE author_id = ? "
    "UNION SELECT conversation_id FROM case_mentions WHERE user_id = ?"
)
_OLDER = Statement(
    f"SELECT {_COLUMNS} FROM case_notes WHERE conversation_id IN {TEXTS} AND body IS NOT NULL AND {_MINE} "
    "AND (created_at, conversation_id, seq) < (?, ?, ?) ORDER BY created_at DESC, conversation_id DESC, seq DESC LIMIT ?"
)
_LAST_CHANGE = Statement("SELECT COALESCE(MAX(changed_seq), 0) FROM case_notes WHERE conversation_id = ?")
_NAME = Statement(
    "INSERT INTO case_mentions (user_id, conversation_id, seq, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_UNNAME = Statement("DELETE FROM case_mentions WHERE user_id = ? AND conversation_id = ? AND seq = ?")
_MENTIONS = Statement(
    "SELECT conversation_id, seq, at, read_at FROM case_mentions WHERE user_id = ? AND at < ? "
    "ORDER BY at DESC, conversation_id, seq DESC LIMIT ?"
)
_UNREAD = Statement("SELECT COUNT(*) FROM case_mentions WHERE user_id = ? AND read_at = 0")
_READ = Statement(
    "UPDATE case_mentions SET read_at = ? WHERE user_id = ? AND read_at = 0 AND (? = '' OR conversation_id = ?)"
)


def find(connection: Connection, conversation_id: str, seq: int) -> Written | None:
    row = _FIND.first(connection, conversation_id, seq)
    return _written(row) if row else None


def put(connection: Connection, note: Written) -> None:
    """A new note, or an old one as it is now."""
    values = [getattr(note, name) for name in Written.__struct_fields__]
    values[Written.__struct_fields__.index("mentions")] = json.dumps(note.mentions) if note.mentions else ""
    _PUT.run(connection, *values)


def latest(
    connection: Connection, conversation_id: str, reader: Reader, before: int, floor: int, limit: int
) -> list[Written]:
    """The last ones below `before` (0: of all), ascending."""
    rows = _LATEST.rows(connection, conversation_id, before or 2**62, floor, *_eyes(reader), limit)
    return [_written(row) for row in rows][::-1]


def changed(
    connection: Connection, conversation_id: str, reader: Reader, after: int, floor: int, limit: int
) -> list[Written]:
    """Those that changed above the seq `after`, in the order of their changes."""
    rows = _CHANGED.rows(connection, conversation_id, after, floor, *_eyes(reader), limit)
    return [_written(row) for row in rows]


def last_change(connection: Connection, conversation_id: str) -> int:
    row = _LAST_CHANGE.first(connection, conversation_id)
    return int(row[0]) if row else 0


def places(connection: Connection, user_id: str) -> list[str]:
    """Conversations in which somebody wrote a note, or was named in one."""
    return [row[0] for row in _PLACES.rows(connection, user_id, user_id)]


def older(
    connection: Connection,
    conversation_ids: Sequence[str],
    reader: Reader,
    last: tuple[int, str, int],
    limit: int,
) -> list[Written]:
    """Of all these conversations, the newest first: those before the note that was written then, there, at that seq."""
    rows = _OLDER.rows(connection, json.dumps(list(conversation_ids)), *_eyes(reader), *last, limit)
    return [_written(row) for row in rows]


def set_named(
    connection: Connection, note: Written, now_named: Iterable[str], former: Iterable[str]
) -> list[str]:
    """Who is named by a note from now on; gives those who were not before."""
    wanted, before = list(dict.fromkeys(now_named)), set(former)
    for user_id in before - set(wanted):
        _UNNAME.run(connection, user_id, note.conversation_id, note.seq)
    new = [user_id for user_id in wanted if user_id not in before]
    for user_id in new:
        _NAME.run(connection, user_id, note.conversation_id, note.seq, note.edited_at or note.created_at)
    return new


class Named(Struct):
    """That somebody was named in a note."""

    conversation_id: str
    seq: int
    at: int
    read_at: int


def mentions(connection: Connection, user_id: str, before: int, limit: int) -> list[Named]:
    return [Named(*row) for row in _MENTIONS.rows(connection, user_id, before or 2**62, limit)]


def unread(connection: Connection, user_id: str) -> int:
    row = _UNREAD.first(connection, user_id)
    return int(row[0]) if row else 0


def read(connection: Connection, user_id: str, conversation_id: str, at: int) -> None:
    """All of a user, or those of one conversation."""
    _READ.run(connection, at, user_id, conversation_id, conversation_id)


def _eyes(reader: Reader) -> tuple[str, str, int]:
    return reader.user_id, reader.user_id, int(reader.is_supervisor)


def _written(row: Sequence[Any]) -> Written:
    values = dict(zip(Written.__struct_fields__, row, strict=True))
    values["mentions"] = json.loads(values["mentions"]) if values["mentions"] else []
    return Written(**values)
