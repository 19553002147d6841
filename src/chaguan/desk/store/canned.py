"""Canned replies, and who uses which, in SQL."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from chaguan.infra.database.sql import Statement
from chaguan.protocol.canned import CannedReply

_COLUMNS = "id, shop_id, owner_id, spec, updated_at"
_FIND = Statement(f"SELECT {_COLUMNS} FROM canned_replies WHERE id = ?")
_OF_OWNER = Statement(f"SELECT {_COLUMNS} FROM canned_replies WHERE owner_id = ? ORDER BY shop_id, shortcut")
_PUT = Statement(
    "INSERT INTO canned_replies (id, shop_id, owner_id, shortcut, spec, updated_at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET shop_id = excluded.shop_id, shortcut = excluded.shortcut, spec = excluded.spec, "
    "updated_at = excluded.updated_at"
)
_REMOVE = Statement("DELETE FROM canned_replies WHERE id = ?")
_FORGET_USES = Statement("DELETE FROM canned_uses WHERE reply_id = ?")
_USES = Statement("SELECT reply_id, uses, used_at FROM canned_uses WHERE user_id = ?")
_USE = Statement("SELECT uses, used_at FROM canned_uses WHERE user_id = ? AND reply_id = ?")
_SET_USE = Statement(
    "INSERT INTO canned_uses (user_id, reply_id, uses, used_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (user_id, reply_id) DO UPDATE SET uses = excluded.uses, used_at = excluded.used_at"
)


class Use(NamedTuple):
    """What uses counted at their last."""

    score: int
    at: int


def find(connection: Connection, reply_id: str) -> CannedReply | None:
    row = _FIND.first(connection, reply_id)
    return _reply(row) if row else None


def of_owner(connection: Connection, owner_id: str) -> list[CannedReply]:
    """An agent's own; without an owner, the shared ones of all shops."""
    return [_reply(row) for row in _OF_OWNER.rows(connection, owner_id)]


def put(connection: Connection, reply: CannedReply) -> None:
    spec = msgspec.json.encode(msgspec.structs.replace(reply, score=0)).decode()
    _PUT.run(connection, reply.id, reply.shop_id, reply.owner_id, reply.shortcut, spec, reply.updated_at)


def remove(connection: Connection, reply_id: str) -> None:
    _REMOVE.run(connection, reply_id)
    _FORGET_USES.run(connection, reply_id)


def uses(connection: Connection, user_id: str) -> dict[str, Use]:
    return {id: Use(int(score), int(at)) for id, score, at in _USES.rows(connection, user_id)}


def use(connection: Connection, user_id: str, reply_id: str) -> Use:
    row = _USE.first(connection, user_id, reply_id)
    return Use(int(row[0]), int(row[1])) if row else Use(0, 0)


def set_use(connection: Connection, user_id: str, reply_id: str, use: Use) -> None:
    _SET_USE.run(connection, user_id, reply_id, use.score, use.at)


def _reply(row: Sequence[Any]) -> CannedReply:
    id, shop_id, owner_id, spec, updated_at = row
    reply = msgspec.json.decode(spec, type=CannedReply)
    return msgspec.structs.replace(reply, id=id, shop_id=shop_id, owner_id=owner_id, updated_at=updated_at)
