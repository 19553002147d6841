"""What customers said of cases, in SQL."""

import json

from msgspec import Struct
from sqlalchemy import Connection

from chaguan.desk.times.ratings import Rated
from chaguan.infra.database.sql import Statement
from chaguan.protocol.conversations import Case
from chaguan.protocol.ratings import Rating

_COLUMNS = (
    "case_id, conversation_id, shop_id, customer_id, agent_id, queue_id, stars, reasons, text, at, changed_at"
)
_FIND = Statement(
    "SELECT case_id, stars, reasons, text, agent_id, queue_id, at, changed_at FROM case_ratings WHERE case_id = ?"
)
_BETWEEN = Statement(
    "SELECT case_id, stars, at FROM case_ratings WHERE shop_id = ? AND at >= ? AND at < ? ORDER BY at"
)
_PUT = Statement(
    f"INSERT INTO case_ratings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (case_id) DO UPDATE SET agent_id = excluded.agent_id, queue_id = excluded.queue_id, "
    "stars = excluded.stars, reasons = excluded.reasons, text = excluded.text, changed_at = excluded.changed_at"
)


class Sealed(Struct):
    """A rating with its text still sealed."""

    rating: Rating
    text: bytes | None


def find(connection: Connection, case_id: str) -> Sealed | None:
    row = _FIND.first(connection, case_id)
    if row is None:
        return None
    id, stars, reasons, text, agent_id, queue_id, at, changed_at = row
    rating = Rating(
        case_id=id,
        stars=stars,
        reasons=json.loads(reasons),
        agent_id=agent_id,
        queue_id=queue_id,
        at=at,
        changed_at=changed_at,
    )
    return Sealed(rating, bytes(text) if text is not None else None)


def between(connection: Connection, shop_id: str, first_at: int, until_at: int) -> list[Rated]:
    """Those of a shop that were first said in `[first_at, until_at)`."""
    return [
        Rated(row[0], int(row[1]), int(row[2]))
        for row in _BETWEEN.rows(connection, shop_id, first_at, until_at)
    ]


def put(connection: Connection, case: Case, rating: Rating, text: bytes | None) -> None:
    """A second one of the same case replaces the first, but for when it was said first."""
    _PUT.run(
        connection,
        case.id,
        case.conversation_id,
        case.shop_id,
        case.customer_id,
        rating.agent_id,
        rating.queue_id,
        rating.stars,
        json.dumps(rating.reasons),
        text,
        rating.at,
        rating.changed_at,
    )
