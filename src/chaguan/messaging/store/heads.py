"""Which logs grew, in SQL that both engines know."""

from typing import NamedTuple

from sqlalchemy import Connection, text


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
