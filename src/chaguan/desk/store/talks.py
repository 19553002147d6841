"""What a bot remembers of a case, and when a silent case is due, in SQL."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from chaguan.desk.bot_rules import Talk
from chaguan.infra.database.sql import Statement

_FIND = Statement("SELECT seq, state FROM bot_talks WHERE case_id = ?")
_PUT = Statement(
    "INSERT INTO bot_talks (case_id, seq, state) VALUES (?, ?, ?) "
    "ON CONFLICT (case_id) DO UPDATE SET seq = excluded.seq, state = excluded.state"
)
_START = Statement(
    "INSERT INTO case_timers (case_id, shop_id, due_at) VALUES (?, ?, ?) ON CONFLICT (case_id) DO NOTHING"
)
_START_ALL = Statement(
    "INSERT INTO case_timers (case_id, shop_id, due_at) "
    "SELECT id, shop_id, ? FROM cases WHERE shop_id = ? AND status = 'open' "
    "ON CONFLICT (case_id) DO UPDATE SET due_at = excluded.due_at"
)
_DUE = Statement(
    "SELECT case_id, warned_seq FROM case_timers WHERE due_at <= ? ORDER BY due_at, case_id LIMIT ?"
)
_FIRST_DUE = Statement("SELECT MIN(due_at) FROM case_timers")
_TIMER = Statement("SELECT case_id, warned_seq FROM case_timers WHERE case_id = ?")
_MOVE = Statement("UPDATE case_timers SET due_at = ?, warned_seq = ? WHERE case_id = ?")
_STOP = Statement("DELETE FROM case_timers WHERE case_id = ?")
_STOP_ALL = Statement("DELETE FROM case_timers WHERE shop_id = ?")


class Timer(NamedTuple):
    """`warned_seq`: the entry of the warning, 0 before it."""

    case_id: str
    warned_seq: int


def talk(connection: Connection, case_id: str) -> tuple[int, Talk]:
    """Up to which entry the bot answered, and where it stands."""
    row = _FIND.first(connection, case_id)
    return (int(row[0]), msgspec.json.decode(row[1], type=Talk)) if row else (0, Talk())


def put_talk(connection: Connection, case_id: str, seq: int, talk: Talk) -> None:
    _PUT.run(connection, case_id, seq, msgspec.json.encode(talk).decode())


def start_timer(connection: Connection, case_id: str, shop_id: str, due_at: int) -> None:
    """Unless there is one already."""
    _START.run(connection, case_id, shop_id, due_at)


def start_timers(connection: Connection, shop_id: str, due_at: int) -> None:
    """For all cases of a shop that are with agents; those that have one are looked at then."""
    _START_ALL.run(connection, due_at, shop_id)


def due_timers(connection: Connection, at: int, limit: int) -> list[Timer]:
    return [Timer(row[0], int(row[1])) for row in _DUE.rows(connection, at, limit)]


def first_due(connection: Connection) -> int:
    """When the first of all timers is due; 0: there is none."""
    row = _FIRST_DUE.first(connection)
    return int(row[0]) if row and row[0] is not None else 0


def timer(connection: Connection, case_id: str) -> Timer | None:
    row = _TIMER.first(connection, case_id)
    return Timer(row[0], int(row[1])) if row else None


def move_timer(connection: Connection, case_id: str, due_at: int, warned_seq: int) -> None:
    _MOVE.run(connection, due_at, warned_seq, case_id)


def stop_timer(connection: Connection, case_id: str) -> None:
    _STOP.run(connection, case_id)


def stop_timers(connection: Connection, shop_id: str) -> None:
    _STOP_ALL.run(connection, shop_id)
