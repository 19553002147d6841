"""What becomes due, in SQL."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from chaguan.desk.times.targets import Due
from chaguan.infra.database.sql import Statement
from chaguan.protocol.desk import AlarmLevel, Target

_DUE = Due.__struct_fields__
_ALL = ", ".join(_DUE)
_FORGET = Statement("DELETE FROM case_dues WHERE case_id = ? AND ended_at = 0")
_ADD = Statement(
    f"INSERT INTO case_dues ({_ALL}) VALUES ({', '.join('?' * len(_DUE))}) "
    "ON CONFLICT (case_id, target, level, from_at) DO UPDATE SET due_at = excluded.due_at, "
    "limit_s = excluded.limit_s, ended_at = excluded.ended_at"
)
_NEXT = Statement(f"SELECT {_ALL} FROM case_dues WHERE due_at <= ? ORDER BY due_at LIMIT ?")
_DONE = Statement(
    "DELETE FROM case_dues WHERE case_id = ? AND target = ? AND level = ? AND from_at = ? AND ended_at = ?"
)


def replace(connection: Connection, case_id: str, dues: Iterable[Due]) -> None:
    """What runs for a case. What ended too late and was not told yet stays."""
    _FORGET.run(connection, case_id)
    add(connection, dues)


def add(connection: Connection, dues: Iterable[Due]) -> None:
    for due in dues:
        _ADD.run(connection, *_values(due))


def next_ones(connection: Connection, until_at: int, limit: int) -> list[Due]:
    """Those that are due by then, the first first."""
    return [_due(row) for row in _NEXT.rows(connection, until_at, limit)]


def done(connection: Connection, dues: Iterable[Due]) -> None:
    for due in dues:
        _DONE.run(connection, due.case_id, due.target.value, due.level.value, due.from_at, due.ended_at)


def _values(due: Due) -> list[Any]:
    values = {name: getattr(due, name) for name in _DUE}
    return [*(values | {"target": due.target.value, "level": due.level.value}).values()]


def _due(row: Sequence[Any]) -> Due:
    values = dict(zip(_DUE, row, strict=True))
    values["target"], values["level"] = Target(values["target"]), AlarmLevel(values["level"])
    return Due(**values)
