"""Rows, and the statement whose spelling depends on the database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Table
from sqlalchemy.dialects import postgresql, sqlite

AnyRow = Row[*tuple[Any, ...]]


def insert_or_nothing(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """False: a row with that key was there already, and stays as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return bool(connection.execute(dialect.insert(table).values(**values).on_conflict_do_nothing()).rowcount)
