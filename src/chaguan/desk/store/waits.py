"""Who waits for an agent, in SQL."""

from typing import NamedTuple

from sqlalchemy import Connection

from chaguan.infra.database.sql import Statement


class Wait(NamedTuple):
    """A case that nobody has taken. `queue_id` is empty where it waits to be picked."""

    case_id: str
    conversation_id: str
    customer_id: str
    shop_id: str
    queue_id: str
    since: int


# A node of before left no time of queueing; the case has been waiting since it was opened then.
_WAITS = Statement(
    "SELECT id, conversation_id, customer_id, shop_id, queue_id, "
    "CASE WHEN queued_at > 0 THEN queued_at ELSE opened_at END AS since "
    "FROM cases WHERE status = 'waiting' AND bot_id = '' ORDER BY since, id LIMIT ?"
)


def waits(connection: Connection, limit: int) -> list[Wait]:
    """Those who have been waiting longest, first. Not those whom a bot answers meanwhile."""
    return [Wait(*row) for row in _WAITS.rows(connection, limit)]
