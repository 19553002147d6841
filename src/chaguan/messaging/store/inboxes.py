"""Inbox rows and user versions in SQL: the user's side."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from chaguan.infra.database.sql import TEXTS, Statement, is_postgres, larger
from chaguan.messaging.model import Intervals, Membership
from chaguan.messaging.store.conversations import ROW, Row, intervals_text
from chaguan.protocol.conversations import Inbox, MemberRole

_decode_intervals = msgspec.json.Decoder(Intervals).decode

_INBOX = (
    "i.user_id, i.conversation_id, i.version, i.role, i.intervals, i.peer_id, i.read_seq, i.read_ordinal, "
    "i.pinned_at, i.muted, i.marked_unread, i.archived, i.removed"
)
_FLAGS = ("muted", "marked_unread", "archived")


class InboxRow(NamedTuple):
    user_id: str
    conversation_id: str
    version: int
    role: str
    intervals: str
    peer_id: str
    read_seq: int
    read_ordinal: int
    pinned_at: int
    muted: bool
    marked_unread: bool
    archived: bool
    removed: bool

    def membership(self) -> Membership:
        return Membership(MemberRole(self.role), _decode_intervals(self.intervals))

    def wire(self) -> Inbox:
        intervals = _decode_intervals(self.intervals)
        return Inbox(
            conversation_id=self.conversation_id,
            version=self.version,
            role=MemberRole(self.role),
            peer_id=self.peer_id,
            from_seq=intervals[0][0] if intervals else 1,
            until_seq=intervals[-1][1] if intervals else 0,
            read_seq=self.read_seq,
            read_ordinal=self.read_ordinal,
            pinned_at=self.pinned_at,
            muted=bool(self.muted),
            marked_unread=bool(self.marked_unread),
            archived=bool(self.archived),
            removed=bool(self.removed),
        )


class Listed(NamedTuple):
    """An inbox row with its conversation."""

    inbox: InboxRow
    conversation: Row


_WIDTH = len(InboxRow._fields)


def _listed(rows: Iterable[Sequence[Any]]) -> list[Listed]:
    return [Listed(InboxRow(*row[:_WIDTH]), Row(*row[_WIDTH:])) for row in rows]


_FROM = (
    f"SELECT {_INBOX}, {ROW} FROM inboxes i JOIN conversations c ON c.id = i.conversation_id "
    "JOIN heads h ON h.conversation_id = i.conversation_id "
)


_STANDINGS = Statement(
    "SELECT json_group_array(json_array(i.user_id, i.conversation_id, json_extract(w.value, '$[2]'), h.head_seq, "
    "i.role, i.intervals)) FROM json_each(?) AS w CROSS JOIN inboxes AS i ON i.user_id = json_extract(w.value, '$[0]') "
    "AND i.conversation_id = json_extract(w.value, '$[1]') "
    "CROSS JOIN heads AS h ON h.conversation_id = i.conversation_id"
)
_STANDINGS_ON_POSTGRES = (
    "SELECT w.user_id, w.id, w.seq, h.head_seq, i.role, i.intervals "
    "FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w (user_id, id, seq) "
    "JOIN inboxes AS i ON i.user_id = w.user_id AND i.conversation_id = w.id "
    "JOIN heads AS h ON h.conversation_id = w.id"
)
_LIVE_IDS = Statement(
    # One value in one step: see `_cursor`.
    "SELECT json_group_array(conversation_id) FROM (SELECT conversation_id FROM inboxes WHERE user_id = ? "
    "AND NOT removed AND NOT archived AND kind IN ('group', 'service', 'room') LIMIT ?)",
    "SELECT coalesce(json_agg(conversation_id)::text, '[]') FROM (SELECT conversation_id FROM inboxes "
    "WHERE user_id = ? AND NOT removed AND NOT archived AND kind IN ('group', 'service', 'room') LIMIT ?) AS live",
)
_VERSION = Statement("SELECT version FROM user_versions WHERE user_id = ?")
_VERSIONS = Statement(f"SELECT user_id, version FROM user_versions WHERE user_id IN {TEXTS}")
_NEXT_VERSION = Statement(
    "INSERT INTO user_versions (user_id, version) VALUES (?, 1) "
    "ON CONFLICT (user_id) DO UPDATE SET version = user_versions.version + 1 RETURNING version"
)
_PUT = Statement(
    "INSERT INTO inboxes (user_id, conversation_id, version, kind, role, intervals, peer_id, read_seq, "
    "read_ordinal, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (user_id, conversation_id) DO UPDATE SET version = excluded.version, role = excluded.role, "
    "intervals = excluded.intervals, removed = excluded.removed, "
    f"read_seq = {larger('inboxes.read_seq', 'excluded.read_seq')}, "
    f"read_ordinal = {larger('inboxes.read_ordinal', 'excluded.read_ordinal')}"
)
_TOUCH = Statement("UPDATE inboxes SET version = ? WHERE user_id = ? AND conversation_id = ?")


def _cursor(connection: Connection) -> Any:
    # SQLAlchemy's own path costs several times the statement, and these run for every session that comes.
    return connection.connection.cursor()


def version(connection: Connection, user_id: str) -> int:
    row = _VERSION.first(connection, user_id)
    return int(row[0]) if row else 0


class Standing(NamedTuple):
    """How a conversation and the user's membership in it stood at one moment."""

    head_seq: int
    membership: Membership


Standings = dict[str, Standing | None]
"""Of each known conversation in which the user has an inbox row: None when its head is where they know it to be."""
Who = tuple[str, tuple[tuple[str, int], ...]]
"""A user and what they know: conversations, each up to a seq."""


def stood(connection: Connection, asked: Sequence[Who]) -> dict[Who, tuple[int, Standings]]:
    """How far each user's own rows have come, and how what they know stands."""
    users = json.dumps([user_id for user_id, _ in asked])
    versions: dict[str, int] = {row[0]: row[1] for row in _VERSIONS.rows(connection, users)}
    known = [(user_id, id, seq) for user_id, known in asked for id, seq in known]
    # One user may ask with several devices, each of which knows something else.
    heads = {(user_id, id, seq): standing for user_id, id, seq, standing in _heads(connection, known)}
    return {
        who: (
            versions.get(who[0], 0),
            {id: heads[who[0], id, seq] for id, seq in who[1] if (who[0], id, seq) in heads},
        )
        for who in asked
    }


def _heads(
    connection: Connection, known: Sequence[tuple[str, str, int]]
) -> Iterator[tuple[str, str, int, Standing | None]]:
    if not known:
        return
    if is_postgres(connection):
        cursor = _cursor(connection)
        cursor.execute(_STANDINGS_ON_POSTGRES, tuple(map(list, zip(*known, strict=True))))
        rows = cursor.fetchall()
    else:
        # One value in one step: see `_cursor`.
        found = _STANDINGS.first(connection, json.dumps(known))
        rows = json.loads(found[0]) if found else []
    for user_id, id, seq, head, role, intervals in rows:
        standing = Standing(head, Membership(MemberRole(role), _decode_intervals(intervals)))
        yield user_id, id, seq, None if head == seq else standing


def bump(connection: Connection, user_id: str) -> int:
    """The next `user_version`, in the transaction of the change that it counts."""
    return int(_NEXT_VERSION.rows(connection, user_id)[0][0])


def put(
    connection: Connection,
    user_id: str,
    conversation_id: str,
    kind: str,
    role: MemberRole,
    intervals: Intervals,
    *,
    peer_id: str = "",
    read_seq: int = 0,
    read_ordinal: int = 0,
    removed: bool = False,
) -> int:
    """Write the row as a membership makes it; marks and settings of an earlier one stay. Gives the new version."""
    new = bump(connection, user_id)
    _PUT.run(
        connection,
        *(user_id, conversation_id, new, kind, role.value, intervals_text(intervals)),
        *(peer_id, read_seq, read_ordinal, removed),
    )
    return new


def touch(connection: Connection, user_id: str, conversation_id: str) -> int:
    """Give the row a new version, because something shown with it changed."""
    new = bump(connection, user_id)
    _TOUCH.run(connection, new, user_id, conversation_id)
    return new


def change(connection: Connection, user_id: str, conversation_id: str, values: dict[str, Any]) -> int:
    """Set some of `pinned_at, muted, marked_unread, archived`; gives the new version."""
    names = [name for name in ("pinned_at", *_FLAGS) if name in values]
    new = bump(connection, user_id)
    assignments = ", ".join([f"{name} = :{name}" for name in names] + ["version = :v"])
    connection.execute(
        text(f"UPDATE inboxes SET {assignments} WHERE user_id = :u AND conversation_id = :c"),
        {**values, "v": new, "u": user_id, "c": conversation_id},
    )
    return new


Mark = tuple[str, str, int, int]
"""(user_id, conversation_id, read_seq, read_ordinal)"""

_ROW_OF_MARK = (
    "FROM json_each(?) AS w CROSS JOIN inboxes AS i ON i.user_id = json_extract(w.value, '$[0]') "
    "AND i.conversation_id = json_extract(w.value, '$[1]') "
)
_BEHIND = (
    f"SELECT json_group_array(json(w.value)) {_ROW_OF_MARK} WHERE i.removed = 0 "
    "AND (i.read_seq < json_extract(w.value, '$[2]') OR i.marked_unread)"
)
_BUMP = (
    "INSERT INTO user_versions (user_id, version) SELECT value, 1 FROM json_each(?) WHERE true "
    "ON CONFLICT (user_id) DO UPDATE SET version = version + 1"
)
_ADVANCE = (
    "UPDATE inboxes SET read_seq = max(read_seq, json_extract(w.value, '$[2]')), "
    "read_ordinal = max(read_ordinal, json_extract(w.value, '$[3]')), marked_unread = 0, "
    "version = (SELECT v.version FROM user_versions AS v WHERE v.user_id = json_extract(w.value, '$[0]')) "
    "FROM json_each(?) AS w WHERE inboxes.user_id = json_extract(w.value, '$[0]') "
    "AND inboxes.conversation_id = json_extract(w.value, '$[1]')"
)
_ADVANCED = f"SELECT json_group_array(json_array({_INBOX})) {_ROW_OF_MARK}"


_BEHIND_ON_POSTGRES = (
    "SELECT w.* FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS w (u, c, seq, ordinal) "
    "JOIN inboxes AS i ON i.user_id = w.u AND i.conversation_id = w.c "
    "WHERE NOT i.removed AND (i.read_seq < w.seq OR i.marked_unread)"
)
_BUMP_ON_POSTGRES = (
    "INSERT INTO user_versions AS v (user_id, version) SELECT u, 1 FROM unnest($1::text[]) AS u ORDER BY u "
    "ON CONFLICT (user_id) DO UPDATE SET version = v.version + 1"
)
_ADVANCE_ON_POSTGRES = (
    "UPDATE inboxes AS i SET read_seq = greatest(read_seq, w.seq), "
    "read_ordinal = greatest(read_ordinal, w.ordinal), marked_unread = false, version = v.version "
    "FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS w (u, c, seq, ordinal) "
    "JOIN user_versions AS v ON v.user_id = w.u "
    f"WHERE i.user_id = w.u AND i.conversation_id = w.c RETURNING {_INBOX}"
)


def advance_reads(connection: Connection, marks: Sequence[Mark]) -> dict[str, list[InboxRow]]:
    """Move marks forward; the rows that were behind, by user, those of one user in one version.

    Few steps however many marks: each step costs a wait for the interpreter (see `log._TOGETHER`) or for the server.
    """
    if not marks:
        return {}
    advance = _advance_on_postgres if is_postgres(connection) else _advance_on_sqlite
    moved: dict[str, list[InboxRow]] = {}
    for row in advance(_cursor(connection), marks):
        moved.setdefault(row[0], []).append(InboxRow(*row))
    return moved


def _advance_on_sqlite(cursor: Any, marks: Sequence[Mark]) -> Sequence[Sequence[Any]]:
    (behind,) = cursor.execute(_BEHIND, (json.dumps(marks),)).fetchone()
    users = dict.fromkeys(mark[0] for mark in json.loads(behind))
    if not users:
        return ()
    cursor.execute(_BUMP, (json.dumps(list(users)),))
    cursor.execute(_ADVANCE, (behind,))
    (rows,) = cursor.execute(_ADVANCED, (behind,)).fetchone()
    found: list[list[Any]] = json.loads(rows)
    return found


def _advance_on_postgres(cursor: Any, marks: Sequence[Mark]) -> Sequence[Sequence[Any]]:
    cursor.execute(_BEHIND_ON_POSTGRES, _by_column(marks))
    behind = cursor.fetchall()
    if not behind:
        return ()
    cursor.execute(_BUMP_ON_POSTGRES, (sorted({mark[0] for mark in behind}),))
    cursor.execute(_ADVANCE_ON_POSTGRES, _by_column(behind))
    found: Sequence[Sequence[Any]] = cursor.fetchall()
    return found


def _by_column(rows: Iterable[Sequence[Any]]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def find(connection: Connection, user_id: str, conversation_id: str) -> Listed | None:
    rows = connection.execute(
        text(_FROM + "WHERE i.user_id = :u AND i.conversation_id = :c"), {"u": user_id, "c": conversation_id}
    )
    listed = _listed(rows)
    return listed[0] if listed else None


_SOME = Statement(_FROM + f"WHERE i.user_id = ? AND i.conversation_id IN {TEXTS}")


def some(connection: Connection, user_id: str, conversation_ids: Sequence[str]) -> list[Listed]:
    return _listed(_SOME.rows(connection, user_id, json.dumps(list(conversation_ids))))


def changed_since(connection: Connection, user_id: str, known: int, limit: int) -> list[Listed]:
    """Rows above `known` in order of version, tombstones too."""
    rows = connection.execute(
        text(_FROM + "WHERE i.user_id = :u AND i.version > :v ORDER BY i.version LIMIT :limit"),
        {"u": user_id, "v": known, "limit": limit},
    )
    return _listed(rows)


def page(
    connection: Connection, user_id: str, archived: bool, cursor: tuple[int, int, str] | None, limit: int
) -> list[Listed]:
    """Pinned first, then by last message. `cursor` is (pinned_at, last_at, id) of the last row of the page before."""
    where = "WHERE i.user_id = :u AND NOT i.removed AND i.archived = :archived "
    values: dict[str, Any] = {"u": user_id, "archived": archived, "limit": limit}
    if cursor is not None:
        where += "AND (i.pinned_at, h.last_at, i.conversation_id) < (:pinned, :at, :id) "
        values.update(pinned=cursor[0], at=cursor[1], id=cursor[2])
    order = "ORDER BY i.pinned_at DESC, h.last_at DESC, i.conversation_id DESC LIMIT :limit"
    return _listed(connection.execute(text(_FROM + where + order), values))


def live_ids(connection: Connection, user_id: str, limit: int) -> list[str]:
    """Conversations with a topic of their own that a session of the user follows."""
    row = _LIVE_IDS.first(connection, user_id, limit)
    assert row is not None
    found: list[str] = json.loads(row[0])
    return found


def all_ids(connection: Connection, user_id: str) -> list[tuple[str, Membership]]:
    """Every conversation the user has ever been in, for search."""
    rows = connection.execute(
        text("SELECT conversation_id, role, intervals FROM inboxes WHERE user_id = :u"), {"u": user_id}
    )
    return [(row[0], Membership(MemberRole(row[1]), _decode_intervals(row[2]))) for row in rows]
