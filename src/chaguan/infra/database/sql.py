"""Statements in the spelling of each engine, run through the driver.

SQLAlchemy's own path costs several times a small statement. Values are bound with `?` and may be texts, numbers, bytes
or truth values; lists go as JSON. Where an engine wants other words, the statement is written twice.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection

TEXTS = "(SELECT value FROM json_each(?))"
"""After `IN`: the texts of a JSON list."""
NUMBERS = "(SELECT value + 0 FROM json_each(?))"
"""After `IN`: its numbers."""

_SPELLINGS = (
    (f"IN {TEXTS}", "= ANY (ARRAY(SELECT json_array_elements_text(?::json)))"),
    (f"IN {NUMBERS}", "= ANY (ARRAY(SELECT json_array_elements_text(?::json)::bigint))"),
)


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def changes(connection: Connection) -> int:
    """Rows changed through this connection so far. PostgreSQL keeps no such count: 0."""
    if is_postgres(connection):
        return 0
    total: int = connection.connection.driver_connection.total_changes  # type: ignore[union-attr]
    return total


def larger(one: str, other: str) -> str:
    """The larger of two columns; the engines have no word for it in common."""
    return f"CASE WHEN {one} > {other} THEN {one} ELSE {other} END"


class Statement:
    """One statement. Without `postgres`, it is the same there but for how values and lists are bound."""

    __slots__ = ("_postgres", "_sqlite")

    def __init__(self, sqlite: str, postgres: str = "") -> None:
        self._sqlite = sqlite
        self._postgres = numbered(postgres or sqlite)

    def rows(self, connection: Connection, *values: Any) -> Sequence[Sequence[Any]]:
        cursor = connection.connection.cursor()
        cursor.execute(self._postgres if is_postgres(connection) else self._sqlite, values)
        return cursor.fetchall()

    def first(self, connection: Connection, *values: Any) -> Sequence[Any] | None:
        cursor = connection.connection.cursor()
        cursor.execute(self._postgres if is_postgres(connection) else self._sqlite, values)
        found: Sequence[Any] | None = cursor.fetchone()
        return found

    def run(self, connection: Connection, *values: Any) -> int:
        """Gives how many rows it touched."""
        cursor = connection.connection.cursor()
        cursor.execute(self._postgres if is_postgres(connection) else self._sqlite, values)
        return int(cursor.rowcount)

    def run_many(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        cursor = connection.connection.cursor()
        cursor.executemany(self._postgres if is_postgres(connection) else self._sqlite, rows)


@cache
def numbered(statement: str) -> str:
    """`?` as `$1`, `$2` …, and lists as PostgreSQL reads them."""
    for sqlite, postgres in _SPELLINGS:
        statement = statement.replace(sqlite, postgres)
    head, *tails = statement.split("?")
    return head + "".join(f"${at}{tail}" for at, tail in enumerate(tails, 1))
