"""What was measured of cases, in SQL."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from chaguan.desk.times.facts import Fact, Span, SpanKind
from chaguan.infra.database.sql import TEXTS, Statement
from chaguan.protocol.desk import Unanswered

_FACT = Fact.__struct_fields__
_SPAN = Span.__struct_fields__
_FACTS, _SPANS = ", ".join(_FACT), ", ".join(_SPAN)
_OF_ROOMS = Statement(
    f"SELECT {_FACTS} FROM case_facts WHERE conversation_id IN {TEXTS} AND ended_at = 0 "
    f"UNION SELECT {_FACTS} FROM case_facts WHERE case_id IN {TEXTS}"
)
_PUT_FACT = Statement(
    f"INSERT INTO case_facts ({_FACTS}) VALUES ({', '.join('?' * len(_FACT))}) ON CONFLICT (case_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _FACT if name != "case_id")
)
_ADD_SPAN = Statement(f"INSERT INTO case_spans ({_SPANS}) VALUES ({', '.join('?' * len(_SPAN))})")
_ALIVE = Statement(
    f"SELECT {_FACTS} FROM case_facts WHERE ended_at = 0 AND case_id > ? ORDER BY case_id LIMIT ?"
)
_ALL = Statement(f"SELECT {_FACTS} FROM case_facts WHERE case_id > ? ORDER BY case_id LIMIT ?")
_ALIVE_IN = Statement(f"SELECT {_FACTS} FROM case_facts WHERE shop_id = ? AND ended_at = 0")
_CHANGED = Statement(f"SELECT {_FACTS} FROM case_facts WHERE shop_id = ? AND entry_id > ?")
_SINCE = Statement(f"SELECT {_SPANS} FROM case_spans WHERE entry_id > ? AND shop_id = ?")
_WITHIN = Statement(
    f"SELECT {_SPANS} FROM case_spans WHERE shop_id = ? AND at >= ? AND at < ? AND (at, entry_id, kind) > (?, ?, ?) "
    "ORDER BY at, entry_id, kind LIMIT ?"
)
_COUNT = Statement("SELECT COUNT(*) FROM case_spans WHERE shop_id = ? AND at >= ? AND at < ?")
_EVENTS = Statement(
    "SELECT seq, kind, queue_id, reason, ordinal FROM case_events "
    "WHERE conversation_id = ? AND seq >= ? AND seq <= ?"
)
_UNANSWERED = Statement(
    "SELECT case_id, asked_seq, asked_at, asked_ordinal FROM case_facts "
    "WHERE shop_id = ? AND ended_at = 0 AND (asked_seq > 0 OR asked_at > 0) ORDER BY opened_at LIMIT ?"
)
_ABOUT = Statement(f"SELECT id, queue_id, agent_id, tags FROM cases WHERE id IN {TEXTS}")
_FORGET_FACTS = Statement("DELETE FROM case_facts")
_FORGET_SPANS = Statement("DELETE FROM case_spans")


def of_rooms(connection: Connection, room_ids: Sequence[str], case_ids: Sequence[str]) -> list[Fact]:
    """Of the cases that go on in these conversations, and of these cases."""
    return [
        _fact(row)
        for row in _OF_ROOMS.rows(connection, json.dumps(list(room_ids)), json.dumps(list(case_ids)))
    ]


def alive(connection: Connection, after: str, limit: int) -> list[Fact]:
    """All that go on, by their ids."""
    return [_fact(row) for row in _ALIVE.rows(connection, after, limit)]


def all_facts(connection: Connection, after: str = "", limit: int = 1_000_000) -> list[Fact]:
    return [_fact(row) for row in _ALL.rows(connection, after, limit)]


def alive_in(connection: Connection, shop_id: str) -> list[Fact]:
    return [_fact(row) for row in _ALIVE_IN.rows(connection, shop_id)]


def changed_in(connection: Connection, shop_id: str, entry_id: int) -> list[Fact]:
    """Those that entries behind this one changed."""
    return [_fact(row) for row in _CHANGED.rows(connection, shop_id, entry_id)]


def unanswered(connection: Connection, shop_id: str, limit: int) -> list[Unanswered]:
    """How it stands with the cases that go on, the oldest first."""
    rows = _UNANSWERED.rows(connection, shop_id, limit)
    return [Unanswered(row[0], seq=int(row[1]), at=int(row[2]), ordinal=int(row[3])) for row in rows]


def put(connection: Connection, facts: Iterable[Fact], spans: Iterable[Span]) -> None:
    for fact in facts:
        _PUT_FACT.run(connection, *(_plain(getattr(fact, name)) for name in _FACT))
    for span in spans:
        _ADD_SPAN.run(connection, *(_plain(getattr(span, name)) for name in _SPAN))


def spans_since(connection: Connection, shop_id: str, entry_id: int) -> list[Span]:
    return [_span(row) for row in _SINCE.rows(connection, entry_id, shop_id)]


def spans_within(
    connection: Connection, shop_id: str, first_at: int, until_at: int, last: Span | None, limit: int
) -> list[Span]:
    """Those that ended in `[first_at, until_at)`, by their time; `last` is the last of the page before."""
    after = (last.at, last.entry_id, last.kind.value) if last else (first_at, 0, "")
    return [_span(row) for row in _WITHIN.rows(connection, shop_id, after[0], until_at, *after, limit)]


def count_within(connection: Connection, shop_id: str, first_at: int, until_at: int) -> int:
    row = _COUNT.first(connection, shop_id, first_at, until_at)
    return int(row[0]) if row else 0


def about_cases(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str, str, list[str]]]:
    """Of each: id, queue and agent as they are now, tags."""
    rows = _ABOUT.rows(connection, json.dumps(list(ids)))
    return [(row[0], row[1], row[2], json.loads(row[3]) if row[3] else []) for row in rows]


def events_among(
    connection: Connection, room_id: str, first_seq: int, last_seq: int
) -> dict[tuple[str, int], tuple[str, str, str, int]]:
    """What the history of cases says at entries of a conversation: kind, queue, reason, and the ordinal of the message it
    began with."""
    rows = _EVENTS.rows(connection, room_id, first_seq, last_seq)
    return {(room_id, int(row[0])): (row[1], row[2], row[3], int(row[4])) for row in rows}


def forget_all(connection: Connection) -> None:
    _FORGET_FACTS.run(connection)
    _FORGET_SPANS.run(connection)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, SpanKind) else int(value) if isinstance(value, bool) else value


def _fact(row: Sequence[Any]) -> Fact:
    values = dict(zip(_FACT, row, strict=True))
    values["with_bot"] = bool(values["with_bot"])
    return Fact(**values)


def _span(row: Sequence[Any]) -> Span:
    values = dict(zip(_SPAN, row, strict=True))
    values["kind"] = SpanKind(values["kind"])
    return Span(**values)
