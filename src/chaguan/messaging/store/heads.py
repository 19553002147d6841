"""Which logs grew, in SQL that both engines know."""

import json
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, text

from chaguan.infra.database.sql import TEXTS, Statement
from chaguan.messaging.model import JOINED, LEFT, Intervals, unpack_state

_decode_intervals = msgspec.json.Decoder(Intervals).decode


class Moved(NamedTuple):
    conversation_id: str
    seq: int
    topics: tuple[str, ...]
    """Where its entries are pushed."""


def moved(connection: Connection, above: int, up_to: int) -> list[Moved]:
    """The conversations of the entries between two ids, each with the highest seq among them."""
    rows = connection.execute(
        text(
            "SELECT e.conversation_id, e.seq, c.peer_a, c.peer_b FROM (SELECT conversation_id, max(seq) AS seq "
            "FROM entries WHERE id > :above AND id <= :up_to GROUP BY conversation_id) AS e "
            "JOIN conversations c ON c.id = e.conversation_id"
        ),
        {"above": above, "up_to": up_to},
    )
    return [Moved(id, seq, (a, b) if a else (id,)) for id, seq, a, b in rows]


class Move(NamedTuple):
    """An entry by which somebody came or went."""

    conversation_id: str
    user_id: str
    is_joining: bool


_MOVES = Statement(
    "SELECT kind, state FROM entries "
    f"WHERE conversation_id = ? AND seq > ? AND seq <= ? AND kind IN ({JOINED}, {LEFT}) ORDER BY seq"
)


def moves(connection: Connection, conversation_id: str, after: int, up_to: int) -> list[Move]:
    rows = _MOVES.rows(connection, conversation_id, after, up_to)
    return [
        Move(conversation_id, unpack_state(state).fields["user_id"], kind == JOINED) for kind, state in rows
    ]


_JOINED = Statement(
    "SELECT user_id, conversation_id, intervals FROM (SELECT user_id, conversation_id, intervals, "
    f"row_number() OVER (PARTITION BY user_id) AS number FROM inboxes WHERE user_id IN {TEXTS} AND NOT removed "
    "AND NOT archived AND kind IN ('group', 'service', 'room')) AS live WHERE number <= ?"
)


def joined(connection: Connection, user_ids: list[str], limit: int) -> dict[str, dict[str, int]]:
    """Of each user the conversations with a topic of their own that they follow, at most `limit`, each with the first
    seq of what is theirs to see since they joined it last."""
    found: dict[str, dict[str, int]] = {user_id: {} for user_id in user_ids}
    for user_id, id, intervals in _JOINED.rows(connection, json.dumps(user_ids), limit):
        found[user_id][id] = _decode_intervals(intervals)[-1][0]
    return found
