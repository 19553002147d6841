"""Messages that were left instead of waiting, in SQL."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.infra.database.sql import Statement
from chaguan.messaging.model import Room
from chaguan.protocol.callbacks import Callback

_COLUMNS = "case_id, conversation_id, shop_id, key, seq, contact, at, due_at"
_FIND = Statement(f"SELECT {_COLUMNS} FROM callbacks WHERE case_id = ?")
_BY_KEY = Statement(f"SELECT {_COLUMNS} FROM callbacks WHERE conversation_id = ? AND key = ?")
_PUT = Statement(
    f"INSERT INTO callbacks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (case_id) DO UPDATE SET key = excluded.key, seq = excluded.seq, contact = excluded.contact, "
    "at = excluded.at, due_at = excluded.due_at"
)
_WAITING = Statement(
    f"SELECT {', '.join('b.' + name for name in _COLUMNS.split(', '))} FROM cases c "
    "JOIN callbacks b ON b.case_id = c.id "
    "WHERE c.outcome = 'callback' AND c.shop_id = ? ORDER BY b.due_at, b.at, b.case_id LIMIT ?"
)


class Left(Struct, kw_only=True):
    """A row, with how to reach the customer still sealed."""

    case_id: str
    conversation_id: str
    shop_id: str
    key: str
    seq: int
    contact: bytes | None
    at: int
    due_at: int


def find(connection: Connection, case_id: str) -> Left | None:
    row = _FIND.first(connection, case_id)
    return _left(row) if row else None


def by_key(connection: Connection, conversation_id: str, key: str) -> Left | None:
    row = _BY_KEY.first(connection, conversation_id, key)
    return _left(row) if row else None


def put(connection: Connection, left: Left) -> None:
    """The last one of a case replaces those before."""
    _PUT.run(connection, *(getattr(left, name) for name in Left.__struct_fields__))


def waiting(connection: Connection, shop_id: str, limit: int) -> list[Left]:
    """Those that nobody has taken and whose customer has not written on, the first due first."""
    return [_left(row) for row in _WAITING.rows(connection, shop_id, limit)]


def shown(room: Room, left: Left) -> Callback:
    contact = ""
    if left.contact is not None and room.key is not None:
        contact = room.key.unseal(left.contact, binding(room, left.case_id)).decode()
    return Callback(
        case_id=left.case_id,
        conversation_id=left.conversation_id,
        shop_id=left.shop_id,
        customer_id=room.customer_id,
        seq=left.seq,
        at=left.at,
        due_at=left.due_at,
        contact=contact,
    )


def binding(room: Room, case_id: str) -> bytes:
    return b"%b\x00contact\x00%b" % (room.id.encode(), case_id.encode())


def _left(row: Sequence[Any]) -> Left:
    values = dict(zip(Left.__struct_fields__, row, strict=True))
    values["contact"] = bytes(values["contact"]) if values["contact"] is not None else None
    return Left(**values)
