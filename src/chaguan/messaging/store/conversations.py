"""Conversations and their members in SQL: the conversation's side."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy import Row as AnyRow

from chaguan.infra.database.sql import TEXTS, Statement
from chaguan.messaging.model import Intervals, Membership
from chaguan.protocol.conversations import MemberRole

_decode_intervals = msgspec.json.Decoder(Intervals).decode


class Row(NamedTuple):
    id: str
    kind: str
    name: str
    avatar: str
    shop_id: str
    customer_id: str
    peer_a: str
    peer_b: str
    created_by: str
    join_history: bool
    created_at: int
    data_key: bytes | None
    head_seq: int = 0
    head_ordinal: int = 0
    last_at: int = 0
    member_version: int = 0
    member_count: int = 0
    floor_seq: int = 0


ROW = (
    "c.id, c.kind, c.name, c.avatar, c.shop_id, c.customer_id, c.peer_a, c.peer_b, c.created_by, c.join_history, "
    "c.created_at, c.data_key, h.head_seq, h.head_ordinal, h.last_at, h.member_version, h.member_count, h.floor_seq"
)


def intervals_text(intervals: Intervals) -> str:
    return json.dumps(intervals, separators=(",", ":"))


_FIND = Statement(
    f"SELECT {ROW} FROM conversations c JOIN heads h ON h.conversation_id = c.id WHERE c.id = ?"
)


def find(connection: Connection, conversation_id: str) -> Row | None:
    row = _FIND.first(connection, conversation_id)
    return Row(*row) if row else None


def create(connection: Connection, row: Row) -> bool:
    """Insert or nothing: two who create the same conversation at once get the same one."""
    values = row._asdict()
    inserted = connection.execute(
        text(
            "INSERT INTO conversations (id, kind, name, avatar, shop_id, customer_id, peer_a, peer_b, created_by, "
            "join_history, created_at, data_key) VALUES (:id, :kind, :name, :avatar, :shop_id, :customer_id, "
            ":peer_a, :peer_b, :created_by, :join_history, :created_at, :data_key) ON CONFLICT DO NOTHING"
        ),
        values,
    ).rowcount
    if not inserted:
        return False
    connection.execute(
        text(
            "INSERT INTO heads (conversation_id, member_count, last_at) VALUES (:id, :member_count, :created_at)"
        ),
        values,
    )
    return True


def rename(connection: Connection, conversation_id: str, name: str | None, avatar: str | None) -> None:
    connection.execute(
        text(
            "UPDATE conversations SET name = coalesce(:name, name), avatar = coalesce(:avatar, avatar) WHERE id = :id"
        ),
        {"id": conversation_id, "name": name, "avatar": avatar},
    )


_MEMBERSHIP = Statement("SELECT role, intervals FROM members WHERE conversation_id = ? AND user_id = ?")


def membership(connection: Connection, conversation_id: str, user_id: str) -> Membership | None:
    row = _MEMBERSHIP.first(connection, conversation_id, user_id)
    return Membership(MemberRole(row[0]), _decode_intervals(row[1])) if row else None


def put_member(
    connection: Connection,
    conversation_id: str,
    user_id: str,
    role: MemberRole,
    intervals: Intervals,
    at: int,
) -> None:
    connection.execute(
        text(
            "INSERT INTO members (conversation_id, user_id, role, intervals, joined_at) VALUES (:c, :u, :r, :i, :at) "
            "ON CONFLICT (conversation_id, user_id) DO UPDATE SET role = excluded.role, "
            "intervals = excluded.intervals"
        ),
        {"c": conversation_id, "u": user_id, "r": role.value, "i": intervals_text(intervals), "at": at},
    )


def members_changed(connection: Connection, conversation_id: str, joined: int) -> None:
    """Every access decided before is decided again at append."""
    connection.execute(
        text(
            "UPDATE heads SET member_version = member_version + 1, member_count = member_count + :joined "
            "WHERE conversation_id = :c"
        ),
        {"c": conversation_id, "joined": joined},
    )


def members(
    connection: Connection, conversation_id: str, after: str, limit: int
) -> list[tuple[str, MemberRole, Intervals]]:
    rows = connection.execute(
        text(
            "SELECT user_id, role, intervals FROM members WHERE conversation_id = :c AND user_id > :after "
            "ORDER BY user_id LIMIT :limit"
        ),
        {"c": conversation_id, "after": after, "limit": limit},
    )
    return [(user, MemberRole(role), _decode_intervals(intervals)) for user, role, intervals in rows]


def member_ids(connection: Connection, conversation_id: str, limit: int) -> list[str]:
    """Ids of those who belong to it now."""
    rows = connection.execute(
        text(
            "SELECT user_id FROM members WHERE conversation_id = :c AND intervals LIKE '%,0]]' LIMIT :limit"
        ),
        {"c": conversation_id, "limit": limit},
    )
    return [row[0] for row in rows]


_ADVANCE_READ = Statement(
    "UPDATE members SET read_seq = max(read_seq, json_extract(w.value, '$[0]')) FROM json_each(?) AS w "
    "WHERE conversation_id = json_extract(w.value, '$[1]') AND user_id = json_extract(w.value, '$[2]')",
    "UPDATE members SET read_seq = greatest(read_seq, (w.value->>0)::bigint) "
    "FROM json_array_elements(?::json) AS w (value) WHERE conversation_id = w.value->>1 AND user_id = w.value->>2",
)


def advance_read(connection: Connection, marks: Sequence[tuple[int, str, str]]) -> None:
    """(read_seq, conversation_id, user_id), for the conversations in which the others see it."""
    if marks:
        _ADVANCE_READ.run(connection, json.dumps(marks))


_PEERS_READ = Statement(
    "SELECT conversation_id, max(read_seq) FROM members "
    f"WHERE conversation_id IN {TEXTS} AND user_id <> ? GROUP BY conversation_id"
)


def peers_read(connection: Connection, conversation_ids: Sequence[str], user_id: str) -> dict[str, int]:
    """How far the furthest of the others has read."""
    rows = _PEERS_READ.rows(connection, json.dumps(list(conversation_ids)), user_id)
    return {row[0]: row[1] for row in rows}


def blocked_by(connection: Connection, pair: tuple[str, str]) -> frozenset[str]:
    rows = connection.execute(
        text(
            "SELECT user_id FROM blocks WHERE (user_id = :a AND peer_id = :b) OR (user_id = :b AND peer_id = :a)"
        ),
        {"a": pair[0], "b": pair[1]},
    )
    return frozenset(row[0] for row in rows)


def blocked_peers(connection: Connection, user_id: str) -> frozenset[str]:
    rows = connection.execute(text("SELECT peer_id FROM blocks WHERE user_id = :u"), {"u": user_id})
    return frozenset(row[0] for row in rows)


def set_block(connection: Connection, user_id: str, peer_id: str, on: bool, at: int) -> bool:
    statement = (
        "INSERT INTO blocks (user_id, peer_id, created_at) VALUES (:u, :p, :at) ON CONFLICT DO NOTHING"
        if on
        else "DELETE FROM blocks WHERE user_id = :u AND peer_id = :p"
    )
    return connection.execute(text(statement), {"u": user_id, "p": peer_id, "at": at}).rowcount > 0


def add_report(connection: Connection, values: dict[str, object]) -> None:
    connection.execute(
        text(
            "INSERT INTO reports (id, reporter_id, client_msg_id, user_id, conversation_id, seqs, reason, created_at) "
            "VALUES (:id, :reporter_id, :client_msg_id, :user_id, :conversation_id, :seqs, :reason, :created_at) "
            "ON CONFLICT DO NOTHING"
        ),
        values,
    )


def list_reports(connection: Connection, before: tuple[int, str] | None, limit: int) -> Sequence[AnyRow[Any]]:
    """Newest first. `before` is (created_at, id) of the last one of the page before."""
    at, id = before or (1 << 62, "")
    return connection.execute(
        text(
            "SELECT id, reporter_id, user_id, conversation_id, seqs, reason, created_at FROM reports "
            "WHERE (created_at, id) < (:at, :id) ORDER BY created_at DESC, id DESC LIMIT :limit"
        ),
        {"at": at, "id": id, "limit": limit},
    ).all()


def keys_after(connection: Connection, conversation_id: str, limit: int) -> list[tuple[str, bytes]]:
    """(id, wrapped data key), for rotation in chunks."""
    rows = connection.execute(
        text(
            "SELECT id, data_key FROM conversations WHERE id > :id AND data_key IS NOT NULL ORDER BY id LIMIT :limit"
        ),
        {"id": conversation_id, "limit": limit},
    )
    return [(row[0], row[1]) for row in rows]


def set_key(connection: Connection, conversation_id: str, old: bytes, new: bytes) -> None:
    connection.execute(
        text("UPDATE conversations SET data_key = :new WHERE id = :id AND data_key = :old"),
        {"id": conversation_id, "old": old, "new": new},
    )
