"""What rules did, in SQL: read from the history of cases, where each firing stands."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from chaguan.desk.tables import IS_FIRED
from chaguan.infra.database.sql import Statement
from chaguan.protocol.desk import Reason

# The condition stands here as in the index, or engines don't see that the index will do.
_SINCE = Statement(
    f"SELECT reason, at, conversation_id FROM case_events WHERE {IS_FIRED} AND at > ? "
    "AND (SELECT shop_id FROM cases WHERE cases.id = case_events.case_id) = ? ORDER BY at DESC LIMIT ?"
)
_reason = msgspec.json.Decoder(Reason).decode


class Firing(NamedTuple):
    rule_id: str
    at: int
    conversation_id: str


def firings(connection: Connection, shop_id: str, since: int, limit: int) -> list[Firing]:
    """The newest first."""
    rows = _SINCE.rows(connection, since, shop_id, limit)
    return [Firing(str(_reason(row[0]).data.get("rule_id", "")), int(row[1]), row[2]) for row in rows]
